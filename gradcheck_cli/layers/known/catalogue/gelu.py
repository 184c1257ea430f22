"""GELU, in its exact form and in the form with tanh."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import zero_or_far
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, LayerSetting, Slip
from gradcheck_cli.layers.known.namespace import erf
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import ELEMENTWISE_INPUT
from gradcheck_cli.model import Array

# The published constant of the form with tanh (Hendrycks and Gimpel, 2016).
_CUBIC = 0.044715


def forward(xp: Any, x: Any, approximate: str = "none") -> Any:
    """x times the probability that a normal number lies below x; "tanh" for the approximation of it."""
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + _CUBIC * x * x * x)
        return 0.5 * x * (1 + xp.tanh(inner))
    probability = 0.5 * (1 + xp.erf(x / math.sqrt(2)))
    return x * probability


def derive(note: Note, grad_output: Array, x: Array, approximate: str = "none") -> dict[str, Array]:
    """A product: x as the factor, and x inside the probability."""
    if approximate == "tanh":
        return _derive_tanh(note, grad_output, x)
    probability = note("P", "(1 + erf(x / sqrt 2)) / 2", 0.5 * (1 + erf(x / math.sqrt(2))), "The share let through.")
    density = note(
        "p",
        "e^(-x^2/2) / sqrt(2 pi)",
        np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi),
        "The slope of P: the density of the normal distribution.",
    )
    dx = note(
        "dx", "G (P + x p)", grad_output * (probability + x * density), "P stays for the factor, x p is its rest."
    )
    return {"x": dx}


def _derive_tanh(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    scale = math.sqrt(2 / math.pi)
    t = note("t", "tanh(k (x + c x^3))", np.tanh(scale * (x + _CUBIC * x**3)), "k = sqrt(2/pi), c = 0.044715.")
    inner = note("inner", "k (1 + 3 c x^2)", scale * (1 + 3 * _CUBIC * x * x), "The slope of what is inside the tanh.")
    slope = note(
        "slope",
        "(1 + t)/2 + x (1 - t^2)/2 inner",
        0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner,
        "x as the factor, and x inside the tanh.",
    )
    return {"x": note("dx", "G slope", grad_output * slope, "Each number by itself: no sums.")}


LAYER = KnownLayer(
    id="gelu",
    title="each number times the probability that a normal number lies below it",
    names=("gelu",),
    arguments=(Argument("x", "nd", ELEMENTWISE_INPUT),),
    settings=(LayerSetting("approximate", ("none", "tanh")),),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = x P(x),   P(x) = (1 + erf(x / sqrt 2)) / 2\n"
    "the approximation:   y = x (1 + tanh(k (x + c x^3))) / 2\n(k = sqrt(2/pi), c = 0.044715)",
    code="from math import erf, pi, sqrt\nP = np.vectorize(lambda v: (1 + erf(v / sqrt(2))) / 2)(x)\n"
    "dx = G * (P + x * np.exp(-x * x / 2) / sqrt(2 * pi))",
    example=LayerExample({"x": [[0.0, 1.0, -1.0, 2.0]]}, [[4, 1, 1, 1]]),
    slips=(
        Slip("path-missing", "G P: the path through the probability is not followed"),
        Slip("path-missing", "the cubic term of the tanh form lost: 3 c x^2 is missing in the inner slope"),
        Slip("scaled-constant", "c x^2 for 3 c x^2"),
        Slip("wrong-forward", "the backward of the tanh form beside the forward with erf: off by up to 1e-3"),
    ),
    exact=zero_or_far,
)
