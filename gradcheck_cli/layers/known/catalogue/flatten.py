"""Flattening, and any other reshape."""

from __future__ import annotations

from typing import Any

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import INPUT
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any) -> Any:
    """One row for each sample."""
    return x.reshape(x.shape[0], -1)


def derive(note: Note, grad_output: Array, x: Array) -> dict[str, Array]:
    """Back into the old shape."""
    return {"x": note("dx", "G in the shape of x", grad_output.reshape(x.shape), "The same numbers in the same order.")}


LAYER = KnownLayer(
    id="flatten",
    title="writes each sample as one row",
    names=("flatten", "reshape"),
    arguments=(Argument("x", "ncs", INPUT),),
    outputs=("nf",),
    sizes={"n": 2, "c": 3, "s": 4, "f": 12},
    forward=forward,
    derive=derive,
    formula="y[n, :] = x[n] row by row",
    code="dx = G.reshape(x.shape)",
    example=LayerExample({"x": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]}, [[1, 2, 3, 4], [5, 6, 7, 8]]),
    slips=(
        Slip("reshape-not-transpose", "columns flattened, or the batch put last, and the backward the other way"),
        Slip("wrong-shape", "dx left flat"),
    ),
    laws=("dx holds the numbers of G",),
)
