"""samples-mixed: the images of a batch added together in dE/dX."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.mistakes.pieces import rearranged
from gradcheck_cli.model import Array


def _total(right: Array) -> Array:
    return np.broadcast_to(right.sum(axis=0, keepdims=True), right.shape).copy()


def _running_total(right: Array) -> Array:
    return np.cumsum(right, axis=0)


MISTAKE = Mistake(
    id="samples-mixed",
    order=220,
    title="adds the images of the batch together in dE/dX",
    formulas={"input": rearranged("input", _total)},
    variants={"input": (Variant("each image gets those before it too", rearranged("input", _running_total)),)},
    in_any_form=True,
    why=(
        "dE/dF and dE/db do sum over the batch, because all images share F. X is not shared: each image has its own "
        "gradient. A buffer that is not cleared between images does the same."
    ),
    hides_when="the batch holds one image",
    fix="Keep the axis of the images in dE/dX, and start each image from zeros.",
    shown_by="two images: gradcheck run a.jpg b.jpg",
    numbers="N = {N}",
)
