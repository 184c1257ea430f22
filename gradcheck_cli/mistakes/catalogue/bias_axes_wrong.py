"""bias-axes-wrong: G summed over other axes than images, rows and columns."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.model import Array


def _sum(*axes: int, channels_last: bool = False) -> WrongFormula:
    """G, with channels first or last, summed over these axes."""

    def formula(problem: Problem) -> Array:
        upstream = problem.case.grad_output
        total = np.asarray((np.moveaxis(upstream, 1, -1) if channels_last else upstream).sum(axis=axes))
        # An axis of length 1 that is left changes the shape alone, which is told as such.
        return total.reshape(-1) if total.size == problem.spec.out_channels else total

    return formula


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

MISTAKE = Mistake(
    id="bias-axes-wrong",
    order=80,
    title="sums G over the wrong axes for the bias gradient",
    formulas={"bias": _FORMS["over axes 0, 1 and 2, as if the channels were last"]},
    variants={"bias": tuple(Variant(label, formula) for label, formula in _FORMS.items())},
    why=(
        "The bias of a filter is added to every output of every image, so its gradient is the sum over all of them. "
        "`G.sum(axis=0)` is right for a dense layer, and axes 0, 1, 2 are right where the channels come last."
    ),
    hides_when="the axes that are left or lost have length 1",
    fix="Sum over images, rows and columns, and keep the filters: `G.sum(axis=(0, 2, 3))` with channels first.",
    shown_by="any picture, with --bias",
    numbers="N = {N}, {K} filters, outputs {P}x{Q}",
)
