"""rounded-decimals: gradients rounded to a few digits behind the decimal point."""

from __future__ import annotations

import ast

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Variant, WrongFormula, of_every_form
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.model import GRADIENTS, Array, GradientName
from gradcheck_cli.model.syntax import called

# Decimals as homework prints them; it stands first, so that it is tried first.
_USUAL = 4
_DECIMALS = (_USUAL, 0, 1, 2, 3, 5, 6, 7, 8)


def _rounded(gradient: GradientName, decimals: int) -> WrongFormula:
    def rounded(array: Array) -> Array:
        return np.asarray(np.round(array, decimals))

    return rearranged(gradient, rounded)


_VARIANTS = {
    gradient: tuple(
        Variant(f"to {decimals} decimals" if decimals != 1 else "to 1 decimal", _rounded(gradient, decimals))
        for decimals in _DECIMALS
    )
    for gradient in GRADIENTS
}


def _rounds(node: ast.AST) -> bool:
    return called(node) in ("round", "around", "round_")


MISTAKE = Mistake(
    id="rounded-decimals",
    order=530,
    title="rounds the gradient",
    written_for=of_every_form,
    formulas={gradient: variants[0].formula for gradient, variants in _VARIANTS.items()},
    variants=_VARIANTS,
    why=(
        "`np.round(dW, 4)` makes a print readable and is forgotten in the code. Gradients of a mean loss are small, "
        "and those below half a unit of the last decimal become 0: these weights never learn."
    ),
    hides_when="all gradients are whole numbers, or multiples of the last decimal",
    fix="Round where you print, not where you compute.",
    shown_by="any picture (with a mean loss the gradients are small fractions)",
    line=_rounds,
)
