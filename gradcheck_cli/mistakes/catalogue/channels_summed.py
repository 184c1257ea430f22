"""channels-summed: all input channels added together, or one of them, the same for each."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant, of_convolutions
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.model import Array, GradientName


def _total(right: Array) -> Array:
    return np.broadcast_to(right.sum(axis=1, keepdims=True), right.shape).copy()


def _first(right: Array) -> Array:
    return np.broadcast_to(right[:, :1], right.shape).copy()


def _last(right: Array) -> Array:
    return np.broadcast_to(right[:, -1:], right.shape).copy()


_GRADIENTS: tuple[GradientName, ...] = ("weight", "input")
_BY_ITS_OWN = (
    "Take X, F and the gradients at the channel's own index: dE/dF[o,i] goes with X[n,i], dE/dX[n,i] with F[o,i]."
)


def _of_one_channel(gradient: GradientName) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            f"the {which} channel's for all",
            rearranged(gradient, formula),
            title=f"gives every channel what belongs to the {which} one",
            fix=_BY_ITS_OWN,
        )
        for which, formula in (("first", _first), ("last", _last))
    )


MISTAKE = Mistake(
    id="channels-summed",
    order=170,
    title="adds the input channels together and gives every channel the sum",
    written_for=of_convolutions,
    formulas=each(lambda gradient: rearranged(gradient, _total), "weight", "input"),
    variants={gradient: _of_one_channel(gradient) for gradient in _GRADIENTS},
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
