"""Wrong formulas that step through X in another way: another stride, padding or dilation, or fewer outputs and taps.

No mistake lives here; a file of the catalogue says which steps it takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gradcheck_cli.mistakes.mistake import OtherCase, Problem, WrongFormula
from gradcheck_cli.mistakes.pieces import correlate, padded_x, spread, stepping, window, with_grad_output
from gradcheck_cli.model import Array, Case, ConvSpec, Size
from gradcheck_cli.model.line import number_of_axes

Field = Literal["stride", "padding", "dilation"]
FIELDS: tuple[Field, ...] = ("stride", "padding", "dilation")
OtherSize = Callable[[Size], Size]


@dataclass(frozen=True)
class Steps:
    """Output p and tap u meet in X at stride*p + dilation*u - padding, on each axis."""

    stride: Size
    padding: Size
    dilation: Size

    @classmethod
    def of(cls, spec: ConvSpec) -> Steps:
        """The right ones."""
        return cls(spec.stride, spec.padding, spec.dilation)


OtherSteps = Callable[[Steps], Steps]


def changing(field: Field, change: OtherSize) -> OtherSteps:
    """The steps with another stride, padding or dilation."""

    def changed(steps: Steps) -> Steps:
        other: Size = change(getattr(steps, field))
        return replace(steps, **{field: other})

    return changed


def rows_as(value: int) -> OtherSize:
    """The rows step by `value`, the columns rightly."""
    return lambda size: (value, size[1])


def columns_as(value: int) -> OtherSize:
    """The columns step by `value`, the rows rightly."""
    return lambda size: (size[0], value)


def rows_for_both(size: Size) -> Size:
    """(2, 1) -> (2, 2)"""
    return (size[0], size[0])


def columns_for_both(size: Size) -> Size:
    """(2, 1) -> (1, 1)"""
    return (size[1], size[1])


def exchanged(size: Size) -> Size:
    """(2, 1) -> (1, 2)"""
    return (size[1], size[0])


def read_with(change: OtherSteps) -> WrongFormula:
    """dE/dF with other steps; X reads as 0 outside."""

    def formula(problem: Problem) -> Array:
        right = Steps.of(problem.spec)
        steps = change(right)
        if steps == right:
            return problem.grad_weight
        start = (right.padding[0] - steps.padding[0], right.padding[1] - steps.padding[1])
        pattern = stepping(problem.spec, steps.stride, steps.dilation)
        return correlate(padded_x(problem), problem.case.grad_output, pattern, start)

    return formula


def written_with(change: OtherSteps) -> WrongFormula:
    """dE/dX with other steps; what is added outside of X is lost."""

    def formula(problem: Problem) -> Array:
        spec, case = problem.spec, problem.case
        right = Steps.of(spec)
        steps = change(right)
        if steps == right:
            return problem.grad_input
        whole = spread(case.weight, case.grad_output, stepping(spec, steps.stride, steps.dilation))
        return window(whole, steps.padding, spec.input_size)

    return formula


def visiting(counts: Callable[[ConvSpec], Size]) -> OtherCase:
    """The case in which only so many rows and columns of G count; all of them where there are not as many."""

    def prepare(case: Case) -> Case:
        rows, columns = (max(count, 0) for count in counts(case.spec))
        kept = np.zeros_like(case.grad_output)
        kept[:, :, :rows, :columns] = case.grad_output[:, :, :rows, :columns]
        return with_grad_output(case, kept)

    return prepare


def with_taps(array: Array, counts: Size) -> Array:
    """Kernels (o, i, u, v) with zeros beyond the first `counts` rows and columns of taps."""
    kept = np.zeros_like(array)
    kept[:, :, : counts[0], : counts[1]] = array[:, :, : counts[0], : counts[1]]
    return kept


def placed(grad_output: Array, rows: Array, columns: Array) -> Array:
    """G with its rows and columns moved to these places, zeros between them."""
    out = np.zeros((*grad_output.shape[:2], int(rows[-1]) + 1, int(columns[-1]) + 1), dtype=grad_output.dtype)
    out[:, :, rows[:, None], columns[None, :]] = grad_output
    return out


def is_causal(spec: ConvSpec) -> bool:
    """Whether a line is padded so that no output sees what comes later: in front alone, by all but one of the taps."""
    before, after, edge = spec.padding[1], spec.padding_after[1], spec.extent[1] - 1
    return number_of_axes(spec) == 1 and before == edge > 0 == after


def sides_differ(spec: ConvSpec) -> bool:
    """Whether anything but the position is another for rows than for columns."""
    pairs = (spec.input_size, spec.kernel_size, spec.stride, spec.padding, spec.dilation, spec.output_size)
    return any(rows != columns for rows, columns in pairs)
