"""Dropout with its mask at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcheck_cli.layers.known.domains import MASK, REAL
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Pack, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, mask: Any, keep: float = 1.0) -> Any:
    """What the mask keeps, scaled up so that the mean stays; a mask may hold the scale itself (keep = 1)."""
    return x * mask / keep


def derive(note: Note, grad_output: Array, x: Array, mask: Array, keep: float = 1.0) -> dict[str, Array]:
    """The same mask, the same scale."""
    dx = note("dx", "G mask / keep", grad_output * mask / keep, "The forward's own mask, not a new one, and its scale.")
    return {"x": dx}


def exact(rng: Any, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Integers, and a share that is a power of two."""
    shape = (sizes["n"], sizes["d"])
    draw = REAL.exact or REAL.draw
    return {"x": draw(rng, shape, 0), "mask": MASK.draw(rng, shape, 0), "keep": 0.5}


LAYER = KnownLayer(
    id="dropout",
    title="puts 0 in the place of what its mask drops, and scales up the rest",
    names=("dropout",),
    arguments=(Argument("x", "nd", INPUT), Argument("mask", "nd", ("m", "M", "D", "d"), MASK)),
    settings=(
        LayerSetting(
            "keep", (1.0, 0.5, 0.8, 0.9, 0.75, 0.6, 0.7, 0.4, 0.3, 0.25, 0.2, 0.1), ("keep_prob", "keep_rate")
        ),
    ),
    packs=(Pack(("dropout_param",), {"mode": "train", "p": 0.5, "seed": 123}),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = x mask / keep",
    code="dx = G * mask / keep",
    example=LayerExample(
        {"x": [[3, 1, 2], [4, 5, 6]], "mask": [[1, 0, 1], [0, 1, 1]], "keep": 0.5}, [[1, 2, 3], [4, 5, 6]]
    ),
    slips=(
        Slip("scaled-constant", "the scale 1/keep forgotten in the backward"),
        Slip("path-missing", "dx = G: the mask forgotten"),
        Slip("wrong-operand", "a new mask drawn in the backward"),
        Slip("wrong-forward-mask", "1 - mask, or keep for 1 - keep: courses and torch mean different things by p"),
    ),
    exact=exact,
    tips="Give the forward a fixed mask or seed, or no two calls compute the same function.",
)
