"""Softmax and cross-entropy together, from logits and class numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import INDEX, POSITIVE_STATE
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import LABELS, LOGITS
from gradcheck_cli.model import Array


def forward(
    xp: Any, x: Any, y: Any, class_weight: Any = None, reduction: str = "mean", ignore_index: int = -100
) -> Any:
    """The logarithm of the probability of the right class, negated; weighted, over the rows that count."""
    counts = y != ignore_index
    label = xp.where(counts, y, 0)
    shifted = x - xp.amax(x, axis=-1, keepdims=True)
    log_p = shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))
    losses = -log_p[xp.arange(len(x)), label]
    share = xp.where(counts, 1.0 if class_weight is None else class_weight[label], 0.0)
    weighted = losses * share
    if reduction == "none":
        return weighted
    return weighted.sum() / share.sum() if reduction == "mean" else weighted.sum()


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    y: Array,
    class_weight: Array | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
) -> dict[str, Array]:
    """Softmax minus one-hot, the shortest backward of all, and what the reduction makes of it."""
    counts = y != ignore_index
    label, rows = np.where(counts, y, 0), np.arange(len(x))
    e = np.exp(x - x.max(-1, keepdims=True))
    p = note(
        "p",
        "softmax of x, row by row",
        e / e.sum(-1, keepdims=True),
        "The loss of a row is -x[label] + log(sum of e^x): the logarithm's derivative along x[i] is p[i].",
    )
    one_hot = np.zeros_like(p)
    one_hot[rows, label] = 1
    d = note("d", "p - one_hot(y)", p - one_hot, "And -x[label] takes 1 away at the right class. Each row sums to 0.")
    share = np.where(counts, 1.0 if class_weight is None else class_weight[label], 0.0)
    total = share.sum() if reduction == "mean" else 1.0
    how = "1/N for a mean over N rows (with class weights: the row's weight over the sum of weights); 0 if ignored."
    share = note("share", "what each row counts in the loss", share / total, how)
    return {"x": note("dx", "G share d", d * (share * grad_output)[:, None], "G is a number: the loss is one.")}


LAYER = KnownLayer(
    id="cross-entropy",
    title="the negative logarithm of the softmax's probability of the right class",
    names=("crossentropy", "softmax loss", "softmaxloss", "softmax cross entropy", "ce loss", "softmaxwithloss", "ce"),
    arguments=(
        Argument("x", "nc", LOGITS),
        Argument("y", "n", LABELS, INDEX, limit="c"),
        Argument("class_weight", "c", ("weight", "weights", "w"), POSITIVE_STATE, is_optional=True),
    ),
    settings=(LayerSetting("reduction", ("mean", "sum", "none")), LayerSetting("ignore_index", (-100,), ("ignore",))),
    outputs=("",),
    sizes={"n": 4, "c": 5},
    forward=forward,
    derive=derive,
    formula="L = mean over rows of -log p[label],   p = softmax(x)",
    code="e = np.exp(x - x.max(axis=1, keepdims=True))\np = e / e.sum(axis=1, keepdims=True)\n"
    "share = class_weight[y] / class_weight[y].sum()   # 1 / N without weights\n"
    "dx = p.copy()\ndx[np.arange(len(y)), y] -= 1\ndx *= G * share[:, None]",
    example=LayerExample(
        {"x": np.log([[1, 2, 5], [2, 2, 4]]), "y": np.array([2, 0])},
        1.0,
        "The x are logarithms of 1, 2, 5 and of 2, 2, 4: so the rows of e^x sum to 8.",
    ),
    slips=(
        Slip("scaled-constant", "1/N forgotten, or applied twice"),
        Slip("scaled-constant", "with class weights or ignored rows divided by N, not by the sum of weights"),
        Slip("path-missing", "- one_hot(y) alone: the path through the sum is not followed"),
        Slip("wrong-index", "1 taken away in the wrong place: p[:, y] -= 1 in the place of p[range(N), y] -= 1"),
        Slip("upstream-ignored", "G left out: right only where the loss is the end of the graph"),
        Slip("one-upstream-for-all", "with one G for each row (reduction none), the first for all of them"),
    ),
    # exp(-log 2) is not always 1/2 in float64: no points where every order of operations gives the same bits.
    is_exact=False,
    laws=("each row of dx sums to 0, since f(x + c) = f(x)",),
    tips="Where p of the right class comes near 1, p - 1 loses its digits: check there too, in your own dtype.",
)
