"""Exponential linear units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import DISTINCT
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha (e^x - 1); e^x is not asked where x is large, so it never overflows."""
    negative = xp.where(x > 0, 0.0, x)
    return xp.where(x > 0, x, alpha * xp.expm1(negative))


def derive(note: Note, grad_output: Array, x: Array, alpha: float = 1.0) -> dict[str, Array]:
    """Two branches."""
    slope = note(
        "slope",
        "1 where x > 0, else alpha e^x",
        np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0))),
        "The derivative of alpha (e^x - 1) is alpha e^x, which is y + alpha where y is at hand.",
    )
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Positive integers, and -1100 below: e^x is 0 there, also in float64. Nothing between is exact."""
    x = np.asarray(rng.integers(1, 9, (sizes["n"], sizes["d"])), np.float64)
    return {"x": np.where(rng.integers(0, 2, x.shape) == 1, x, -1100.0)}


LAYER = KnownLayer(
    id="elu",
    title="keeps what is positive and bends the rest towards -alpha",
    names=("elu",),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT, DISTINCT),),
    settings=(LayerSetting("alpha", (1.0, 0.1, 0.5, 1.67326), ("a",)),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = x where x > 0, else alpha (e^x - 1)",
    code="dx = G * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))",
    # -ln 2 and -ln 4: slopes of a half and a quarter.
    example=LayerExample({"x": [[3.0, -np.log(2.0), 2.0], [-np.log(4.0), 0.5, -np.log(2.0)]]}, [[5, 6, -1], [8, 3, 4]]),
    slips=(
        Slip("wrong-operand", "y where y + alpha belongs: alpha (e^x - 1) is the output, not the slope"),
        Slip("scaled-constant", "alpha forgotten in the slope (hidden as long as it is 1)"),
        Slip("derivative-missing", "the negative side gets 0, as in relu"),
    ),
    exact=exact,
)
