"""wrong-shape: the gradient does not have the shape of what it is the gradient of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.mistakes.shown import Behaviour, Observation, Sign, lengths
from gradcheck_cli.model import Case, GradientName

_ARRAYS: Mapping[GradientName, str] = {"weight": "F", "input": "X", "bias": "the bias"}


def _other_axes(seen: Observation, gradient: GradientName) -> str:
    """Axes of length 1 too many or too few; other shapes are judged by the formulas first."""
    actual = seen.actual.get(gradient)
    ours = _shape(seen.case, gradient)
    # Of a layer of one axis, as its user has it.
    right = (*ours[:2], *seen.case.spec.own(ours[2:])) if len(ours) > 1 else ours
    if actual is None or actual.ndim in (len(ours), len(right)) or lengths(actual.shape) != lengths(right):
        return ""
    return f"grad_{gradient} has shape {actual.shape} where {right} is right; axes of length 1 are the difference."


def _reshaping(observations: Sequence[Observation], gradient: GradientName) -> str:
    """The mend of a shape, tried: certain where the returned numbers in the right shape are the right gradient."""
    returned = [(Problem(seen.case).right(gradient), seen.actual.get(gradient)) for seen in observations]
    if returned and all(
        actual is not None and np.array_equal(actual.ravel(), right.ravel()) for right, actual in returned
    ):
        return f"Return it in the shape of {_ARRAYS[gradient]}: its numbers are right."
    return _making(gradient)


def _making(gradient: GradientName) -> str:
    """The mend of a shape that was not tried."""
    return f"Probably: make it as zeros in the shape of {_ARRAYS[gradient]}, and add into it."


def _shape(case: Case, gradient: GradientName) -> tuple[int, ...]:
    shapes = {"weight": case.spec.weight_shape, "input": case.spec.x_shape, "bias": (case.spec.out_channels,)}
    return shapes[gradient]


MISTAKE = Mistake(
    id="wrong-shape",
    order=570,
    title="returns a gradient in another shape than that of its array",
    why=(
        "A gradient has one number for each number of its array: dE/dF the shape of F, dE/dX that of X, dE/db that of "
        "b. `keepdims=True` leaves axes of length 1, and `squeeze` drops axes that belong there."
    ),
    hides_when="the sizes happen to agree",
    fix="Make the result as zeros in the shape of its array, F, X or the bias, and add into it.",
    of_function="Give it the shape of its argument: add up over the axes along which that was spread.",
    shown_by="gradcheck run --backward FILE.py:NAME",
    behaviour=Behaviour(_other_axes, fix=_reshaping),
    sign=Sign.OTHER_SHAPE,
)
