"""integer-dtype: gradients cut to whole numbers."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Variant, of_every_form
from gradcheck_cli.mistakes.pieces import each, on_other_case, rearranged
from gradcheck_cli.mistakes.shown import Behaviour, Observation
from gradcheck_cli.model import GRADIENTS, Case, GradientName


def _cut(*names: str) -> OtherCase:
    """The case with these arrays cut to integers."""

    def prepare(case: Case) -> Case:
        return replace(case, **{name: np.trunc(getattr(case, name)) for name in names})

    return prepare


def _bytes(*names: str) -> OtherCase:
    """The case with these arrays as uint8: cut, and what is below 0 or above 255 comes in again at the other end."""

    def prepare(case: Case) -> Case:
        return replace(case, **{name: np.mod(np.trunc(getattr(case, name)), 256) for name in names})

    return prepare


_WHOLE = re.compile(r"(dtype=|astype\()(np\.|numpy\.|torch\.|['\"])?u?(int|long|i[1248])")


def _in_integers(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _WHOLE.search(ast.unparse(node)) is not None


def _returned_as_integers(seen: Observation, gradient: GradientName) -> str:
    actual = seen.actual.get(gradient)
    if actual is None:
        return ""
    dtype = seen.dtypes.get(gradient, str(actual.dtype))
    if not dtype.startswith(("int", "uint")):
        return ""
    return f"grad_{gradient} is returned as {dtype}: what follows the decimal point is cut off."


MISTAKE = Mistake(
    id="integer-dtype",
    order=520,
    title="puts numbers into an integer array, which cuts off what follows the decimal point",
    written_for=of_every_form,
    formulas=each(lambda gradient: rearranged(gradient, np.trunc), *GRADIENTS),
    variants={
        "weight": (
            Variant("X is cut", on_other_case("weight", _cut("x"))),
            Variant("G is cut", on_other_case("weight", _cut("grad_output"))),
            Variant("X and G are cut", on_other_case("weight", _cut("x", "grad_output"))),
            Variant("X is held in uint8, which also has no sign", on_other_case("weight", _bytes("x"))),
        ),
        "input": (
            Variant("F is cut", on_other_case("input", _cut("weight"))),
            Variant("G is cut", on_other_case("input", _cut("grad_output"))),
            Variant("F and G are cut", on_other_case("input", _cut("weight", "grad_output"))),
            Variant("F is held in uint8, which also has no sign", on_other_case("input", _bytes("weight"))),
        ),
        "bias": (Variant("G is cut", on_other_case("bias", _cut("grad_output"))),),
    },
    why=(
        "`np.array([0, 0, 0])`, `np.zeros(n, dtype=int)` or zeros made like an uint8 picture are integer arrays; "
        "numpy cuts every number that is put into them, without a word."
    ),
    hides_when="all gradients are whole numbers",
    fix="Make every array in floating point; zeros and copies that are made like another array take its dtype.",
    shown_by="any picture (with a mean loss the gradients are small fractions)",
    behaviour=Behaviour(_returned_as_integers, fails=True),
    line=_in_integers,
)
