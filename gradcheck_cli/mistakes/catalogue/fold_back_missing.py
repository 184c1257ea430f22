"""fold-back-missing: dE/dX of a repeating padding is cropped, and what its margin holds is lost."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers.conv.lift import folded
from gradcheck_cli.mistakes.any_form import following, framed_gradient, repeating
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array


def _cropped(problem: Problem) -> Array | None:
    repeats = problem.spec.padding_mode != "zeros" and problem.spec.is_padded
    return following("input", repeating("zeros"))(problem) if repeats else None


def _without_corners(problem: Problem) -> Array | None:
    """The strips beside the edges are added back; what lies outside along two axes at once is lost."""
    spec = problem.spec
    if spec.transposed or spec.padding_mode == "zeros" or not spec.is_padded:
        return None
    frame = framed_gradient(problem)
    outside = [np.ones(axis.room, bool) for axis in spec.axes]
    for axis, out in zip(spec.axes, outside, strict=True):
        out[axis.before : axis.before + axis.size] = False
    count = sum(np.meshgrid(*(out.astype(int) for out in outside), indexing="ij"))
    return folded(np.where(count > 1, 0.0, frame), spec)


MISTAKE = Mistake(
    id="fold-back-missing",
    order=412,
    title="crops dE/dX of the padded X, and does not add its margin back to the elements that the padding repeats",
    elsewhere={"input": (Variant("", _cropped), Variant("of its corners", _without_corners))},
    why=(
        "With reflect, replicate or circular padding the margin shows elements of X once more, so what the gradient "
        "holds there belongs to these elements. Cropping is right for zeros alone, which are no part of X."
    ),
    hides_when="padding = 0, or the layer pads with zeros",
    fix=(
        "For every position of the padded X add its gradient to the element that it repeats: "
        "axis by axis. Padding the numbers of the elements, 0 to L - 1, in the same mode tells which one that is."
    ),
    shown_by="gradcheck verify, of code whose padding repeats (dE/dX)",
    numbers="padding {padding}",
)
