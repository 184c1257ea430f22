"""Instance normalisation: each channel of each sample by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, balanced, digits, power_of_two
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import GAIN, INPUT, SHIFT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Mean 0 and variance 1 over the places of each channel of each sample; a scale and a shift for each channel."""
    mean = x.mean(axis=-1, keepdims=True)
    centred = x - mean
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    std = xp.sqrt(variance + eps)
    x_hat = centred / std
    scaled = x_hat if weight is None else x_hat * weight[:, None]
    return scaled if bias is None else scaled + bias[:, None]


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> dict[str, Array]:
    """Layer norm's backward for each channel of each sample."""
    std = note("std", "sqrt(variance + eps), one a channel and sample", np.sqrt(x.var(-1, keepdims=True) + eps))
    x_hat = note("x_hat", "(x - mean) / std", (x - x.mean(-1, keepdims=True)) / std)
    found: dict[str, Array] = {}
    if bias is not None:
        found["bias"] = note("db", "sum of G over samples and places", grad_output.sum((0, 2)), "One for each channel.")
    if weight is not None:
        products = (grad_output * x_hat).sum((0, 2))
        found["weight"] = note("dw", "sum of G x_hat over samples and places", products, "w scales x_hat.")
    g = note("g", "G w: the gradient of x_hat", grad_output if weight is None else grad_output * weight[:, None])
    a = note("a", "mean of g over the places", g.mean(-1, keepdims=True), "The path through the mean.")
    c = note("c", "mean of g x_hat over the places", (g * x_hat).mean(-1, keepdims=True), "Through the variance.")
    found["x"] = note("dx", "(g - a - x_hat c) / std", (g - a - x_hat * c) / std, "As in layer norm.")
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Channels of which mean and standard deviation are exact; a power of two of places, for the means."""
    n, c, s = sizes["n"], sizes["c"], power_of_two(sizes["s"])
    return {"x": balanced(rng, n * c, s).reshape(n, c, s), "weight": digits(rng, c), "bias": digits(rng, c)}


LAYER = KnownLayer(
    id="instance-norm",
    title="brings each channel of each sample to mean 0 and variance 1, then scales and shifts it",
    names=("instancenorm", "instance normalization", "in"),
    arguments=(
        Argument("x", "ncs", INPUT),
        Argument("weight", "c", GAIN, is_optional=True),
        Argument("bias", "c", SHIFT, is_optional=True),
    ),
    settings=(LayerSetting("eps", (1e-5, 1e-6, 1e-8, 1e-3, 0.0), ("epsilon",), LOST),),
    outputs=("ncs",),
    sizes={"n": 2, "c": 3, "s": 5},
    forward=forward,
    derive=derive,
    formula="x_hat = (x - mean) / sqrt(variance + eps),   y = x_hat w + b\n"
    "(mean and variance of each channel of each sample)",
    code="std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)\nx_hat = (x - x.mean(axis=-1, keepdims=True)) / std\n"
    "dbias = G.sum(axis=(0, 2))\ndweight = (G * x_hat).sum(axis=(0, 2))\ng = G * weight[:, None]\n"
    "dx = (g - g.mean(axis=-1, keepdims=True)\n      - x_hat * (g * x_hat).mean(axis=-1, keepdims=True)) / std",
    example=LayerExample(
        {"x": [[[2, 6, 2, 6], [1, 1, -1, -1]]], "weight": [2, 3], "bias": [0, 1], "eps": 0.0},
        [[[4, 0, 2, 6], [2, -1, 0, 3]]],
    ),
    slips=(
        Slip("path-missing", "the path through the variance, or the mean, is not followed"),
        Slip("derivative-missing", "w ignored in dx"),
        Slip("reduction-missing", "dw and db summed over the places only, one for each sample"),
    ),
    exact=exact,
    laws=("dx sums to 0 over each channel of each sample, since f(x + c) = f(x)",),
)
