"""Group normalisation: the channels of a sample in groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, balanced, digits, power_of_two
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Pack, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import GAIN, INPUT, SHIFT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, weight: Any = None, bias: Any = None, groups: int = 2, eps: float = 1e-5) -> Any:
    """Mean 0 and variance 1 over each group of channels and all their places; a scale and a shift for each channel."""
    grouped = x.reshape(x.shape[0], groups, -1)
    mean = grouped.mean(axis=-1, keepdims=True)
    centred = grouped - mean
    variance = (centred * centred).mean(axis=-1, keepdims=True)
    std = xp.sqrt(variance + eps)
    x_hat = (centred / std).reshape(x.shape)
    scaled = x_hat if weight is None else x_hat * weight[:, None]
    return scaled if bias is None else scaled + bias[:, None]


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    groups: int = 2,
    eps: float = 1e-5,
) -> dict[str, Array]:
    """Layer norm's backward for each group; the channels' sums run over samples and places."""
    grouped = x.reshape(len(x), groups, -1)
    std = note(
        "std",
        "sqrt(variance + eps), one a group",
        np.sqrt(grouped.var(-1, keepdims=True) + eps),
        "Of all numbers of the group's channels.",
    )
    hat = (grouped - grouped.mean(-1, keepdims=True)) / std
    x_hat = note("x_hat", "(x - mean) / std", hat.reshape(x.shape), "Each group has mean 0, variance 1.")
    found: dict[str, Array] = {}
    if bias is not None:
        found["bias"] = note("db", "sum of G over samples and places", grad_output.sum((0, 2)), "One for each channel.")
    if weight is not None:
        found["weight"] = note(
            "dw", "sum of G x_hat over samples and places", (grad_output * x_hat).sum((0, 2)), "w scales x_hat."
        )
    scaled = grad_output if weight is None else grad_output * weight[:, None]
    g = note(
        "g", "G w: the gradient of x_hat", scaled, "w differs within a group, so it must be applied before any mean."
    )
    inner = g.reshape(grouped.shape)
    a = note("a", "mean of g over the group", inner.mean(-1, keepdims=True), "The path through the mean.")
    c = note(
        "c", "mean of g x_hat over the group", (inner * hat).mean(-1, keepdims=True), "The path through the variance."
    )
    dx = ((inner - a - hat * c) / std).reshape(x.shape)
    found["x"] = note("dx", "(g - a - x_hat c) / std", dx, "As in layer norm, group by group.")
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Two groups of which mean and standard deviation are exact; a power of two of numbers in each."""
    n, c, s = sizes["n"], power_of_two(sizes["c"]), power_of_two(sizes["s"])
    x = balanced(rng, 2 * n, c * s // 2).reshape(n, c, s)
    return {"x": x, "weight": digits(rng, c), "bias": digits(rng, c), "groups": 2}


LAYER = KnownLayer(
    id="group-norm",
    title="brings each group of channels of each sample to mean 0 and variance 1, then scales and shifts each channel",
    names=("groupnorm", "group normalization", "gn", "spatialgroupnorm"),
    arguments=(
        Argument("x", "ncs", INPUT),
        Argument("weight", "c", GAIN, is_optional=True),
        Argument("bias", "c", SHIFT, is_optional=True),
    ),
    settings=(
        LayerSetting("groups", (2, 1, 3, 4, 8), ("G", "num_groups", "n_groups", "group")),
        LayerSetting("eps", (1e-5, 1e-6, 1e-8, 1e-3, 0.0), ("epsilon",), LOST),
    ),
    packs=(Pack(("gn_param", "gn_params"), {"eps": 1e-5}),),
    outputs=("ncs",),
    sizes={"n": 2, "c": 4, "s": 5, "g": 2},
    related={"c": ("g", 2)},
    forward=forward,
    derive=derive,
    formula="x_hat = (x - mean) / sqrt(variance + eps),   y = x_hat w + b\n"
    "(mean and variance of each group of channels)",
    code="grouped = x.reshape(len(x), groups, -1)\nstd = np.sqrt(grouped.var(axis=-1, keepdims=True) + eps)\n"
    "hat = (grouped - grouped.mean(axis=-1, keepdims=True)) / std\n"
    "dbias = G.sum(axis=(0, 2))\ndweight = (G * hat.reshape(x.shape)).sum(axis=(0, 2))\n"
    "g = (G * weight[:, None]).reshape(grouped.shape)\n"
    "dx = (g - g.mean(axis=-1, keepdims=True)\n"
    "      - hat * (g * hat).mean(axis=-1, keepdims=True)) / std\ndx = dx.reshape(x.shape)",
    example=LayerExample(
        {
            "x": [[[2, 6], [2, 6], [1, 1], [-1, -1]]],
            "weight": [1, 2, 3, 1],
            "bias": [0, 1, 0, -1],
            "groups": 2,
            "eps": 0.0,
        },
        [[[4, 0], [2, 4], [2, -1], [0, 2]]],
    ),
    slips=(
        Slip("path-missing", "the path through the variance, or the mean, is not followed"),
        Slip("reduction-missing", "means over the channel in the place of the group"),
        Slip("derivative-missing", "w ignored in dx, or applied after the means"),
        Slip("wrong-shape", "dw and db summed over samples only"),
    ),
    exact=exact,
    laws=("dx sums to 0 over each group, since f(x + c) = f(x)",),
)
