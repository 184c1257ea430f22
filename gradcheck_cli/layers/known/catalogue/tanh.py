"""The hyperbolic tangent."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import zero_or_far
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """tanh of each number."""
    return xp.tanh(x)


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """The derivative from the output alone."""
    y = note("y", "tanh x", np.tanh(x), "Kept by the forward: the backward needs nothing else.")
    slope = note("slope", "1 - y^2", 1 - y * y, "From tanh = sinh/cosh: (cosh^2 - sinh^2)/cosh^2.")
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


LAYER = KnownLayer(
    id="tanh",
    title="squeezes each number into the range from -1 to 1",
    names=("tanh",),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = tanh x",
    code="dx = G * (1 - np.tanh(x) ** 2)",
    example=LayerExample(
        {"x": [[0.0, np.log(3.0) / 2, -np.log(3.0) / 2]]},
        [[1, 4, 8]],
        "The x are 0 and half the logarithms of 3 and 1/3.",
    ),
    slips=(
        Slip("wrong-operand", "1 - x^2, with the input in the place of the output"),
        Slip("derivative-missing", "1 - y, the square forgotten"),
        Slip("upstream-ignored", "1 - y^2 without G"),
    ),
    exact=zero_or_far,
    tips="The slope lies between 0 and 1: dx is never larger than G.",
)
