"""bias-totalled: one total for every filter."""

from __future__ import annotations

import ast

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.model import Array


def _one_total(problem: Problem) -> Array:
    return np.full_like(problem.grad_bias, problem.grad_bias.sum())


def _totals(node: ast.AST) -> bool:
    """np.sum(a) or a.sum(), without an axis."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "sum":
        return False
    of_a_module = ast.unparse(node.func.value) in ("np", "numpy", "torch")
    return len(node.args) + len(node.keywords) == (1 if of_a_module else 0)


MISTAKE = Mistake(
    id="bias-totalled",
    order=60,
    title="gives every filter the same bias gradient, the sum over all filters",
    formulas={"bias": _one_total},
    in_any_form=True,
    why=(
        "`G.sum()` without an axis adds the filters together, and broadcasting hides that one number is left. Each "
        "filter has its own bias and its own sum."
    ),
    hides_when="there is one filter",
    fix="Sum over images, rows and columns only, and keep the axis of the filters.",
    shown_by="--out 2 or more, with --bias",
    numbers="{filters}",
    line=_totals,
)
