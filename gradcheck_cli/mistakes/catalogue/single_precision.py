"""single-precision: float32 inside float64 code."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula, of_every_form
from gradcheck_cli.mistakes.pieces import each
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import GRADIENTS, Array, GradientName


def _in_float32(gradient: GradientName) -> WrongFormula:
    def formula(problem: Problem) -> Array | None:
        case = problem.case
        if case.x.dtype != np.float64:
            return None
        narrow = replace(
            case,
            x=case.x.astype(np.float32),
            weight=case.weight.astype(np.float32),
            grad_output=case.grad_output.astype(np.float32),
        )
        return Problem(narrow).right(gradient).astype(np.float64)

    return formula


_SHORT = re.compile(r"float32|\.float\(\)")


def _looks_narrow(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _SHORT.search(ast.unparse(node)) is not None


MISTAKE = Mistake(
    id="single-precision",
    order=510,
    title="computes in float32 although its inputs are float64",
    written_for=of_every_form,
    formulas=each(_in_float32, *GRADIENTS),
    why=(
        "`np.zeros(shape, dtype=np.float32)`, `torch.zeros(shape)` or `.float()` cuts 53 bits to 24. Gradients then "
        "carry errors of a few parts in ten million, or far more where large sums cancel."
    ),
    hides_when="all sums fit into 24 bits, such as small integers, or the layer is float32 anyway",
    fix="Give every array the dtype of X (`dtype=X.dtype`).",
    shown_by="any picture (the wide integers of the exact check find it)",
    structure=False,
    sign=Sign.FLOAT32,
    line=_looks_narrow,
)
