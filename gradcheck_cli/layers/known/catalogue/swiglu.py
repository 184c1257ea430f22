"""SwiGLU: a gate by SiLU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, gate: Any, up: Any) -> Any:
    """silu(gate) times up."""
    s = xp.sigmoid(gate)
    silu = gate * s
    return silu * up


def derive(note: Note, grad_output: Array, gate: Array, up: Array) -> dict[str, Array]:
    """A product; the gate's side goes on through SiLU."""
    s = note("s", "1 / (1 + e^-gate)", 1 / (1 + np.exp(-gate)), "The sigmoid.")
    dup = note("dup", "G gate s", grad_output * gate * s, "The other factor is silu(gate) = gate s.")
    slope = note("slope", "s + gate s (1 - s)", s + gate * s * (1 - s), "SiLU's slope: gate is used twice.")
    dgate = note("dgate", "G up slope", grad_output * up * slope)
    return {"gate": dgate, "up": dup}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Gates of 0 (half open) and 64 (open to the last bit)."""
    shape = (sizes["n"], sizes["d"])
    gate = np.where(np.arange(shape[0] * shape[1]) % 3, 0.0, 64.0).reshape(shape)
    return {"gate": gate, "up": np.asarray(rng.integers(1, 5, shape), np.float64)}


LAYER = KnownLayer(
    id="swiglu",
    title="one half of the features, gated by the SiLU of the other",
    names=("swiglu", "silumul", "gatedmlp"),
    arguments=(
        Argument("gate", "nd", ("a", "x", "e", "g", "x1", "w1", "gate_proj")),
        Argument("up", "nd", ("b", "y", "h", "u", "v", "x2", "x3", "up_proj")),
    ),
    outputs=("nd",),
    sizes={"n": 3, "d": 5},
    forward=forward,
    derive=derive,
    formula="y = gate s up,   s = 1 / (1 + e^-gate)",
    code="s = 1 / (1 + np.exp(-gate))\ndup = G * gate * s\ndgate = G * up * (s + gate * s * (1 - s))",
    example=LayerExample({"gate": [[0.0, 2.0, -1.0]], "up": [[3, 1, 2]]}, [[4, 1, 2]]),
    slips=(
        Slip("path-missing", "dgate = G up s: the path through the sigmoid is not followed"),
        Slip("wrong-operand", "dup = G s: the factor gate lost"),
        Slip("derivative-missing", "dup = G gate: the sigmoid lost"),
    ),
    exact=exact,
)
