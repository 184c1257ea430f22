"""bias-spatial-mean: the mean of G in place of its sum."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.mistakes.source import means
from gradcheck_cli.model import Array


def _mean_over_all(problem: Problem) -> Array:
    return problem.grad_bias / problem.spec.terms


def _mean_over_outputs(problem: Problem) -> Array:
    rows, columns = problem.spec.output_size
    return problem.grad_bias / (rows * columns)


MISTAKE = Mistake(
    id="bias-spatial-mean",
    order=50,
    title="takes the mean of G for the bias where its sum is due",
    formulas={"bias": _mean_over_all},
    variants={"bias": (Variant("over the outputs of an image", _mean_over_outputs),)},
    why=(
        "`G.mean(axis=(0, 2, 3))` looks like an average over places. But the bias is added at every place, so each "
        "place adds its whole G to dE/db."
    ),
    hides_when="there is one output and one image",
    fix="Use the sum: dE/db = G.sum over images, rows and columns.",
    shown_by="any picture, with --bias",
    numbers="N = {N}, outputs {P}x{Q}",
    structure=False,
    divides_by={"bias": ("P*Q", "N*P*Q")},
    line=means,
)
