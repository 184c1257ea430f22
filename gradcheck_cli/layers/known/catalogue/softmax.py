"""The softmax of each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """e^x over its own sum. The largest is subtracted so that nothing overflows; the result does not depend on it."""
    highest = xp.amax(x, axis=-1, keepdims=True)
    exponentials = xp.exp(x - highest)
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / total


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """The Jacobian of a row, and why nobody needs to build it."""
    shifted = x - x.max(-1, keepdims=True)
    e = np.exp(shifted)
    y = note(
        "y",
        "e^x / sum of e^x, row by row",
        e / e.sum(-1, keepdims=True),
        "Subtract the row's largest x first, so that nothing overflows. It cancels in the fraction, so it is a "
        "constant for the derivative.",
    )
    gy = note(
        "G y",
        "G[j] y[j], entry by entry",
        grad_output * y,
        "dy[j]/dx[i] is y[i] (1 - y[i]) for j = i, and -y[j] y[i] for every other j: both are y[j] ([i = j] - y[i]). "
        "So each x[i] moves all of its row. Multiplied with G[j] and summed over j there are two parts: the one with "
        "[i = j] is this product.",
    )
    s = note(
        "s",
        "sum over j of G[j] y[j], one number a row",
        gy.sum(-1, keepdims=True),
        "The other part is -y[i] times this number, the mean of G weighted by y. It is the same for the whole row.",
    )
    dx = note(
        "dx",
        "y (G - s)",
        y * (grad_output - s),
        "Both together. What counts is how far G[i] lies above the row's mean; y says how much is at stake.",
    )
    return {"x": dx}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Equal numbers on a power of two of live entries, the others far below: each live y is then 2^-k exactly.

    A different row maximum for each row, so that the subtraction is seen. 4,096 below underflows to 0 in float64.
    """
    rows, columns = sizes["n"], sizes["d"]
    live = 1 << (columns.bit_length() - 1)
    x = np.empty((rows, columns))
    for row in range(rows):
        top = float(rng.integers(-3, 4))
        x[row] = top - 4096
        x[row, rng.permutation(columns)[:live]] = top
    return {"x": x}


LAYER = KnownLayer(
    id="softmax",
    title="turns each row into positive numbers with sum 1",
    names=("softmax",),
    arguments=(Argument("x", "nd", ("z", "Z", "X", "logits", "scores", "input", "inputs", "a", "inp")),),
    outputs=("nd",),
    sizes={"n": 3, "d": 5},
    forward=forward,
    derive=derive,
    formula="y[i] = e^x[i] / (sum over j of e^x[j]),   for each row",
    code="y = np.exp(x - x.max(axis=-1, keepdims=True))\ny /= y.sum(axis=-1, keepdims=True)\n"
    "dx = y * (G - (G * y).sum(axis=-1, keepdims=True))",
    example=LayerExample(
        {"x": np.log([[1, 2, 5], [2, 2, 4]])},
        [[8, 0, 0], [1, 2, 4]],
        "The x are logarithms of 1, 2, 5 and of 2, 2, 4: so the rows of e^x sum to 8.",
    ),
    slips=(
        Slip("diagonal-only", "dx = G y (1 - y), as for a sigmoid: only the Jacobian's diagonal"),
        Slip("path-missing", "dx = G y: the path through the sum in the denominator is not followed"),
        Slip("reduction-missing", "s summed over the whole batch, or not summed at all"),
        Slip("wrong-operand", "dx from x where y belongs"),
    ),
    exact=exact,
    laws=("each row of dx sums to 0, since f(x + c) = f(x)",),
    tips="Try G = [1, 0, ..., 0] and then G = [1, 1, ..., 1]: the second must give 0, and the diagonal alone does not.",
    arrangements=({"x": (1, 0), "out": (1, 0)}, {"x": (0, 2, 3, 1), "out": (0, 2, 3, 1)}),
)
