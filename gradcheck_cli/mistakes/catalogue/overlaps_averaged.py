"""overlaps-averaged: what several windows add to an entry of dE/dX is divided by how many they are."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.mistakes.pieces import frame, window
from gradcheck_cli.model import Array


def _averaged(problem: Problem) -> Array:
    spec = problem.spec
    counts = np.zeros(spec.padded_size)
    for u, v in np.ndindex(*spec.kernel_size):
        top, left = u * spec.dilation[0], v * spec.dilation[1]
        rows, columns = (step * (count - 1) + 1 for step, count in zip(spec.stride, spec.output_size, strict=True))
        counts[top : top + rows : spec.stride[0], left : left + columns : spec.stride[1]] += 1
    return window(frame(problem) / np.maximum(counts, 1), spec.padding, spec.input_size)


MISTAKE = Mistake(
    id="overlaps-averaged",
    order=285,
    title="divides each entry of dE/dX by the number of windows that hold it",
    formulas={"input": _averaged},
    why=(
        "Putting overlapping patches together again to a picture takes their mean, and `fold` is often followed by a "
        "division by the folded ones. A gradient is no picture: every window that holds an entry adds to it."
    ),
    hides_when="no windows overlap",
    fix="Add up what the windows give, as `fold` does, and do not divide by their number.",
    shown_by="gradcheck verify (dE/dX)",
    numbers="kernel {kernel}, stride {stride}",
)
