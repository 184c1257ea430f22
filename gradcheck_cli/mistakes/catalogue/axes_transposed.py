"""axes-transposed: rows and columns exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.mistakes.pieces import on_other_case, rearranged, with_grad_output
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.mistakes.source import exchanges_axes
from gradcheck_cli.mistakes.steps import sides_differ
from gradcheck_cli.model import Array, Case, GradientName


def _exchanged(right: Array) -> Array:
    return right.swapaxes(2, 3)


def _exchanged_in_memory(right: Array) -> Array:
    """Numbers that stand as (columns, rows), reshaped to (rows, columns)."""
    return np.ascontiguousarray(right.swapaxes(2, 3)).reshape(right.shape)


def _upstream_exchanged(case: Case) -> Case | None:
    rows, columns = case.spec.output_size
    return with_grad_output(case, case.grad_output.swapaxes(2, 3)) if rows == columns else None


def _kernel_exchanged(case: Case) -> Case | None:
    rows, columns = case.spec.kernel_size
    return replace(case, weight=np.ascontiguousarray(case.weight.swapaxes(2, 3))) if rows == columns else None


def _swapped(first: int, second: int) -> Callable[[Array], Array | None]:
    """None where there are not so many axes."""
    return lambda right: right.swapaxes(first, second) if right.ndim + first > 1 else None


_PAIRS = {"": (-2, -1), "the depth and the rows": (-3, -2), "the depth and the columns": (-3, -1)}


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    return tuple(Variant(label, rearranged(gradient, _swapped(*pair))) for label, pair in _PAIRS.items())


MISTAKE = Mistake(
    id="axes-transposed",
    order=130,
    title="exchanges rows and columns",
    formulas={"weight": rearranged("weight", _exchanged), "input": rearranged("input", _exchanged)},
    variants={
        "weight": (
            Variant("of G", on_other_case("weight", _upstream_exchanged)),
            Variant("they stand as (columns, rows) in memory", rearranged("weight", _exchanged_in_memory)),
        ),
        "input": (
            Variant("of G", on_other_case("input", _upstream_exchanged)),
            Variant("of F", on_other_case("input", _kernel_exchanged)),
            Variant("they stand as (columns, rows) in memory", rearranged("input", _exchanged_in_memory)),
        ),
    },
    needs_rows=True,
    elsewhere={gradient: _elsewhere(gradient) for gradient in ("weight", "input")},
    why=(
        "A loop that writes [v, u] for [u, v], (width, height) where (height, width) is meant, as in OpenCV's sizes, "
        "or a reshape from the other order. On square sizes every shape still fits."
    ),
    hides_when="the arrays are symmetric, or one row or column wide",
    fix="Keep the order (rows, columns) everywhere: the first kernel index goes with the row of X and of G.",
    shown_by="--k 3 or larger; --k 3x5 even changes the shape",
    of_function="Take the steps of the forward in the opposite order, each transposed: what it does last comes first.",
    numbers="kernel {kernel}, image {H}x{W}",
    line=exchanges_axes,
    misfits=sides_differ,
    sign=Sign.TRANSPOSED,
)
