"""Leaky rectified linear units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import DISTINCT
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, slope: float = 0.01) -> Any:
    """x where it is positive, else a fraction of it."""
    return xp.where(x > 0, x, slope * x)


def derive(note: Note, grad_output: Array, x: Array, slope: float = 0.01) -> dict[str, Array]:
    """A gate that does not close fully."""
    gate = note("gate", "1 where x > 0, else the slope", np.where(x > 0, 1.0, slope), "The slope of the output at x.")
    return {"x": note("dx", "G gate", grad_output * gate, "Each number by itself: no sums.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Integers, and a slope that is a power of two."""
    x = np.asarray(rng.permutation(np.arange(1, 1 + sizes["n"] * sizes["d"])), np.float64)
    return {"x": (x * rng.choice([-1, 1], x.shape)).reshape(sizes["n"], sizes["d"]), "slope": 0.25}


LAYER = KnownLayer(
    id="leaky-relu",
    title="keeps what is positive and shrinks the rest",
    names=("leakyrelu", "leaky", "lrelu"),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT, DISTINCT),),
    settings=(LayerSetting("slope", (0.01, 0.1, 0.2, 0.3, 0.05, 0.25, 0.5), ("negative_slope", "alpha", "leak", "a")),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = x where x > 0, else slope x",
    code="dx = G * np.where(x > 0, 1.0, slope)",
    example=LayerExample({"x": [[3, -1, 2], [-2, 0.5, -4]], "slope": 0.25}, [[5, 6, -1], [2, 4, 4]]),
    slips=(
        Slip("derivative-missing", "the negative side gets 0, as in relu"),
        Slip("wrong-operand", "slope x for slope: the output in the place of its derivative"),
        Slip("upstream-ignored", "the gate without G"),
    ),
    exact=exact,
    laws=("<x, dx> = <y, G>, since y is of degree 1 in x",),
)
