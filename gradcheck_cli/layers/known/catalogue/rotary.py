"""Rotary position embedding."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import STATE
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, cos: Any, sin: Any, pairs: str = "halves") -> Any:
    """Each pair of features is turned by an angle of its place; pairs are (i, i + d/2), or neighbours."""
    first, second = _parts(x, pairs)
    return _joined(xp, first * cos - second * sin, second * cos + first * sin, pairs)


def _parts(x: Any, pairs: str) -> tuple[Any, Any]:
    half = x.shape[-1] // 2
    return (x[..., :half], x[..., half:]) if pairs == "halves" else (x[..., ::2], x[..., 1::2])


def _joined(xp: Any, first: Any, second: Any, pairs: str) -> Any:
    if pairs == "halves":
        return xp.concatenate([first, second], axis=-1)
    side_by_side = xp.stack([first, second], axis=-1)
    return side_by_side.reshape((*first.shape[:-1], 2 * first.shape[-1]))


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    cos: Array,
    sin: Array,
    pairs: str = "halves",
) -> dict[str, Array]:
    """Turned back."""
    first, second = _parts(grad_output, pairs)
    one = note("dx_1", "G_1 cos + G_2 sin", first * cos + second * sin, "x_1 is in both: cos in y_1, sin in y_2.")
    two = note("dx_2", "G_2 cos - G_1 sin", second * cos - first * sin, "x_2 has -sin in y_1.")
    dx = note(
        "dx", "joined as x was", _joined(np, one, two, pairs), "A turn's transpose is the turn back: sin negated."
    )
    return {"x": dx}


LAYER = KnownLayer(
    id="rotary",
    title="turns each pair of features by an angle that depends on the place (RoPE)",
    names=("rotary", "rope", "rotaryembedding", "applyrotary"),
    arguments=(
        Argument("x", "btd", ("q", "k", "query", "key", "input", "X")),
        Argument("cos", "te", ("c", "freqs_cos"), STATE),
        Argument("sin", "te", ("s", "freqs_sin"), STATE),
    ),
    settings=(LayerSetting("pairs", ("halves", "neighbours")),),
    outputs=("btd",),
    sizes={"b": 2, "t": 3, "d": 8, "e": 4},
    related={"d": ("e", 2)},
    forward=forward,
    derive=derive,
    formula="y_1 = x_1 cos - x_2 sin,   y_2 = x_2 cos + x_1 sin,   x_1, x_2 the halves of x",
    code="G1, G2 = np.split(G, 2, axis=-1)\ndx = np.concatenate([G1 * cos + G2 * sin, G2 * cos - G1 * sin], axis=-1)",
    example=LayerExample(
        {"x": [[[1.0, 2.0], [3.0, 4.0]]], "cos": [[1.0], [0.6]], "sin": [[0.0], [0.8]]}, [[[1, 2], [10, 5]]]
    ),
    slips=(
        Slip("sign-flipped", "turned forward once more: sin without its minus"),
        Slip("wrong-index", "halves in the forward, neighbours in the backward"),
        Slip("path-missing", "G cos alone"),
    ),
    laws=("dx has the length of G, pair by pair, where cos^2 + sin^2 = 1",),
)
