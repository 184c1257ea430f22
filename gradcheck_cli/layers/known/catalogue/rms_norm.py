"""RMS normalisation: each row divided by its root mean square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, balanced, digits, power_of_two
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import GAIN, INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any = None, eps: float = 1e-6) -> Any:
    """Root mean square 1 along the last axis, then a scale for each feature."""
    mean_square = (x * x).mean(axis=-1, keepdims=True)
    rms = xp.sqrt(mean_square + eps)
    x_hat = x / rms
    return x_hat if weight is None else x_hat * weight


def derive(
    note: Note, grad_output: Array, x: Array, weight: Array | None = None, eps: float = 1e-6
) -> dict[str, Array]:
    """Two paths: direct, and through the root mean square."""
    rms = note("rms", "sqrt(mean of x^2, + eps), one number a row", np.sqrt((x * x).mean(-1, keepdims=True) + eps))
    x_hat = note("x_hat", "x / rms", x / rms, "No mean is subtracted: that is the difference to layer norm.")
    found: dict[str, Array] = {}
    if weight is not None:
        found["weight"] = note(
            "dw", "sum of G x_hat over the rows", (grad_output * x_hat).sum(tuple(range(x.ndim - 1)))
        )
    g = note("g", "G w: the gradient of x_hat", grad_output if weight is None else grad_output * weight)
    c = note(
        "c",
        "mean of g x_hat, one number a row",
        (g * x_hat).mean(-1, keepdims=True),
        "The path through rms: drms/dx[j] is x_hat[j] / D, and dx_hat[i]/drms is -x_hat[i] / rms.",
    )
    found["x"] = note(
        "dx", "(g - x_hat c) / rms", (g - x_hat * c) / rms, "Takes away from g what a stretching of the row would do."
    )
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Rows of which the root mean square is exact; a power of two of columns, for the means."""
    columns = power_of_two(sizes["d"])
    return {"x": balanced(rng, sizes["n"], columns), "weight": digits(rng, columns)}


LAYER = KnownLayer(
    id="rms-norm",
    title="divides each row by its root mean square, then scales each feature",
    names=("rmsnorm", "rms", "rmslayernorm"),
    arguments=(Argument("x", "nd", INPUT), Argument("weight", "d", GAIN, is_optional=True)),
    settings=(
        LayerSetting("eps", (1e-6, 1e-5, 1e-8, 0.0, 2.220446049250313e-16), ("epsilon", "variance_epsilon"), LOST),
    ),
    outputs=("nd",),
    sizes={"n": 3, "d": 5},
    forward=forward,
    derive=derive,
    formula="x_hat = x / sqrt(mean of x^2 + eps),   y = x_hat w,   for each row",
    code="rms = np.sqrt((x * x).mean(axis=-1, keepdims=True) + eps)\nx_hat = x / rms\n"
    "dweight = (G * x_hat).sum(axis=0)\ng = G * weight\n"
    "dx = (g - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / rms",
    example=LayerExample(
        {"x": [[2, -2, 2, -2], [1, 7, -5, 5]], "weight": [1, 2, 3, 1], "eps": 0.0}, [[4, 0, 4, 8], [2, -1, 0, 3]]
    ),
    slips=(
        Slip("path-missing", "the path through the root mean square is not followed: - x_hat c is missing"),
        Slip("derivative-missing", "w ignored in dx (hidden as long as w is 1)"),
        Slip("wrong-operand", "dw with x in the place of x_hat"),
        Slip("reduction-missing", "a sum in the place of the mean over the row"),
    ),
    exact=exact,
    laws=("<x, dx> of each row is 0 as eps goes to 0, since f(t x) = f(x)",),
)
