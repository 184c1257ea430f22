"""SiLU, also called swish."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import zero_or_far
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """x times its own sigmoid."""
    gate = xp.sigmoid(x)
    return x * gate


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """A product: two paths."""
    s = note("s", "1 / (1 + e^-x)", 1 / (1 + np.exp(-x)), "The gate.")
    slope = note(
        "slope",
        "s + x s (1 - s)",
        s + x * s * (1 - s),
        "x is used twice: as the number that is let through (s stays), and in the gate (x times the gate's slope).",
    )
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


LAYER = KnownLayer(
    id="silu",
    title="each number times its own sigmoid (swish)",
    names=("silu", "swish"),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = x s,   s = 1 / (1 + e^-x)",
    code="s = 1 / (1 + np.exp(-x))\ndx = G * (s + x * s * (1 - s))",
    example=LayerExample({"x": [[0.0, 2.0, -1.0]]}, [[4, 1, 2]]),
    slips=(
        Slip("path-missing", "G s: the path through the gate is not followed"),
        Slip("derivative-missing", "(1 - s) forgotten"),
        Slip("wrong-operand", "y (1 - y) in the place of s (1 - s)"),
    ),
    exact=zero_or_far,
)
