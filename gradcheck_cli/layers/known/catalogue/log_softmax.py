"""The logarithm of the softmax of each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import LOGITS
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """x minus the logarithm of the row's sum of e^x, with the largest taken out so that nothing overflows."""
    shifted = x - xp.amax(x, axis=-1, keepdims=True)
    total = xp.exp(shifted).sum(axis=-1, keepdims=True)
    return shifted - xp.log(total)


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """The direct path, and the one through the sum."""
    e = np.exp(x - x.max(-1, keepdims=True))
    p = note("p", "softmax of x, row by row", e / e.sum(-1, keepdims=True), "The slope of log(sum of e^x) along x[i].")
    s = note("s", "sum of G over the row", grad_output.sum(-1, keepdims=True), "The same logarithm is in every entry.")
    dx = note("dx", "G - p s", grad_output - p * s, "The direct path is G; the logarithm takes p[i] of the sum away.")
    return {"x": dx}


LAYER = KnownLayer(
    id="log-softmax",
    title="the logarithm of the softmax of each row",
    names=("logsoftmax",),
    arguments=(Argument("x", "nd", LOGITS),),
    outputs=("nd",),
    sizes={"n": 3, "d": 5},
    forward=forward,
    derive=derive,
    formula="y[i] = x[i] - log(sum over j of e^x[j]),   for each row",
    code="e = np.exp(x - x.max(axis=-1, keepdims=True))\np = e / e.sum(axis=-1, keepdims=True)\n"
    "dx = G - p * G.sum(axis=-1, keepdims=True)",
    example=LayerExample(
        {"x": np.log([[1, 2, 5], [2, 2, 4]])},
        [[8, 0, 0], [1, 2, 5]],
        "The x are logarithms of 1, 2, 5 and of 2, 2, 4: so the rows of e^x sum to 8.",
    ),
    slips=(
        Slip("path-missing", "dx = G: the path through the sum is not followed"),
        Slip("reduction-missing", "p G in the place of p times the row's sum of G"),
        Slip("wrong-operand", "y (the logarithm) in the place of p"),
    ),
    # exp(-log 2) is not always 1/2 in float64: no points where every order of operations gives the same bits.
    is_exact=False,
    laws=("each row of dx sums to 0, since f(x + c) = f(x)",),
    arrangements=({"x": (1, 0), "out": (1, 0)}, {"x": (0, 2, 3, 1), "out": (0, 2, 3, 1)}),
)
