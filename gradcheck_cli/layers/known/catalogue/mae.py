"""The absolute error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.layers.known.averaging import OVER, count
from gradcheck_cli.layers.known.domains import STATE
from gradcheck_cli.layers.known.layer import Argument, KnownLayer, LayerExample, Slip
from gradcheck_cli.layers.known.notes import Note
from gradcheck_cli.layers.known.words import PREDICTION, TRUTH
from gradcheck_cli.model import Array


def forward(xp: Any, pred: Any, target: Any, over: str = "all") -> Any:
    """The sizes of the differences, divided by how many there are ("all"), by the rows, or by nothing ("none")."""
    return xp.abs(pred - target).sum() / count(pred.shape, over)


def derive(note: Note, grad_output: Array, pred: Array, target: Array, over: str = "all") -> dict[str, Array]:
    """A sign."""
    sign = note("sign", "+1 where pred > target, -1 where less", np.sign(pred - target), "0 where both are equal.")
    share = note("share", "1 / count", 1 / count(pred.shape, over), "For a mean over all entries.")
    return {"pred": note("dpred", "G share sign", grad_output * share * sign, "G is a number: the loss is one.")}


def exact(rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Odd and even integers, so never equal; a count that is a power of two."""
    shape = (1 << (sizes["n"].bit_length() - 1), 1 << (sizes["d"].bit_length() - 1))
    pred, target = (np.asarray(rng.integers(-4, 5, shape), np.float64) for _ in range(2))
    return {"pred": 2 * pred + 1, "target": 2 * target}


LAYER = KnownLayer(
    id="mae",
    title="the mean of the absolute differences",
    names=("mae", "l1loss", "meanabsoluteerror", "absoluteerror"),
    arguments=(Argument("pred", "nd", PREDICTION), Argument("target", "nd", TRUTH, STATE)),
    settings=(OVER,),
    outputs=("",),
    sizes={"n": 4, "d": 5},
    forward=forward,
    derive=derive,
    formula="L = sum of |pred - target| / count",
    code="dpred = G * np.sign(pred - target) / pred.size",
    example=LayerExample({"pred": [[3, 1], [0, 2]], "target": [[1, 2], [2, -2]]}, 8.0),
    slips=(
        Slip("sign-flipped", "sign(target - pred)"),
        Slip("derivative-missing", "pred - target in the place of its sign"),
        Slip("scaled-constant", "1 / count forgotten"),
    ),
    exact=exact,
    tips="Where both are equal there is no derivative: keep that out of the data when you check.",
)
