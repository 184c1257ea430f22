"""Max pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck_cli.layers.known.domains import DISTINCT
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.pooling import ARRANGEMENTS, NAMES_OF_INPUT, PACKS, SETTINGS, Windows
from gradcheck_cli.model import Array


def forward(xp: Any, x: Any, height: int = 2, width: int = 2, stride: int = 2) -> Any:
    """The largest number of each window."""
    taps = Windows(height, width, stride).taps(x)
    cells = xp.stack([x[..., rows, columns] for rows, columns in taps])
    return xp.amax(cells, axis=0)


def derive(
    note: Note, grad_output: Array, x: Array, height: int = 2, width: int = 2, stride: int = 2
) -> dict[str, Array]:
    """Each G goes to the cell that won."""
    taps = list(Windows(height, width, stride).taps(x))
    cells = np.stack([x[..., rows, columns] for rows, columns in taps])
    note(
        "y",
        "the largest of each window",
        cells.max(0),
        "The forward has to remember where it stood, not only what it was.",
    )
    winner = note("at", "its place in the window, counted row by row", cells.argmax(0), "One place for each window.")
    dx = np.zeros_like(x)
    for tap, (rows, columns) in enumerate(taps):
        dx[..., rows, columns] += np.where(winner == tap, grad_output, 0.0)
    dx = note(
        "dx",
        "add G at the place of each winner",
        dx,
        "Add, do not assign: where windows overlap, one cell may win several.",
    )
    return {"x": dx}


LAYER = KnownLayer(
    id="max-pool",
    title="keeps the largest number of each window",
    names=("maxpool", "maxpooling", "poolmax", "max pool", "pool"),
    arguments=(Argument("x", "nchw", NAMES_OF_INPUT, DISTINCT),),
    settings=SETTINGS,
    packs=PACKS,
    outputs=("ncpq",),
    sizes={"n": 2, "c": 3, "h": 4, "w": 6, "p": 2, "q": 3},
    forward=forward,
    derive=derive,
    formula="y[p,q] = max of x[s p + u, s q + v] over the window u, v",
    code="dx = np.zeros_like(x)\nfor p, q in np.ndindex(G.shape[2:]):\n"
    "    rows = slice(p * stride, p * stride + height)\n"
    "    columns = slice(q * stride, q * stride + width)\n"
    "    window = x[:, :, rows, columns]\n"
    "    wins = window == window.max(axis=(2, 3), keepdims=True)\n"
    "    share = wins / wins.sum(axis=(2, 3), keepdims=True)\n"
    "    dx[:, :, rows, columns] += share * G[:, :, p:p + 1, q:q + 1]",
    example=LayerExample(
        {"x": [[[[1, 7, 2], [4, 3, 9], [8, 5, 6]]]], "height": 2, "width": 2, "stride": 1}, [[[[1, 2], [3, 4]]]]
    ),
    slips=(
        Slip("overwrites-instead-of-adding", "= for +=: a cell that wins two windows gets one G"),
        Slip("upstream-ignored", "the mask of winners without G"),
        Slip("wrong-index", "the winner's place within the window used as a place in x"),
        Slip("stride-ignored", "windows placed next to each other in the backward"),
        Slip("ties-counted-twice", "the mask x == max, which hands each of several winners the whole G"),
        Slip("mean-for-sum", "G spread over the window, as in average pooling"),
    ),
    laws=("<x, dx> = <y, G>, since y is of degree 1 in x",),
    tips="At ties any shares whose sum is G are right: torch takes the first; divide a mask x == max by its sum.",
    arrangements=ARRANGEMENTS,
)
