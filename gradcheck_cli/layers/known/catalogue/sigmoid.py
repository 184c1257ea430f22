"""The logistic function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return xp.sigmoid(x)


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """The derivative from the output alone."""
    y = note("y", "1 / (1 + e^-x)", 1 / (1 + np.exp(-x)), "Kept by the forward: the backward needs nothing else.")
    slope = note(
        "slope",
        "y (1 - y)",
        y * (1 - y),
        "The derivative of 1/(1 + e^-x) is e^-x/(1 + e^-x)^2; one factor is y, the other e^-x/(1 + e^-x) = 1 - y.",
    )
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


def exact(_: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """At 0: y is 1/2, the slope 1/4."""
    return {"x": np.zeros((sizes["n"], sizes["d"]))}


LAYER = KnownLayer(
    id="sigmoid",
    title="squeezes each number into the range from 0 to 1",
    names=("sigmoid", "logistic"),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = 1 / (1 + e^-x)",
    code="y = 1 / (1 + np.exp(-x))\ndx = G * y * (1 - y)",
    example=LayerExample(
        {"x": [[0.0, np.log(3.0), -np.log(3.0)]]}, [[4, 16, 32]], "The x are 0 and the logarithms of 3 and 1/3."
    ),
    slips=(
        Slip("wrong-operand", "x (1 - x), with the input in the place of the output"),
        Slip("derivative-missing", "(1 - y) or y alone"),
        Slip("upstream-ignored", "y (1 - y) without G"),
    ),
    exact=exact,
    tips="The slope is at most 1/4: a dx larger than G / 4 is wrong at a glance.",
)
