"""Scaled dot-product attention."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import MASK
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array

_NOWHERE = float("-inf")


def forward(xp: Any, q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, scale: float | None = None) -> Any:
    """Each query takes the mean of the values, weighted by the softmax of its products with the keys."""
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    scores = q @ xp.swapaxes(k, -1, -2) * factor
    if causal:
        scores = xp.where(_past(xp, q.shape[-2], k.shape[-2]), scores, _NOWHERE)
    if mask is not None:
        scores = xp.where(mask != 0, scores, _NOWHERE)
    exponentials = xp.exp(scores - xp.amax(scores, axis=-1, keepdims=True))
    p = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return p @ v


def _past(xp: Any, queries: int, keys: int) -> Any:
    """Query i sees key j up to its own place."""
    return xp.arange(keys)[None, :] <= xp.arange(queries)[:, None]


def derive(
    note: Note,
    grad_output: Array,
    q: Array,
    k: Array,
    v: Array,
    mask: Array | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> dict[str, Array]:
    """Two matrix products around a softmax, backwards."""
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    scores = _hidden(q @ k.swapaxes(-1, -2) * factor, mask, causal)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    p = note(
        "P",
        "softmax over the keys of (q k^T c), with c = 1/sqrt(d)",
        e / e.sum(-1, keepdims=True),
        "Row i says how much query i takes of each value. What a mask hides has the score -infinity, and so P = 0.",
    )
    dv = note(
        "dv",
        "P^T G",
        p.swapaxes(-1, -2) @ grad_output,
        "The output is P v: value j goes to query i with the weight P[i,j], and collects from all queries.",
    )
    dp = note(
        "dP",
        "G v^T",
        grad_output @ v.swapaxes(-1, -2),
        "The other factor of the same product: how much the output gains if query i took more of value j.",
    )
    row = note(
        "D",
        "sum over j of P[i,j] dP[i,j], one number a query",
        (p * dp).sum(-1, keepdims=True),
        "The softmax, backwards: every score moves its whole row, by way of the sum in the denominator. D is also the "
        "sum of G times the output, which is how fused kernels get it without keeping dP.",
    )
    ds = note(
        "dS",
        "P (dP - D)",
        p * (dp - row),
        "Each row sums to 0. Where P is 0 for a mask, dS is 0 by itself: the backward needs no mask of its own, and "
        "must not have one that the forward did not have.",
    )
    dq = note("dq", "c dS k", ds @ k * factor, "The scores are c q k^T, so c comes with each of the two.")
    dk = note("dk", "c dS^T q", ds.swapaxes(-1, -2) @ q * factor, "Key j collects from all queries: dS is transposed.")
    return {"q": dq, "k": dk, "v": dv}


def _hidden(scores: Array, mask: Array | None, causal: bool) -> Array:
    """The scores (..., queries, keys), out of reach where a mask hides the key or it is yet to come."""
    if causal:
        scores = np.where(_past(np, *scores.shape[-2:]), scores, _NOWHERE)
    return scores if mask is None else np.where(mask != 0, scores, _NOWHERE)


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Equal scores on a power of two of keys: in the even samples q is 0, in the odd ones all keys are equal.

    P is then 2^-k exactly; four features make the scale 1/2.
    """
    batch, queries, keys, features = max(2, sizes["b"]), sizes["t"], 1 << (sizes["s"].bit_length() - 1), 4
    q, k, v = (
        np.asarray(rng.integers(1, 5, (batch, rows, columns)), np.float64)
        for rows, columns in ((queries, features), (keys, features), (keys, sizes["e"]))
    )
    q[0::2] = 0
    k[1::2] = k[1::2, :1]
    return {"q": q, "k": k, "v": v, "mask": np.ones((queries, keys))}


LAYER = KnownLayer(
    id="attention",
    title="each query takes the mean of the values, weighted by how well it fits their keys",
    names=("attention", "sdpa", "scaleddotproduct", "selfattention", "attn", "flashattention"),
    arguments=(
        Argument("q", "btd", ("Q", "query", "queries")),
        Argument("k", "bsd", ("K", "key", "keys")),
        Argument("v", "bse", ("V", "value", "values")),
        Argument("mask", "ts", ("attn_mask", "attention_mask", "m"), MASK, is_optional=True),
    ),
    settings=(
        LayerSetting("causal", (False, True), ("is_causal",)),
        LayerSetting("scale", (None, 1.0), ("softmax_scale", "sm_scale")),
    ),
    outputs=("bte",),
    sizes={"b": 2, "t": 4, "s": 5, "d": 3, "e": 6},
    forward=forward,
    derive=derive,
    formula="P = softmax over the keys of (q k^T / sqrt(d)),   y = P v",
    code="c = 1 / np.sqrt(q.shape[-1])\ns = q @ k.swapaxes(-1, -2) * c\ns = np.where(mask != 0, s, -np.inf)\n"
    "P = np.exp(s - s.max(axis=-1, keepdims=True))\nP /= P.sum(axis=-1, keepdims=True)\n"
    "dv = P.swapaxes(-1, -2) @ G\ndP = G @ v.swapaxes(-1, -2)\n"
    "dS = P * (dP - (P * dP).sum(axis=-1, keepdims=True))\n"
    "dq = dS @ k * c\ndk = dS.swapaxes(-1, -2) @ q * c",
    example=LayerExample(
        {
            "q": np.array([[[math.log(2.0)], [math.log(3.0)]]]),
            "k": [[[1.0], [0.0]]],
            "v": [[[3.0, 0.0], [0.0, 6.0]]],
        },
        [[[3, 0], [0, 4]]],
        "One head, two queries, two keys, d = 1, so c = 1. The q are the logarithms of 2 and 3: so P holds thirds and "
        "quarters. Nothing is masked.",
    ),
    slips=(
        Slip("scaled-constant", "the scale c forgotten in dq or dk, or applied twice"),
        Slip("diagonal-only", "dS = P (1 - P) dP: only the softmax Jacobian's diagonal"),
        Slip("path-missing", "dS = P dP: the path through the softmax's sum (D) is not followed"),
        Slip("wrong-forward-mask", "a causal mask in the backward where the forward had none, or the other way round"),
        Slip("axes-transposed", "dk with dS in the place of its transpose (the shapes fit where t = s)"),
        Slip("tail-missing", "the last block of keys or queries left out where the length is no multiple of it"),
    ),
    exact=exact,
    laws=(
        "each row of dS sums to 0, so dq is 0 where all keys are equal",
        "the sum of dv over the keys is the sum of G over the queries",
    ),
    tips="Take different numbers of queries and keys, none a multiple of a block, and both causal and not.",
)
