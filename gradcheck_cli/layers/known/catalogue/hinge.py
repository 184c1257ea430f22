"""The multi-class hinge loss of linear support vector machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import INDEX
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import LABELS, LOGITS
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, y: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """By how much each wrong class comes nearer than the margin to the right one, summed."""
    right = x[xp.arange(len(x)), y][:, None]
    excess = x - right + margin
    is_other = xp.arange(x.shape[1]) != y[:, None]
    losses = xp.where(is_other & (excess > 0), excess, 0.0)
    return losses.sum() / len(x) if reduction == "mean" else losses.sum()


def derive(
    note: Note, grad_output: Array, x: Array, y: Array, margin: float = 1.0, reduction: str = "mean"
) -> dict[str, Array]:
    """Each violated margin pulls at two numbers."""
    rows = np.arange(len(x))
    excess = note("excess", "x - x[label] + margin", x - x[rows, y][:, None] + margin, "For each wrong class.")
    violated = np.where(excess > 0, 1.0, 0.0)
    violated[rows, y] = 0
    hit = note("hit", "1 where a wrong class has excess > 0", violated, "Only these take part; each with slope 1.")
    count = note("count", "sum of hit over the row", hit.sum(1), "x[label] is in every one of them, with slope -1.")
    dx = hit.copy()
    dx[rows, y] = -count
    share = 1 / len(x) if reduction == "mean" else 1.0
    dx = note(
        "dx", "G/N (hit, with -count at the label)", dx * (grad_output * share), "1/N for the mean over the rows."
    )
    return {"x": dx}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Halves, so that no excess is 0; a number of rows that divides exactly."""
    rows = 1 << (sizes["n"].bit_length() - 1)
    order = np.array([rng.permutation(sizes["c"]) for _ in range(rows)])
    return {"x": order * 1.5 + 0.25, "y": rng.integers(0, sizes["c"], rows)}


LAYER = KnownLayer(
    id="hinge",
    title="how far wrong classes come nearer to the right one than a margin (SVM loss)",
    names=("hinge", "svm", "svmloss", "multimargin"),
    arguments=(Argument("x", "nc", LOGITS), Argument("y", "n", LABELS, INDEX, limit="c")),
    settings=(LayerSetting("margin", (1.0,), ("delta",)), LayerSetting("reduction", ("mean", "sum"))),
    outputs=("",),
    sizes={"n": 4, "c": 5},
    forward=forward,
    derive=derive,
    formula="L = mean over rows of sum over j != label of max(0, x[j] - x[label] + margin)",
    code="rows = np.arange(len(y))\ndx = (x - x[rows, y][:, None] + margin > 0).astype(float)\ndx[rows, y] = 0\n"
    "dx[rows, y] = -dx.sum(axis=1)\ndx *= G / len(y)",
    example=LayerExample({"x": [[3.0, 2.5, 5.0], [1.0, 4.0, 1.5]], "y": np.array([0, 1])}, 2.0),
    slips=(
        Slip("path-missing", "the right class gets no gradient: -count is missing"),
        Slip("scaled-constant", "1/N forgotten"),
        Slip("wrong-index", "-1 at the label, however many margins are violated"),
        Slip("upstream-ignored", "G left out"),
    ),
    exact=exact,
    laws=("each row of dx sums to 0, since f(x + c) = f(x)",),
)
