"""The Huber loss: squared near 0, straight beyond."""

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


def forward(xp: Any, pred: Any, target: Any, delta: float = 1.0, over: str = "all") -> Any:
    """Half the square up to delta, then a line of slope delta."""
    r = pred - target
    size = xp.abs(r)
    losses = xp.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))
    return losses.sum() / count(pred.shape, over)


def derive(
    note: Note, grad_output: Array, pred: Array, target: Array, delta: float = 1.0, over: str = "all"
) -> dict[str, Array]:
    """The difference, cut off at delta on both sides."""
    r = note("r", "pred - target", pred - target, "In this order: the sign is that of the prediction.")
    slope = note("slope", "r, cut off at -delta and delta", np.clip(r, -delta, delta), "The line's slope is delta.")
    share = note("share", "1 / count", 1 / count(pred.shape, over), "For a mean over all entries.")
    return {"pred": note("dpred", "G share slope", grad_output * share * slope, "G is a number: the loss is one.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Quarters on both sides of 1, none on it; a count that is a power of two."""
    shape = (1 << (sizes["n"].bit_length() - 1), 1 << (sizes["d"].bit_length() - 1))
    pred = np.asarray(rng.integers(-4, 5, shape), np.float64) / 2 + 0.25
    return {"pred": pred, "target": np.zeros(shape)}


LAYER = KnownLayer(
    id="huber",
    title="half the squared difference near 0, a straight line beyond delta",
    names=("huber", "smoothl1"),
    arguments=(Argument("pred", "nd", PREDICTION), Argument("target", "nd", TRUTH, STATE)),
    settings=(LayerSetting("delta", (1.0, 0.5, 1.5, 1.35), ("beta",)), OVER),
    outputs=("",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="L = mean of r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)\n(r = pred - target)",
    code="dpred = G * np.clip(pred - target, -delta, delta) / pred.size",
    example=LayerExample({"pred": [[3.0, 1.0], [0.25, 2.0]], "target": [[1.0, 1.5], [0.0, 4.0]]}, 8.0),
    slips=(
        Slip("derivative-missing", "r on both sides of delta: the line is forgotten"),
        Slip("sign-flipped", "delta without the sign of r where |r| > delta"),
        Slip("scaled-constant", "1 / count forgotten"),
    ),
    exact=exact,
)
