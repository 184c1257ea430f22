"""scaled-constant: right up to one constant factor."""

from __future__ import annotations

from math import prod

from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula, of_every_form
from gradcheck_cli.mistakes.pieces import each
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import GRADIENTS, Array, GradientName


def _outputs_times_too_large(gradient: GradientName) -> WrongFormula:
    """The usual constant: the mean over the outputs was undone, or never taken, so their number is left over."""

    def formula(problem: Problem) -> Array:
        outputs = prod(problem.spec.output_size)
        return problem.right(gradient) * float(outputs if outputs > 1 else 2)

    return formula


MISTAKE = Mistake(
    id="scaled-constant",
    order=20,
    title="multiplies the whole gradient by a constant",
    written_for=of_every_form,
    formulas=each(_outputs_times_too_large, *GRADIENTS),
    why=(
        "A mean taken twice or not at all, a learning rate left inside, a 2 from a squared loss, or a sum inside one "
        "loop too many. A training run hides it: the optimiser only takes longer or shorter steps."
    ),
    hides_when="the constant happens to be 1",
    fix="Remove the factor: each product G * X (or G * F) counts exactly once, with the coefficient 1.",
    of_function="Write the constant that the forward has: 2 of a square, 1/n of a mean, and no other.",
    shown_by="any picture",
    structure=False,
    sign=Sign.CONSTANT,
)
