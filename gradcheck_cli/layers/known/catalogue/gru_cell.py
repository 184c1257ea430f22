"""One step of a GRU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, prev_h: Any, wx: Any, wh: Any, bx: Any, bh: Any, keeps: str = "z") -> Any:
    """Gates r and z and candidate n; `keeps` says which of z and 1 - z keeps the old state."""
    size = prev_h.shape[1]
    a = x @ wx + bx
    u = prev_h @ wh + bh
    r = xp.sigmoid(a[:, :size] + u[:, :size])
    z = xp.sigmoid(a[:, size : 2 * size] + u[:, size : 2 * size])
    n = xp.tanh(a[:, 2 * size :] + r * u[:, 2 * size :])
    return z * prev_h + (1 - z) * n if keeps == "z" else (1 - z) * prev_h + z * n


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    prev_h: Array,
    wx: Array,
    wh: Array,
    bx: Array,
    bh: Array,
    keeps: str = "z",
) -> dict[str, Array]:
    """The last state goes in on four ways: kept, and through r, z and the candidate."""
    r, z, n, inner = _gates(x @ wx + bx, prev_h @ wh + bh, prev_h.shape[1])
    kept, let_in = (z, 1 - z) if keeps == "z" else (1 - z, z)
    dz = grad_output * (prev_h - n) * (1 if keeps == "z" else -1)
    da_z = note("da_z", "G (prev_h - n) z (1 - z)", dz * z * (1 - z), "z weighs the old state against the candidate n.")
    da_n = note("da_n", "G (1 - z) (1 - n^2)", grad_output * let_in * (1 - n * n), "Through the candidate's tanh.")
    da_r = note("da_r", "da_n u_n r (1 - r)", da_n * inner * r * (1 - r), "r scales u_n = prev_h Wh_n + bh_n.")
    da = note("da", "da_r, da_z, da_n side by side", np.concatenate([da_r, da_z, da_n], 1), "What Wx and bx see.")
    du = note("du", "da_r, da_z, da_n r side by side", np.concatenate([da_r, da_z, da_n * r], 1), "What Wh and bh see.")
    dh = grad_output * kept + du @ wh.T
    return {
        "x": note("dx", "da Wx^T", da @ wx.T),
        "prev_h": note("dprev_h", "G z + du Wh^T", dh, "The direct way, and the three through Wh."),
        "wx": note("dWx", "x^T da", x.T @ da),
        "wh": note("dWh", "prev_h^T du", prev_h.T @ du),
        "bx": note("dbx", "sum of da over the rows", da.sum(0)),
        "bh": note("dbh", "sum of du over the rows", du.sum(0)),
    }


def _gates(a: Array, u: Array, size: int) -> tuple[Array, Array, Array, Array]:
    r = 1 / (1 + np.exp(-(a[:, :size] + u[:, :size])))
    z = 1 / (1 + np.exp(-(a[:, size : 2 * size] + u[:, size : 2 * size])))
    inner = u[:, 2 * size :]
    return r, z, np.tanh(a[:, 2 * size :] + r * inner), inner


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Pre-activations that are 0 on both sides: gates of 1/2, candidate 0."""
    n, d, h = sizes["n"], sizes["d"], sizes["h"]
    x, prev_h = (np.repeat(np.asarray(rng.integers(1, 4, (1, m)), np.float64), n, 0) for m in (d, h))
    wx, wh = (np.asarray(rng.integers(-3, 4, (m, 3 * h)), np.float64) for m in (d, h))
    bh = -(prev_h @ wh)[0]
    # The candidate's u is 2, so that the reset gate counts; its a is -1, so that their sum with r = 1/2 is 0.
    bh[2 * h :] += 2
    bx = -(x @ wx)[0]
    bx[2 * h :] -= 1
    return {"x": x, "prev_h": prev_h, "wx": wx, "wh": wh, "bx": bx, "bh": bh}


LAYER = KnownLayer(
    id="gru-cell",
    title="one step of a gated recurrent unit",
    names=("grustep", "grucell", "gru"),
    arguments=(
        Argument("x", "nd", ("xt", "x_t", "X", "input")),
        Argument("prev_h", "nh", ("h_prev", "h", "hidden", "h0")),
        Argument("wx", "dk", ("W_ih", "Wxh", "W", "weight_ih", "U")),
        Argument("wh", "hk", ("W_hh", "Whh", "weight_hh", "V")),
        Argument("bx", "k", ("b_ih", "bias_ih", "b", "bias")),
        Argument("bh", "k", ("b_hh", "bias_hh", "b_h")),
    ),
    settings=(LayerSetting("keeps", ("z", "1-z")),),
    outputs=("nh",),
    sizes={"n": 4, "d": 5, "h": 2, "k": 6},
    related={"k": ("h", 3)},
    forward=forward,
    derive=derive,
    formula="a = x Wx + bx,   u = prev_h Wh + bh, each in three parts r, z, n\n"
    "r, z = sigmoid(a + u),   n = tanh(a_n + r u_n)\nnext_h = z prev_h + (1 - z) n",
    code="a_r, a_z, a_n = np.split(x @ wx + bx, 3, axis=1)\nu_r, u_z, u_n = np.split(prev_h @ wh + bh, 3, axis=1)\n"
    "r, z = 1 / (1 + np.exp(-a_r - u_r)), 1 / (1 + np.exp(-a_z - u_z))\nn = np.tanh(a_n + r * u_n)\n"
    "da_z = G * (prev_h - n) * z * (1 - z)\nda_n = G * (1 - z) * (1 - n * n)\nda_r = da_n * u_n * r * (1 - r)\n"
    "da = np.concatenate([da_r, da_z, da_n], axis=1)\ndu = np.concatenate([da_r, da_z, da_n * r], axis=1)\n"
    "dx, dprev_h = da @ wx.T, G * z + du @ wh.T\n"
    "dwx, dwh, dbx, dbh = x.T @ da, prev_h.T @ du, da.sum(axis=0), du.sum(axis=0)",
    example=LayerExample(
        {
            "x": [[1.0, 2.0]],
            "prev_h": [[1.0]],
            "wx": [[1, 0, 2], [0, 1, 0]],
            "wh": [[-1, -2, 1]],
            "bx": [0, 0, -3],
            "bh": [0, 0, 1],
        },
        [[4]],
    ),
    slips=(
        Slip("path-missing", "the direct way of the last state (G z) is not followed"),
        Slip("path-missing", "the path through the reset gate is not followed"),
        Slip("wrong-operand", "r left out of du's last part"),
        Slip("sign-flipped", "n - prev_h: z and 1 - z in each other's place"),
        Slip("wrong-index", "the parts in another order than the forward's"),
    ),
    exact=exact,
    arrangements=({"wx": (1, 0), "wh": (1, 0)},),
)
