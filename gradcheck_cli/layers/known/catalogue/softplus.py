"""Softplus: a relu with a round corner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """log(1 + e^x), written so that e^x never overflows."""
    return xp.relu(x) + xp.log1p(xp.exp(-xp.abs(x)))


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """The slope is the sigmoid."""
    small = np.exp(-np.abs(x))  # never more than 1, so nothing overflows
    sigmoid = np.where(x > 0, 1.0, small) / (1 + small)
    slope = note("slope", "1 / (1 + e^-x)", sigmoid, "d/dx log(1 + e^x) is e^x/(1 + e^x): the sigmoid of x.")
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Far out on both sides: slope 1 and, since e^-1100 is 0, slope 0."""
    return {"x": np.where(rng.permutation(sizes["n"] * sizes["d"]) % 3, 64.0, -1100.0).reshape(sizes["n"], sizes["d"])}


LAYER = KnownLayer(
    id="softplus",
    title="a relu with a round corner",
    names=("softplus",),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = log(1 + e^x)",
    code="dx = G / (1 + np.exp(-x))",
    example=LayerExample({"x": [[0.0, np.log(3.0), -np.log(3.0)]]}, [[2, 4, 8]]),
    slips=(
        Slip("wrong-operand", "the sigmoid of y in the place of the sigmoid of x"),
        Slip("sign-flipped", "1 / (1 + e^x)"),
        Slip("derivative-missing", "dx = G"),
    ),
    exact=exact,
)
