"""The squared error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.averaging import OVER, count
from gradcheck_cli.layers.known.domains import STATE
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import PREDICTION, TRUTH
from gradcheck_cli.model import Array


def forward(xp: Any, pred: Any, target: Any, factor: float = 1.0, over: str = "all") -> Any:
    """The squares of the differences, divided by how many there are ("all"), by the rows, or by nothing ("none")."""
    difference = pred - target
    squares = difference * difference
    return factor * squares.sum() / count(pred.shape, over)


def derive(
    note: Note, grad_output: Array, pred: Array, target: Array, factor: float = 1.0, over: str = "all"
) -> dict[str, Array]:
    """Twice the difference over the count."""
    r = note("r", "pred - target", pred - target, "In this order: the sign is that of the prediction.")
    slope = note("slope", "2 factor / count", 2 * factor / count(pred.shape, over), "The square's 2; with 1/2 it is 1.")
    return {"pred": note("dpred", "G slope r", grad_output * slope * r, "G is a number: the loss is one.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Integers, and a count that is a power of two."""
    shape = (1 << (sizes["n"].bit_length() - 1), 1 << (sizes["d"].bit_length() - 1))
    return {name: np.asarray(rng.integers(-4, 5, shape), np.float64) for name in ("pred", "target")}


LAYER = KnownLayer(
    id="mse",
    title="the mean of the squared differences",
    names=("mse", "meansquarederror", "squarederror", "l2loss", "mseloss", "quadratic"),
    arguments=(Argument("pred", "nd", PREDICTION), Argument("target", "nd", TRUTH, STATE)),
    settings=(LayerSetting("factor", (1.0, 0.5)), OVER),
    outputs=("",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="L = sum of (pred - target)^2 / count",
    code="dpred = G * 2 * (pred - target) / pred.size",
    example=LayerExample({"pred": [[3, 1], [0, 2]], "target": [[1, 1], [2, -2]]}, 2.0),
    slips=(
        Slip("sign-flipped", "target - pred"),
        Slip("scaled-constant", "the 2 of the square forgotten where the loss has no 1/2"),
        Slip("scaled-constant", "divided by the rows where the loss divides by all entries, or not at all"),
        Slip("upstream-ignored", "G left out"),
    ),
    exact=exact,
)
