"""Batch normalisation in use: with the statistics of the training as constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.balanced import LOST, digits
from gradcheck_cli.layers.known.domains import POSITIVE_STATE, STATE
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Pack, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import GAIN, INPUT, SHIFT
from gradcheck_cli.model import Array


def forward(
    xp: Any,
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """The running statistics, a scale and a shift: a straight line for each feature."""
    x_hat = (x - running_mean) / xp.sqrt(running_var + eps)
    scaled = x_hat if weight is None else x_hat * weight
    return scaled if bias is None else scaled + bias


def derive(
    note: Note,
    grad_output: Array,
    x: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> dict[str, Array]:
    """No path through the statistics: they do not depend on x."""
    std = note("std", "sqrt(running_var + eps)", np.sqrt(running_var + eps), "A constant here.")
    x_hat = note("x_hat", "(x - running_mean) / std", (x - running_mean) / std)
    found: dict[str, Array] = {}
    if bias is not None:
        found["bias"] = note("db", "sum of G over the rows", grad_output.sum(0), "b is added to every row.")
    if weight is not None:
        found["weight"] = note("dw", "sum of G x_hat over the rows", (grad_output * x_hat).sum(0), "w scales x_hat.")
    g = grad_output if weight is None else grad_output * weight
    found["x"] = note("dx", "G w / std", g / std, "The direct path is the only one: the statistics are constants.")
    return found


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """A running variance of 4^24: eps is lost beside it, and std = 2^24."""
    n, d = sizes["n"], sizes["d"]
    constants = {"running_mean": digits(rng, d), "running_var": np.full(d, 4.0**24)}
    return {"x": digits(rng, n, d) - 2.5, "weight": digits(rng, d), "bias": digits(rng, d), **constants}


LAYER = KnownLayer(
    id="batch-norm-eval",
    title="normalises each feature by the running statistics of the training",
    names=("batchnormeval", "batchnormtest", "batchnorminference", "frozenbatchnorm"),
    arguments=(
        Argument("x", "nd", INPUT),
        Argument("running_mean", "d", ("mean", "moving_mean", "mu", "running_mu"), STATE),
        Argument("running_var", "d", ("var", "variance", "moving_var", "running_variance"), POSITIVE_STATE),
        Argument("weight", "d", GAIN, is_optional=True),
        Argument("bias", "d", SHIFT, is_optional=True),
    ),
    settings=(LayerSetting("eps", (1e-5, 1e-8, 1e-3, 1e-6, 1e-7, 1e-4, 0.0), ("epsilon",), LOST),),
    packs=(Pack(("bn_param", "bn_params"), {"mode": "test", "eps": 1e-5, "momentum": 0.9}),),
    outputs=("nd",),
    sizes={"n": 4, "d": 3},
    forward=forward,
    derive=derive,
    formula="y = (x - running_mean) / sqrt(running_var + eps) w + b",
    code="std = np.sqrt(running_var + eps)\ndx = G * weight / std\n"
    "dweight = (G * (x - running_mean) / std).sum(axis=0)\ndbias = G.sum(axis=0)",
    example=LayerExample(
        {
            "x": [[3, 1], [7, 1]],
            "running_mean": [1, 0],
            "running_var": [4, 1],
            "weight": [2, 3],
            "bias": [0, 1],
            "eps": 0.0,
        },
        [[4, 1], [0, 2]],
    ),
    slips=(
        Slip("wrong-forward-mask", "the backward of the training mode: paths that this mode does not have"),
        Slip("derivative-missing", "w or 1/std ignored in dx"),
        Slip("wrong-operand", "the batch's statistics in the place of the running ones"),
    ),
    exact=exact,
    arrangements=({"x": (0, 2, 3, 1), "out": (0, 2, 3, 1)}, {"x": (0, 2, 1), "out": (0, 2, 1)}),
)
