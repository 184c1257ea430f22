"""windows-overwritten: a window of X is multiplied in place, and later windows read what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import padded
from gradcheck_cli.model import Array

Order = Callable[[int, int, int], Iterator[tuple[int, int, int]]]

# A step costs microseconds of Python. The geometries of `verify` have a tenth of this; on a photograph it is not tried.
_MOST_STEPS = 8192


def _filter_by_filter(filters: int, rows: int, columns: int) -> Iterator[tuple[int, int, int]]:
    return product(range(filters), range(rows), range(columns))


def _window_by_window(filters: int, rows: int, columns: int) -> Iterator[tuple[int, int, int]]:
    return ((o, p, q) for p, q, o in product(range(rows), range(columns), range(filters)))


def _in_place(order: Order) -> WrongFormula:
    def formula(problem: Problem) -> Array | None:
        spec, grad_output = problem.spec, problem.case.grad_output
        if spec.groups > 1 or grad_output.size > _MOST_STEPS:
            return None
        source, wrong = padded(problem.case), np.zeros_like(problem.grad_weight)
        (high, wide), (down, right), (step_down, step_right) = spec.extent, spec.dilation, spec.stride
        # The numbers grow with every window that overlaps; what overflows is compared with nothing.
        with np.errstate(over="ignore", invalid="ignore"):
            for n, (o, p, q) in product(range(spec.batch), order(spec.out_channels, *spec.output_size)):
                top, left = p * step_down, q * step_right
                window = source[n, :, top : top + high : down, left : left + wide : right]
                window *= grad_output[n, o, p, q]
                wrong[o] += window
        return wrong

    return formula


MISTAKE = Mistake(
    id="windows-overwritten",
    order=275,
    title="multiplies a window of X in place, so that later windows read the product",
    formulas={"weight": _in_place(_filter_by_filter)},
    variants={"weight": (Variant("filter by filter in each window", _in_place(_window_by_window)),)},
    why=(
        "A slice of an array is a view: `window = X_padded[...]` followed by `window *= g` writes into X_padded. The "
        "next filter, and every window that overlaps this one, multiplies numbers that were multiplied before."
    ),
    hides_when="there is one filter and no windows overlap",
    fix="Make a new array of the product, `dF[o] += g * window`, or take a copy of the window first.",
    shown_by="gradcheck verify",
    numbers="{filters}, stride {stride}, kernel {kernel}",
)
