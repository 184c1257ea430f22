"""bias-times-output: the bias gradient multiplied by what the layer put out."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.model import Array


def _sum_of_products(problem: Problem) -> Array:
    """sum of G * O without a forward pass: O is linear in F and b, so it is F . dE/dF + b * dE/db."""
    case = problem.case
    through_weight: Array = (case.weight * problem.grad_weight).sum(axis=(1, 2, 3))
    wrong: Array = through_weight + case.bias * problem.grad_bias
    return wrong


MISTAKE = Mistake(
    id="bias-times-output",
    order=90,
    title="multiplies G by the layer's output before it sums the bias gradient",
    formulas={"bias": _sum_of_products},
    why=(
        "The chain rule asks for dO/db, which is 1 at every place. Code that puts O itself there treats the bias like "
        "a factor of the output."
    ),
    hides_when="every output is 1",
    fix="Use G alone: dE/db = G.sum over images, rows and columns.",
    shown_by="any picture, with --bias",
)
