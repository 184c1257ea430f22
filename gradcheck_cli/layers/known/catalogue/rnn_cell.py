"""One step of a plain recurrent network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, prev_h: Any, wx: Any, wh: Any, bias: Any) -> Any:
    """tanh of a linear layer of the input and the last state."""
    a = x @ wx + prev_h @ wh + bias
    return xp.tanh(a)


def derive(
    note: Note, grad_output: Array, x: Array, prev_h: Array, wx: Array, wh: Array, bias: Array
) -> dict[str, Array]:
    """Through the tanh, then two linear layers that share it."""
    h = note("h", "tanh(x Wx + prev_h Wh + b)", np.tanh(x @ wx + prev_h @ wh + bias), "The next state, kept.")
    da = note(
        "da", "G (1 - h^2)", grad_output * (1 - h * h), "tanh's slope from its output. From here on all is linear."
    )
    return {
        "x": note("dx", "da Wx^T", da @ wx.T),
        "prev_h": note("dprev_h", "da Wh^T", da @ wh.T, "What goes back to the step before."),
        "wx": note("dWx", "x^T da", x.T @ da),
        "wh": note("dWh", "prev_h^T da", prev_h.T @ da, "The last state, not the new one. Over several steps: summed."),
        "bias": note("db", "sum of da over the rows", da.sum(0)),
    }


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Pre-activations that are 0: then h = 0 and the slope is 1. All rows are equal, and the bias undoes the rest."""
    n, d, h = sizes["n"], sizes["d"], sizes["h"]
    x, prev_h = (np.repeat(np.asarray(rng.integers(1, 4, (1, m)), np.float64), n, 0) for m in (d, h))
    wx, wh = (np.asarray(rng.integers(-3, 4, (m, h)), np.float64) for m in (d, h))
    return {"x": x, "prev_h": prev_h, "wx": wx, "wh": wh, "bias": -(x @ wx + prev_h @ wh)[0]}


LAYER = KnownLayer(
    id="rnn-cell",
    title="one step of a plain recurrent network",
    names=("rnnstep", "rnncell", "rnncellstep", "rnn", "vanillarnn"),
    arguments=(
        Argument("x", "nd", ("xt", "x_t", "X", "input")),
        Argument("prev_h", "nh", ("h_prev", "h", "a_prev", "hidden", "state", "h0")),
        Argument("wx", "dh", ("W_xh", "W_ih", "Wxh", "W", "Wax", "U", "weight_ih")),
        Argument("wh", "hh", ("W_hh", "Whh", "Waa", "weight_hh", "V")),
        Argument("bias", "h", ("b", "bh", "ba", "b_h")),
    ),
    outputs=("nh",),
    sizes={"n": 3, "d": 4, "h": 5},
    forward=forward,
    derive=derive,
    formula="h = tanh(x Wx + prev_h Wh + b)",
    code="da = G * (1 - np.tanh(x @ wx + prev_h @ wh + bias) ** 2)\n"
    "dx, dwx = da @ wx.T, x.T @ da\ndprev_h, dwh = da @ wh.T, prev_h.T @ da\ndbias = da.sum(axis=0)",
    example=LayerExample(
        {
            "x": [[1.0, 2.0]],
            "prev_h": [[0.5, -1.0]],
            "wx": [[1, 0], [0, 1]],
            "wh": [[-2, 1], [1, 0]],
            "bias": [1, -2.5],
        },
        [[1, 2]],
    ),
    slips=(
        Slip("wrong-operand", "dWh with the new state in the place of the last one"),
        Slip("derivative-missing", "1 - h^2 forgotten, or 1 - h"),
        Slip("path-missing", "over several steps: the gradient that comes from the later step is not added"),
        Slip("overwrites-instead-of-adding", "over several steps: dWx = in the place of dWx +="),
        Slip("axes-transposed", "da Wh in the place of da Wh^T: Wh is square, so the shapes fit"),
    ),
    exact=exact,
    arrangements=(
        {"wx": (1, 0), "wh": (1, 0)},
        {"x": (1, 0), "prev_h": (1, 0), "wx": (1, 0), "wh": (1, 0), "out": (1, 0)},
    ),
)
