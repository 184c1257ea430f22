"""channels-summed: all input channels added together, the same for each."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant, of_convolutions
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.model import Array


def _total(right: Array) -> Array:
    return np.broadcast_to(right.sum(axis=1, keepdims=True), right.shape).copy()


def _first(right: Array) -> Array:
    return np.broadcast_to(right[:, :1], right.shape).copy()


def _last(right: Array) -> Array:
    return np.broadcast_to(right[:, -1:], right.shape).copy()


MISTAKE = Mistake(
    id="channels-summed",
    order=170,
    title="adds the input channels together and gives every channel the sum",
    written_for=of_convolutions,
    formulas=each(lambda gradient: rearranged(gradient, _total), "weight", "input"),
    variants={
        "weight": (
            Variant("the first channel's for all", rearranged("weight", _first)),
            Variant("the last channel's for all", rearranged("weight", _last)),
        ),
        "input": (
            Variant("the first channel's for all", rearranged("input", _first)),
            Variant("the last channel's for all", rearranged("input", _last)),
        ),
    },
    elsewhere={"input": (Variant("", rearranged("input", _total)),)},
    why=(
        "The forward pass sums over input channels, so the backward pass seems to need the sum too. But dE/dF[o,i] "
        "sees channel i alone: the derivative of a sum with respect to one of its terms leaves the others out."
    ),
    hides_when="there is one input channel",
    fix="Keep the axis of the input channels: no sum over i in dE/dF[o,i] nor in dE/dX[n,i].",
    transposed=Told(fix="Keep the axis of the input channels: no sum over i in dE/dF[i,o] nor in dE/dX[n,i]."),
    shown_by="a colour picture, with --in 3",
    numbers="{channels}",
)
