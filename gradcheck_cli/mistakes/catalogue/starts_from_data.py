"""starts-from-data: the accumulator begins with the data, not with zeros."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, of_every_form
from gradcheck_cli.model import Array


def _from_weight(problem: Problem) -> Array:
    return problem.grad_weight + problem.case.weight


def _from_x(problem: Problem) -> Array:
    return problem.grad_input + problem.case.x


def _from_bias(problem: Problem) -> Array:
    return problem.grad_bias + problem.case.bias


def _from_ones(problem: Problem) -> Array:
    return problem.grad_weight + 1.0


def _input_from_ones(problem: Problem) -> Array:
    return problem.grad_input + 1.0


MISTAKE = Mistake(
    id="starts-from-data",
    order=280,
    title="starts the sum from the data in place of zeros, so the result is the gradient plus the data",
    written_for=of_every_form,
    formulas={"weight": _from_weight, "input": _from_x, "bias": _from_bias},
    variants={
        "weight": (Variant("from ones", _from_ones),),
        "input": (Variant("from ones", _input_from_ones),),
    },
    in_any_form=True,
    why=(
        "`dX = X` or `dX = X.copy()` is a quick way to get an array of the right shape, but it brings its numbers "
        "along, and without the copy the data are overwritten too."
    ),
    hides_when="the data are zero",
    fix="Start from zeros in the shape of X (or of F, or of the bias).",
    shown_by="any picture",
)
