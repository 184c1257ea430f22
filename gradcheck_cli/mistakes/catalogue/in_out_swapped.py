"""in-out-swapped: input channels and filters exchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.pieces import on_other_case, rearranged
from gradcheck_cli.mistakes.source import exchanges_axes
from gradcheck_cli.model import Array, Case


def _exchanged(right: Array) -> Array:
    return right.swapaxes(0, 1)


def _kernel_exchanged(case: Case) -> Case | None:
    filters, channels = case.spec.weight_shape[:2]
    if filters != channels:
        return None
    return replace(case, weight=np.ascontiguousarray(case.weight.swapaxes(0, 1)))


MISTAKE = Mistake(
    id="in-out-swapped",
    order=200,
    title="exchanges input channels and filters",
    formulas={"weight": rearranged("weight", _exchanged), "input": on_other_case("input", _kernel_exchanged)},
    in_any_form=True,
    why=(
        "F has the shape (c_out, c_in, kh, kw), while `conv_transpose2d` and some frameworks want (c_in, c_out, ...). "
        "With as many filters as channels every shape still fits."
    ),
    hides_when="there is one channel and one filter",
    fix="Keep the order of F's axes in dE/dF: the axis of the filters comes from G, that of the channels from X.",
    shown_by="--in 3 with --out 3; other numbers even change the shape",
    numbers="{channels}, {filters}",
    line=exchanges_axes,
)
