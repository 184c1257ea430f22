"""A bias that is added to every row."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, bias: Any) -> Any:
    """y = x + b."""
    return x + bias


def derive(note: Note, grad_output: Array, x: Array, bias: Array) -> dict[str, Array]:
    """What was broadcast is summed."""
    dx = note("dx", "G", grad_output.copy(), "Adding a constant has the derivative 1.")
    db = note(
        "db", "sum of G over the rows", grad_output.sum(0), "b was copied to every row; the copies' gradients add."
    )
    return {"x": dx, "bias": db}


LAYER = KnownLayer(
    id="bias",
    title="adds the same vector to every row",
    names=("addbias", "biasadd", "bias"),
    arguments=(Argument("x", "nd", INPUT), Argument("bias", "d", ("b", "B", "beta"))),
    outputs=("nd",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="y[n,d] = x[n,d] + b[d]",
    code="dx = G\ndbias = G.sum(axis=0)",
    example=LayerExample({"x": [[1, 2, 3], [4, 5, 6]], "bias": [1, 0, -1]}, [[1, 2, -1], [3, 4, 5]]),
    slips=(
        Slip("reduction-missing", "db left as G; autograd of torch repairs this silently"),
        Slip("mean-for-sum", "db averaged over the rows"),
        Slip("bias-totalled", "db as one number"),
    ),
    laws=("dx is G",),
    arrangements=({"x": (0, 2, 3, 1), "out": (0, 2, 3, 1)}, {"x": (0, 2, 1), "out": (0, 2, 1)}),
)
