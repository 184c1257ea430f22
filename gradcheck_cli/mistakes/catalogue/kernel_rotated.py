"""kernel-rotated: the right kernel gradient, turned by 180 degrees."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.any_form import turned
from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.mistakes.source import turns
from gradcheck_cli.model import Array


def _quarter_turn(right: Array) -> Array:
    """`np.rot90` once, where it would take two to turn it by 180 degrees."""
    return np.ascontiguousarray(np.rot90(right, axes=(2, 3)))


def _quarter_back(right: Array) -> Array:
    return np.ascontiguousarray(np.rot90(right, -1, axes=(2, 3)))


MISTAKE = Mistake(
    id="kernel-rotated",
    order=120,
    title="returns the kernel gradient turned by 180 degrees",
    formulas={"weight": rearranged("weight", lambda right: right[..., ::-1, ::-1])},
    variants={
        "weight": (
            Variant(
                "only upside down",
                rearranged("weight", lambda right: right[..., ::-1, :]),
                title="returns the kernel gradient turned upside down",
            ),
            Variant(
                "only left to right",
                rearranged("weight", lambda right: right[..., ::-1]),
                title="returns the kernel gradient turned left to right",
            ),
            Variant(
                "a quarter turn to the left",
                rearranged("weight", _quarter_turn),
                title="returns the kernel gradient turned by a quarter turn to the left",
            ),
            Variant(
                "a quarter turn to the right",
                rearranged("weight", _quarter_back),
                title="returns the kernel gradient turned by a quarter turn to the right",
            ),
        )
    },
    elsewhere={"weight": (Variant("", rearranged("weight", turned)),)},
    why=(
        "In a true convolution the kernel is turned, and so is its gradient. `conv2d` of the deep-learning libraries "
        "is a cross-correlation: tap (u, v) of the gradient belongs to tap (u, v) of F. Swapped arguments of a "
        "correlation turn it as well."
    ),
    hides_when="the kernel is 1x1, or its gradient is symmetric",
    fix="Do not turn the result. With `correlate2d`, X comes first and G second.",
    turned=Told(
        fix=(
            "The forward turns F, so dE/dF is turned once too: `correlate2d(X, G, mode='valid')[::-1, ::-1]`, with X "
            "first and G as it stands."
        ),
        is_missing=True,
    ),
    shown_by="--k 3 or larger",
    numbers="kernel {kernel}",
    line=turns,
)
