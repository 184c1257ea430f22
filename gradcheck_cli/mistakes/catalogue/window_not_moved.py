"""window-not-moved: one number for all taps of a kernel plane."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.model import Array


def _spread_tap(right: Array, row: int, column: int) -> Array:
    return np.broadcast_to(right[..., [row], :][..., [column]], right.shape).copy()


def _first_tap(right: Array) -> Array:
    return _spread_tap(right, 0, 0)


def _middle_tap(right: Array) -> Array:
    return _spread_tap(right, right.shape[-2] // 2, right.shape[-1] // 2)


def _total(right: Array) -> Array:
    return np.broadcast_to(right.sum(axis=(2, 3), keepdims=True), right.shape).copy()


MISTAKE = Mistake(
    id="window-not-moved",
    order=250,
    title="gives all taps of a kernel plane the same number, because the window over X does not move with the tap",
    formulas={"weight": rearranged("weight", _first_tap)},
    variants={
        "weight": (
            Variant("that of the middle tap", rearranged("weight", _middle_tap)),
            Variant("the sum over the taps", rearranged("weight", _total)),
        )
    },
    why=(
        "Tap (u, v) meets X at s*p + d*u, s*q + d*v. Where u and v are missing from the index, or a 'valid' "
        "correlation runs over arrays of the same size, one sum is left and broadcasting fills the plane with it."
    ),
    hides_when="the kernel is 1x1",
    fix="Move the window with the tap: it reads the padded X at row s*p + d*u and column s*q + d*v.",
    shown_by="--k 3 or larger",
    numbers="kernel {kernel}",
)
