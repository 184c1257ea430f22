"""input-grad-stride-not-dilated: no zeros, or the wrong number, between the values of G."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.mistakes.pieces import Margin, spread, stepping, stripped, window
from gradcheck_cli.model import Array, Case, Size


def _natural_size(problem: Problem, stride: Size) -> Array | None:
    """The full convolution with `stride` - 1 zeros between the values of G, in the size that comes out of it."""
    case, spec = problem.case, problem.spec
    whole = spread(case.weight, case.grad_output, stepping(spec, stride=stride))
    return stripped(whole, Margin.of(spec))


def _not_dilated(problem: Problem) -> Array | None:
    return problem.grad_input if problem.spec.stride == (1, 1) else _natural_size(problem, (1, 1))


def _one_zero_too_many(problem: Problem) -> Array:
    case, spec = problem.case, problem.spec
    if spec.stride == (1, 1):
        return problem.grad_input
    stride = (spec.stride[0] + 1, spec.stride[1] + 1)
    whole = spread(case.weight, case.grad_output, stepping(spec, stride=stride))
    return window(whole, spec.padding, spec.input_size)


def _one_zero_too_few(problem: Problem) -> Array:
    case, spec = problem.case, problem.spec
    if spec.stride == (1, 1):
        return problem.grad_input
    stride = (max(spec.stride[0] - 1, 1), max(spec.stride[1] - 1, 1))
    whole = spread(case.weight, case.grad_output, stepping(spec, stride=stride))
    return window(whole, spec.padding, spec.input_size)


def _repeated(problem: Problem) -> Array:
    """G enlarged to the size with zeros, each value repeated in their place."""
    case, spec = problem.case, problem.spec
    if spec.stride == (1, 1):
        return problem.grad_input
    rows, columns = (step * (count - 1) + 1 for step, count in zip(spec.stride, spec.output_size, strict=True))
    enlarged = case.grad_output.repeat(spec.stride[0], axis=2).repeat(spec.stride[1], axis=3)[:, :, :rows, :columns]
    whole = spread(case.weight, np.ascontiguousarray(enlarged), stepping(spec, stride=(1, 1)))
    return window(whole, spec.padding, spec.input_size)


def _as_stride_1(case: Case) -> Case | None:
    """The layer of stride 1 that has these outputs: its right code is this mistake, in the size that comes out."""
    spec = case.spec
    if spec.stride == (1, 1):
        return case
    rows, columns = (
        count - 1 + extent - (room - size)
        for count, extent, room, size in zip(
            spec.output_size, spec.extent, spec.padded_size, spec.input_size, strict=True
        )
    )
    if min(rows, columns) < 1:
        return None
    plain = replace(spec, stride=(1, 1), height=rows, width=columns)
    return replace(case, spec=plain, x=window(case.x, (0, 0), (rows, columns)))


MISTAKE = Mistake(
    id="input-grad-stride-not-dilated",
    order=340,
    title="puts the wrong number of zeros, or none, between the values of G in dE/dX",
    formulas={"input": _not_dilated},
    variants={
        "input": (
            Variant("one zero too many", _one_zero_too_many),
            Variant("one zero too few", _one_zero_too_few),
            Variant("each value repeated in place of the zeros", _repeated),
        )
    },
    why=(
        "With stride s the windows lie s apart, so G has to be spread out with s - 1 zeros between its values before "
        "the full convolution with F. Without them the gradient lands in the wrong places and is too small."
    ),
    hides_when="stride = 1",
    fix="Make zeros of size s*(h_out - 1) + 1, and put G into every s-th of their rows and columns, first.",
    shown_by="--stride 2, or gradcheck verify (dE/dX)",
    numbers="stride {stride}",
    prepare=_as_stride_1,
)
