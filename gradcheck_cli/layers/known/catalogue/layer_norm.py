"""Layer normalisation: each row by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, balanced, digits, power_of_two
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Pack, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Mean 0 and variance 1 along the last axis, then a scale and a shift for each feature."""
    mean = x.mean(axis=-1, keepdims=True)
    centred = x - mean
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    std = xp.sqrt(variance + eps)
    x_hat = centred / std
    scaled = x_hat if weight is None else x_hat * weight
    return scaled if bias is None else scaled + bias


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> dict[str, Array]:
    """Three paths from x to the output: direct, through the mean, through the variance."""
    std = note(
        "std",
        "sqrt(mean of (x - mean)^2, + eps), one number a row",
        np.sqrt(x.var(-1, keepdims=True) + eps),
        "The variance divides by D, not by D - 1.",
    )
    x_hat = note("x_hat", "(x - mean) / std", (x - x.mean(-1, keepdims=True)) / std, "The row with mean 0, variance 1.")
    found = _of_parameters(note, grad_output, x_hat, weight, bias)
    g = note(
        "g",
        "G w: the gradient of x_hat",
        grad_output if weight is None else grad_output * weight,
        "From here on each row stands by itself, and w is done.",
    )
    a = note(
        "a",
        "mean of g, one number a row",
        g.mean(-1, keepdims=True),
        "The path through the mean: every x[j] moves the mean by 1/D, and the mean is subtracted from all of the row.",
    )
    c = note(
        "c",
        "mean of g x_hat, one number a row",
        (g * x_hat).mean(-1, keepdims=True),
        "The path through the variance: dstd/dx[j] is x_hat[j] / D, and d x_hat[i]/dstd is -x_hat[i] / std. Together: "
        "-x_hat[j] times the mean of g x_hat, over std. The variance also depends on x through the mean, but x - mean "
        "sums to 0, so that part is nothing.",
    )
    found["x"] = note(
        "dx",
        "(g - a - x_hat c) / std",
        (g - a - x_hat * c) / std,
        "The direct path is g / std. The two others take away from g what a shift of the row and what a stretching of "
        "the row would do: neither can change the output.",
    )
    return found


def _of_parameters(
    note: Note, grad_output: Array, x_hat: Array, weight: Array | None, bias: Array | None
) -> dict[str, Array]:
    """The gradients of the scale and the shift that the rows share; of those that the layer has."""
    rows, found = tuple(range(x_hat.ndim - 1)), dict[str, Array]()
    if bias is not None:
        found["bias"] = note("db", "sum of G over the rows", grad_output.sum(rows), "b is added to every row.")
    if weight is not None:
        found["weight"] = note(
            "dw",
            "sum of G x_hat over the rows",
            (grad_output * x_hat).sum(rows),
            "w multiplies x_hat (not x) in every row.",
        )
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Rows of which mean and standard deviation are exact; a power of two of columns, for the means."""
    columns = power_of_two(sizes["d"])
    x = balanced(rng, sizes["n"], columns)
    return {"x": x, "weight": digits(rng, columns), "bias": digits(rng, columns)}


LAYER = KnownLayer(
    id="layer-norm",
    title="brings each row to mean 0 and variance 1, then scales and shifts each feature",
    names=("layernorm", "layer normalization", "ln"),
    arguments=(
        Argument("x", "nd", ("X", "input", "inputs", "hidden_states", "inp", "a")),
        Argument("weight", "d", ("gamma", "g", "w", "W", "scale", "gain"), is_optional=True),
        Argument("bias", "d", ("beta", "b", "shift"), is_optional=True),
    ),
    settings=(LayerSetting("eps", (1e-5, 1e-6, 1e-8, 1e-12, 0.0, 1e-3), ("epsilon", "variance_epsilon"), LOST),),
    packs=(Pack(("ln_param",), {"eps": 1e-5}),),
    outputs=("nd",),
    sizes={"n": 3, "d": 5},
    forward=forward,
    derive=derive,
    formula="x_hat = (x - mean) / sqrt(variance + eps),   y = x_hat w + b\n(mean and variance of each row)",
    code="std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)\nx_hat = (x - x.mean(axis=-1, keepdims=True)) / std\n"
    "dbias = G.sum(axis=0)\ndweight = (G * x_hat).sum(axis=0)\ng = G * weight\n"
    "dx = (g - g.mean(axis=-1, keepdims=True)\n      - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / std",
    example=LayerExample(
        {"x": [[2, 6, 2, 6], [1, 1, -1, -1]], "weight": [1, 2, 3, 1], "bias": [0, 1, 0, -1], "eps": 0.0},
        [[4, 0, 4, 8], [2, -1, 0, 2]],
        "Row 1 has mean 4 and standard deviation 2, row 2 mean 0 and standard deviation 1.",
    ),
    slips=(
        Slip("path-missing", "the path through the variance is not followed: - x_hat c is missing in dx"),
        Slip("path-missing", "the path through the mean is not followed: - a is missing in dx"),
        Slip("derivative-missing", "w ignored in dx: G where g = G w belongs (hidden as long as w is 1)"),
        Slip("wrong-operand", "dw with x in the place of x_hat"),
        Slip("reduction-missing", "the means taken over the batch (axis 0), as in batch norm"),
        Slip("mean-for-sum", "dw and db averaged over the rows"),
        Slip("scaled-constant", "a variance of D - 1 in one of forward and backward"),
    ),
    exact=exact,
    laws=(
        "each row of dx sums to 0, since f(x + c) = f(x)",
        "<x, dx> of each row is 0 as eps goes to 0, since f(t x) = f(x)",
    ),
    tips="A G of random numbers hides both lost paths well in long rows. G = 1 with w = 1 must give dx = 0; G = x_hat "
    "too, but for eps.",
)
