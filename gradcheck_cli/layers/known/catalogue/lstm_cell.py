"""One step of an LSTM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(
    xp: Any, x: Any, prev_h: Any, prev_c: Any, wx: Any, wh: Any, bias: Any, order: str = "ifog"
) -> tuple[Any, Any]:
    """Gates i, f, o and candidate g from one linear layer; `order` says how they lie side by side."""
    size = prev_h.shape[1]
    a = x @ wx + prev_h @ wh + bias
    part = {letter: a[:, place * size : (place + 1) * size] for place, letter in enumerate(order)}
    i = xp.sigmoid(part["i"])
    f = xp.sigmoid(part["f"])
    o = xp.sigmoid(part["o"])
    g = xp.tanh(part["g"])
    next_c = f * prev_c + i * g
    next_h = o * xp.tanh(next_c)
    return next_h, next_c


def derive(
    note: Note,
    grad_output: tuple[Array, Array],
    x: Array,
    prev_h: Array,
    prev_c: Array,
    wx: Array,
    wh: Array,
    bias: Array,
    order: str = "ifog",
) -> dict[str, Array]:
    """Two gradients come in, and both reach the cell."""
    dh, dc_given = grad_output
    i, f, o, g = _gates(x @ wx + prev_h @ wh + bias, prev_h.shape[1], order)
    next_c = note("c", "f prev_c + i g", f * prev_c + i * g, "The new cell: what is kept plus what is let in.")
    t = note("t", "tanh c", np.tanh(next_c), "next_h is o t.")
    dc = note(
        "dc",
        "dnext_c + dnext_h o (1 - t^2)",
        dc_given + dh * o * (1 - t * t),
        "The cell goes out twice: by itself, and through the tanh into next_h. Both gradients are added.",
    )
    slopes = {
        "i": note("da_i", "dc g i (1 - i)", dc * g * i * (1 - i), "The gates' slopes come from their outputs."),
        "f": note("da_f", "dc prev_c f (1 - f)", dc * prev_c * f * (1 - f), "With the last cell, not the new one."),
        "o": note("da_o", "dnext_h t o (1 - o)", dh * t * o * (1 - o), "The output gate sees dnext_h only."),
        "g": note("da_g", "dc i (1 - g^2)", dc * i * (1 - g * g)),
    }
    da = note("da", "side by side in the order of the forward", np.concatenate([slopes[letter] for letter in order], 1))
    return {
        "x": note("dx", "da Wx^T", da @ wx.T, "From here on it is a linear layer."),
        "prev_h": note("dprev_h", "da Wh^T", da @ wh.T),
        "prev_c": note("dprev_c", "dc f", dc * f),
        "wx": note("dWx", "x^T da", x.T @ da),
        "wh": note("dWh", "prev_h^T da", prev_h.T @ da),
        "bias": note("db", "sum of da over the rows", da.sum(0)),
    }


def _gates(a: Array, size: int, order: str) -> tuple[Array, Array, Array, Array]:
    part = {letter: a[:, place * size : (place + 1) * size] for place, letter in enumerate(order)}
    i, f, o = (1 / (1 + np.exp(-part[letter])) for letter in "ifo")
    return i, f, o, np.tanh(part["g"])


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Pre-activations that are 0: gates of 1/2, candidate 0; a last cell of 0 keeps the tanh at 0."""
    n, d, h = sizes["n"], sizes["d"], sizes["h"]
    x, prev_h = (np.repeat(np.asarray(rng.integers(1, 4, (1, m)), np.float64), n, 0) for m in (d, h))
    wx, wh = (np.asarray(rng.integers(-3, 4, (m, 4 * h)), np.float64) for m in (d, h))
    return {
        "x": x,
        "prev_h": prev_h,
        "prev_c": np.zeros((n, h)),
        "wx": wx,
        "wh": wh,
        "bias": -(x @ wx + prev_h @ wh)[0],
    }


LAYER = KnownLayer(
    id="lstm-cell",
    title="one step of a long short-term memory",
    names=("lstmstep", "lstmcell", "lstm"),
    arguments=(
        Argument("x", "nd", ("xt", "x_t", "X", "input")),
        Argument("prev_h", "nh", ("h_prev", "h", "a_prev", "hidden", "h0")),
        Argument("prev_c", "nh", ("c_prev", "c", "cell", "c0")),
        Argument("wx", "dk", ("W_ih", "Wxh", "W", "weight_ih", "U", "W_x")),
        Argument("wh", "hk", ("W_hh", "Whh", "weight_hh", "V", "W_h")),
        Argument("bias", "k", ("b", "bh")),
    ),
    settings=(LayerSetting("order", ("ifog", "ifgo", "fiog", "figo", "ofig", "gifo", "fogi")),),
    outputs=("nh", "nh"),
    upstreams=("dnext_h", "dnext_c"),
    sizes={"n": 3, "d": 4, "h": 2, "k": 8},
    related={"k": ("h", 4)},
    forward=forward,
    derive=derive,
    formula="i, f, o = sigmoid, g = tanh of the parts of x Wx + prev_h Wh + b\n"
    "next_c = f prev_c + i g,   next_h = o tanh(next_c)",
    code="a = x @ wx + prev_h @ wh + bias\ni, f, o = (1 / (1 + np.exp(-p)) for p in np.split(a, 4, axis=1)[:3])\n"
    "g = np.tanh(np.split(a, 4, axis=1)[3])\nt = np.tanh(f * prev_c + i * g)\n"
    "dc = dnext_c + dnext_h * o * (1 - t * t)\n"
    "da = np.concatenate([dc * g * i * (1 - i), dc * prev_c * f * (1 - f),\n"
    "                     dnext_h * t * o * (1 - o), dc * i * (1 - g * g)], axis=1)\n"
    "dx, dprev_h, dprev_c = da @ wx.T, da @ wh.T, dc * f\n"
    "dwx, dwh, dbias = x.T @ da, prev_h.T @ da, da.sum(axis=0)",
    example=LayerExample(
        {
            "x": [[1.0, 2.0]],
            "prev_h": [[1.0]],
            "prev_c": [[2.0]],
            "wx": [[1, 0, 2, 1], [0, 1, 0, 1]],
            "wh": [[-1, -2, -2, -3]],
            "bias": [0, 0, 0, 0],
        },
        (np.array([[2.0]]), np.array([[1.0]])),
        "One state. x Wx + prev_h Wh + b is 0 everywhere: so the gates are 1/2 and the candidate is 0.",
    ),
    slips=(
        Slip("path-missing", "dnext_c forgotten in dc, or the path from next_h to the cell (t) is not followed"),
        Slip("wrong-operand", "dnext_c in the place of dc in a gate"),
        Slip("wrong-operand", "the new cell in the place of prev_c in da_f"),
        Slip("wrong-index", "the parts of da in another order than the forward's"),
        Slip("derivative-missing", "a gate's (1 - i), (1 - f) or (1 - o) left out"),
    ),
    exact=exact,
    arrangements=({"wx": (1, 0), "wh": (1, 0)},),
)
