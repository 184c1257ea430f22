"""Batch normalisation while training: each feature over the batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, balanced, digits, power_of_two
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Pack, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import GAIN, INPUT, SHIFT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Mean 0 and variance 1 along the batch, then a scale and a shift for each feature."""
    mean = x.mean(axis=0)
    centred = x - mean
    variance = (centred * centred).mean(axis=0)
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
    """Backwards through the forward, one line for one line."""
    rows = len(x)
    mean = note("mean", "mean of x over the N rows, one number a feature", x.mean(0), "Along the batch, not the row.")
    var = note("var", "mean of (x - mean)^2", x.var(0), "It divides by N, not by N - 1.")
    std = note("std", "sqrt(var + eps)", np.sqrt(var + eps))
    x_hat = note("x_hat", "(x - mean) / std", (x - mean) / std, "Each column has mean 0, variance 1.")
    found: dict[str, Array] = {}
    if bias is not None:
        found["bias"] = note("db", "sum of G over the rows", grad_output.sum(0), "b is added to every row.")
    if weight is not None:
        found["weight"] = note("dw", "sum of G x_hat over the rows", (grad_output * x_hat).sum(0), "w scales x_hat.")
    g = note("g", "G w: the gradient of x_hat", grad_output if weight is None else grad_output * weight)
    dvar = note(
        "dvar",
        "sum of g (x - mean) (-1/2) (var + eps)^(-3/2)",
        -0.5 * (g * (x - mean)).sum(0) / std**3,
        "x_hat is (x - mean) times (var + eps)^(-1/2), for every row, and all rows share this one variance: so a sum.",
    )
    dmean = note(
        "dmean",
        "sum of -g / std",
        -g.sum(0) / std,
        "The mean is subtracted in every row. It stands in the variance too, but there its part is dvar times the sum "
        "of -2 (x - mean) / N, and the x - mean sum to 0.",
    )
    found["x"] = note(
        "dx",
        "g / std + dvar 2 (x - mean) / N + dmean / N",
        g / std + dvar * 2 * (x - mean) / rows + dmean / rows,
        "Three paths: direct, through the variance (each x has the slope 2 (x - mean) / N), through the mean (1 / N). "
        "Together: (g - mean of g - x_hat mean of g x_hat) / std, the compact form.",
    )
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Columns of which mean and standard deviation are exact; a power of two of rows, for the means."""
    x = balanced(rng, sizes["d"], power_of_two(sizes["n"])).T
    return {"x": np.ascontiguousarray(x), "weight": digits(rng, sizes["d"]), "bias": digits(rng, sizes["d"])}


# (n, c, h, w) and (n, c, l) with the channels last: all other axes are the batch.
_SPATIAL = {"x": (0, 2, 3, 1), "out": (0, 2, 3, 1)}
_SEQUENCE = {"x": (0, 2, 1), "out": (0, 2, 1)}
_COLUMNS = {"x": (1, 0), "out": (1, 0)}

LAYER = KnownLayer(
    id="batch-norm",
    title="brings each feature to mean 0 and variance 1 over the batch, then scales and shifts it",
    names=("batchnorm", "batch normalization", "bn", "spatialbatchnorm"),
    arguments=(
        Argument("x", "nd", INPUT),
        Argument("weight", "d", GAIN, is_optional=True),
        Argument("bias", "d", SHIFT, is_optional=True),
    ),
    settings=(LayerSetting("eps", (1e-5, 1e-8, 1e-3, 1e-6, 1e-7, 1e-4, 0.0), ("epsilon",), LOST),),
    packs=(Pack(("bn_param", "bn_params"), {"mode": "train", "eps": 1e-5, "momentum": 0.9}),),
    outputs=("nd",),
    sizes={"n": 4, "d": 3},
    forward=forward,
    derive=derive,
    formula="x_hat = (x - mean) / sqrt(variance + eps),   y = x_hat w + b\n(mean and variance of each column)",
    code="std = np.sqrt(x.var(axis=0) + eps)\nx_hat = (x - x.mean(axis=0)) / std\n"
    "dbias = G.sum(axis=0)\ndweight = (G * x_hat).sum(axis=0)\ng = G * weight\n"
    "dx = (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / std",
    example=LayerExample(
        {"x": [[2, 1], [6, 1], [2, -1], [6, -1]], "weight": [2, 3], "bias": [0, 1], "eps": 0.0},
        [[4, 1], [0, 2], [2, -1], [6, 2]],
        "Column 1 has mean 4 and standard deviation 2, column 2 mean 0 and standard deviation 1.",
    ),
    slips=(
        Slip("path-missing", "mean and variance taken as constants: dx = g / std"),
        Slip("path-missing", "only the path through the variance, or through the mean, is not followed"),
        Slip("derivative-missing", "w ignored in dx: G where g = G w belongs (hidden as long as w is 1)"),
        Slip("wrong-operand", "dw with x, or with the output, in the place of x_hat"),
        Slip("reduction-missing", "means along the row in the place of the batch; in images, over n alone"),
        Slip("scaled-constant", "a variance of N - 1 in one of forward and backward"),
        Slip("scaled-constant", "std without eps in the backward, or eps outside the root"),
        Slip("mean-for-sum", "dw and db averaged over the rows"),
    ),
    exact=exact,
    laws=(
        "each column of dx sums to 0, since f(x + c) = f(x)",
        "<x, dx> of each column is 0 as eps goes to 0, since f(t x) = f(x)",
    ),
    tips="With G = 1 everywhere dx is 0, whatever is lost: .sum().backward() checks nothing here. Take a random G.",
    arrangements=(_SPATIAL, _SEQUENCE, _COLUMNS),
)
