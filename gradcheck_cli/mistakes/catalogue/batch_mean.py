"""batch-mean: the mean over the batch where the sum is due."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula
from gradcheck_cli.mistakes.pieces import each
from gradcheck_cli.model import GRADIENTS, Array, GradientName


def _mean_over_batch(gradient: GradientName) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        return problem.right(gradient) / problem.spec.batch

    return formula


MISTAKE = Mistake(
    id="batch-mean",
    title="divides the gradient by the batch size",
    formulas=each(_mean_over_batch, *GRADIENTS),
    why=(
        "Derivations for fully connected layers often carry a 1/m for the mean loss. That factor belongs to the loss: "
        "G = dE/dO already holds it, so dividing again counts it twice."
    ),
    hides_when="the batch holds one image",
    fix="Sum over the batch and do not divide: G already carries the factor of the loss.",
    shown_by="two images: gradcheck run a.jpg b.jpg",
    numbers="N = {N}",
)
