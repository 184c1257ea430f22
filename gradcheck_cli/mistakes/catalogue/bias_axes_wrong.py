"""bias-axes-wrong: G summed over other axes than images, rows and columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.model import Array


def _over(axes: Callable[[int], Iterable[int]], *, channels_last: bool = False) -> WrongFormula:
    """G, with channels first or last, summed over these of its axes; `axes`: from how many there are."""

    def formula(problem: Problem) -> Array | None:
        upstream = problem.case.grad_output
        chosen = tuple(axes(upstream.ndim))
        if max(chosen) >= upstream.ndim:
            return None
        total = np.asarray((np.moveaxis(upstream, 1, -1) if channels_last else upstream).sum(axis=chosen))
        # An axis of length 1 that is left changes the shape alone, which is told as such.
        return total.reshape(-1) if total.size == problem.spec.out_channels else total

    return formula


def _sum(*axes: int, channels_last: bool = False) -> WrongFormula:
    return _over(lambda _: axes, channels_last=channels_last)


def _all_but(*left: int) -> Callable[[int], Iterable[int]]:
    """All axes but these, of which negative ones count from the last."""
    return lambda count: [axis for axis in range(count) if axis not in {place % count for place in left}]


_FORMS = {
    "over the images only": _sum(0),
    "over the images only, channels last": _sum(0, channels_last=True),
    "over rows and columns only, so each image keeps its own": _sum(2, 3),
    "not over the columns": _sum(0, 2),
    "not over the rows": _sum(0, 3),
    "not over the columns, channels last": _sum(0, 1, channels_last=True),
    "not over the rows, channels last": _sum(0, 2, channels_last=True),
    "over axes 0, 1 and 2, as if the channels were last": _sum(0, 1, 2),
    "over axes 0, 2 and 3, as if the channels were first": _sum(0, 2, 3, channels_last=True),
    "over axes 1, 2 and 3, so each image has a sum": _sum(1, 2, 3),
}

# The same of a transposed layer, of three axes and beside a padding that repeats. Axes go by their names: there may be
# one, two or three of them.
_ELSEWHERE = {
    "over the images only": _sum(0),
    "over the images only, channels last": _sum(0, channels_last=True),
    "over each image only, so that it keeps a sum of its own": _over(_all_but(0, 1)),
    "not over the last axis": _over(_all_but(1, -1)),
    "not over the last axis, channels last": _over(_all_but(-2, -1), channels_last=True),
    "not over the first axis of an image": _over(_all_but(1, 2)),
    "not over the first axis of an image, channels last": _over(_all_but(1, -1), channels_last=True),
    "over all axes but the last, as if the channels were last": _over(_all_but(-1)),
    "over all axes but the second, as if the channels were first": _over(_all_but(1), channels_last=True),
    "over the filters too, so that each image has a sum": _over(_all_but(0)),
}

MISTAKE = Mistake(
    id="bias-axes-wrong",
    order=80,
    title="sums G over the wrong axes for the bias gradient",
    formulas={"bias": _FORMS["over axes 0, 1 and 2, as if the channels were last"]},
    variants={"bias": tuple(Variant(label, formula) for label, formula in _FORMS.items())},
    elsewhere={"bias": tuple(Variant(label, formula) for label, formula in _ELSEWHERE.items())},
    why=(
        "The bias of a filter is added to every output of every image, so its gradient is the sum over all of them. "
        "`G.sum(axis=0)` is right for a dense layer, and axes 0, 1, 2 are right where the channels come last."
    ),
    hides_when="the axes that are left or lost have length 1",
    fix="Sum over images, rows and columns, and keep the filters: `G.sum(axis=(0, 2, 3))` with channels first.",
    shown_by="any picture, with --bias",
    numbers="N = {N}, {filters}, outputs {P}x{Q}",
)
