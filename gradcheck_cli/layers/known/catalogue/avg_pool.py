"""Average pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.pooling import ARRANGEMENTS, NAMES_OF_INPUT, PACKS, SETTINGS, Windows
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, height: int = 2, width: int = 2, stride: int = 2) -> Any:
    """The mean of each window."""
    taps = Windows(height, width, stride).taps(x)
    cells = xp.stack([x[..., rows, columns] for rows, columns in taps])
    return cells.mean(axis=0)


def derive(
    note: Note, grad_output: Array, x: Array, height: int = 2, width: int = 2, stride: int = 2
) -> dict[str, Array]:
    """Each G is shared out over its window."""
    share = note(
        "share", "G / (height width)", grad_output / (height * width), "Each cell counts this much in the mean."
    )
    dx = np.zeros_like(x)
    for rows, columns in Windows(height, width, stride).taps(x):
        dx[..., rows, columns] += share
    dx = note("dx", "add each share to all cells of its window", dx, "Add, do not assign: windows may overlap.")
    return {"x": dx}


LAYER = KnownLayer(
    id="avg-pool",
    title="takes the mean of each window",
    names=("avgpool", "averagepool", "averagepooling", "meanpool", "avgpooling", "pool"),
    arguments=(Argument("x", "nchw", NAMES_OF_INPUT),),
    settings=SETTINGS,
    packs=PACKS,
    outputs=("ncpq",),
    sizes={"n": 2, "c": 3, "h": 4, "w": 6, "p": 2, "q": 3},
    forward=forward,
    derive=derive,
    formula="y[p,q] = mean of x[s p + u, s q + v] over the window u, v",
    code="dx = np.zeros_like(x)\nfor p, q in np.ndindex(G.shape[2:]):\n"
    "    rows = slice(p * stride, p * stride + height)\n"
    "    columns = slice(q * stride, q * stride + width)\n"
    "    dx[:, :, rows, columns] += G[:, :, p:p + 1, q:q + 1] / (height * width)",
    example=LayerExample(
        {"x": [[[[1, 7, 2], [4, 3, 9], [8, 5, 6]]]], "height": 2, "width": 2, "stride": 1}, [[[[4, 8], [12, 16]]]]
    ),
    slips=(
        Slip("scaled-constant", "not divided by the size of the window"),
        Slip("overwrites-instead-of-adding", "= for +=: where windows overlap only the last counts"),
        Slip("stride-ignored", "windows placed next to each other in the backward"),
    ),
    laws=("<x, dx> = <y, G>, since y is of degree 1 in x",),
    arrangements=ARRANGEMENTS,
)
