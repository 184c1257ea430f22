"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import INDEX
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.model import Array


def forward(xp: Any, index: Any, weight: Any) -> Any:
    """The row of the table for each number."""
    return weight[index]


def derive(note: Note, grad_output: Array, index: Array, weight: Array) -> dict[str, Array]:
    """Each row of G is added to the row that it came from."""
    dw = np.zeros_like(weight)
    np.add.at(dw, index, grad_output)
    dw = note(
        "dW",
        "add G[n] to row index[n]",
        dw,
        "A row that was looked up twice gets both. dW[index] += G adds only one of them: numpy writes each row once; "
        "np.add.at adds all.",
    )
    return {"weight": dw}


LAYER = KnownLayer(
    id="embedding",
    title="looks up a row of a table for each number",
    names=("embedding", "embed", "lookup", "wordembedding"),
    arguments=(
        Argument("index", "n", ("x", "idx", "indices", "tokens", "ids", "X", "input", "input_ids"), INDEX, limit="v"),
        Argument("weight", "vd", ("W", "w", "table", "E", "embeddings", "emb")),
    ),
    outputs=("nd",),
    sizes={"n": 6, "v": 4, "d": 3},
    forward=forward,
    derive=derive,
    formula="y[n] = W[index[n]]",
    code="dweight = np.zeros_like(weight)\nnp.add.at(dweight, index, G)",
    example=LayerExample(
        {"index": np.array([2, 0, 2]), "weight": [[1, 2], [3, 4], [5, 6]]}, [[1, 2], [3, 4], [10, 20]]
    ),
    slips=(
        Slip("overwrites-instead-of-adding", "dW[index] = G, or += G: a number that occurs twice counts once"),
        Slip("last-sample-only", "of repeated numbers only the last row of G counts"),
        Slip("wrong-shape", "dW with a row for each number looked up, not for each of the table"),
    ),
    tips="Only numbers that repeat show the usual mistake.",
)
