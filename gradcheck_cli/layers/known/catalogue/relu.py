"""Rectified linear units."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import DISTINCT
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """x where it is positive, else 0."""
    return xp.relu(x)


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """A gate."""
    live = note("live", "1 where x > 0, else 0", np.where(x > 0, 1.0, 0.0), "The slope of the output; asked of x.")
    dx = note("dx", "G live", grad_output * live, "Where x was cut off, a small change of x changes nothing.")
    return {"x": dx}


LAYER = KnownLayer(
    id="relu",
    title="keeps what is positive and puts 0 in the place of the rest",
    names=("relu", "rectifier"),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT, DISTINCT),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = max(x, 0)",
    code="dx = G * (x > 0)",
    example=LayerExample({"x": [[3, -1, 2], [-2, 0.5, -4]]}, [[5, 6, -1], [2, 3, 4]]),
    slips=(
        Slip("derivative-missing", "dx = G: the gate is left out"),
        Slip("wrong-operand", "the gate asked of G (G > 0) in the place of x"),
        Slip("upstream-ignored", "dx = (x > 0), without G"),
        Slip("overwrites-upstream", "G[x <= 0] = 0 changes the caller's G"),
    ),
    laws=("<x, dx> = <y, G>, since y is of degree 1 in x",),
    tips="At x = 0 there is no derivative: 0 and 1 are both in use. Keep zeros out of the data when you check.",
)
