"""last-window-only: `=` in the loop over the outputs where `+=` is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli import conv
from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Problem, Variant
from gradcheck_cli.mistakes.pieces import correlate, on_other_case, padded_x, stepping, with_grad_output
from gradcheck_cli.model import Array, Case, ConvSpec


def _last_window_of_each(problem: Problem) -> Array:
    """The last window of every image, summed over the images."""
    spec = problem.spec
    rows, columns = (step * (count - 1) for step, count in zip(spec.stride, spec.output_size, strict=True))
    corner = np.ascontiguousarray(problem.case.grad_output[:, :, -1:, -1:])
    return correlate(padded_x(problem), corner, stepping(spec), (rows, columns))


def _last_window_at_all(problem: Problem) -> Array:
    """The last window of the last image."""
    spec = problem.spec
    last = replace(
        problem.case,
        spec=replace(spec, batch=1),
        x=problem.case.x[-1:],
        grad_output=problem.case.grad_output[-1:],
    )
    return _last_window_of_each(Problem(last))


def _only_row(index: int) -> OtherCase:
    def prepare(case: Case) -> Case:
        kept = np.zeros_like(case.grad_output)
        kept[:, :, index] = case.grad_output[:, :, index]
        return with_grad_output(case, kept)

    return prepare


def _overwritten(problem: Problem) -> Array:
    """dE/dX where each window overwrites what lay under it, so each pixel keeps its last window."""
    case, spec = problem.case, problem.spec
    return sum(
        (_group_overwritten(case, spec, group) for group in range(spec.groups)),
        start=np.zeros(spec.x_shape, dtype=case.grad_output.dtype),
    )


def _group_overwritten(case: Case, spec: ConvSpec, group: int) -> Array:
    """One group's share of `_overwritten`: look up, per pixel, the last window and the tap that covers it."""
    filters, channels = spec.out_channels // spec.groups, spec.in_channels // spec.groups
    chosen = slice(group * filters, (group + 1) * filters)
    (p, u, row_hit), (q, v, column_hit) = _last_cover(spec, 0), _last_cover(spec, 1)
    g = case.grad_output[:, chosen][:, :, p][:, :, :, q]
    f = case.weight[chosen][:, :, u][:, :, :, v]
    out = np.zeros(spec.x_shape, dtype=g.dtype)
    out[:, group * channels : (group + 1) * channels] = np.einsum("nohw,oihw->nihw", g, f)
    return out * (row_hit[:, None] & column_hit[None, :])


def _last_cover(spec: ConvSpec, axis: int) -> tuple[Array, Array, Array]:
    """For each row (or column) of X: the last output that reads it, through which tap, and whether any does."""
    size = spec.input_size[axis]
    outputs, taps, hit = np.zeros(size, int), np.zeros(size, int), np.zeros(size, bool)
    for output in range(spec.output_size[axis]):
        for tap in range(spec.kernel_size[axis]):
            place = spec.stride[axis] * output + spec.dilation[axis] * tap - spec.padding[axis]
            if 0 <= place < size:
                outputs[place], taps[place], hit[place] = output, tap, True
    return outputs, taps, hit


def _last_filter_too(problem: Problem) -> Array:
    """dE/dX with `=` in the loop over filters as well: only the last filter's last window is left."""
    case = problem.case
    kept = np.zeros_like(case.grad_output)
    kept[:, -1] = case.grad_output[:, -1]
    return _overwritten(Problem(with_grad_output(case, kept)))


def _last_bias(problem: Problem) -> Array:
    return conv.grad_bias(np.ascontiguousarray(problem.case.grad_output[:, :, -1:, -1:]))


def _last_bias_at_all(problem: Problem) -> Array:
    return conv.grad_bias(np.ascontiguousarray(problem.case.grad_output[-1:, :, -1:, -1:]))


MISTAKE = Mistake(
    id="last-window-only",
    title="overwrites with `=` in the loop over the outputs, so the last window wins",
    formulas={"weight": _last_window_of_each, "input": _overwritten, "bias": _last_bias},
    variants={
        "weight": (
            Variant("of the last image alone", _last_window_at_all),
            Variant("the last row of outputs is left", on_other_case("weight", _only_row(-1))),
        ),
        "input": (Variant("of the last filter alone", _last_filter_too),),
        "bias": (
            Variant("of the last image alone", _last_bias_at_all),
            Variant("the last row of outputs is left", on_other_case("bias", _only_row(-1))),
        ),
    },
    why=(
        "`dW[o] = G[o,p,q] * window` and `dX[..., window] = G * F` read well, but every output adds its share, and "
        "the windows overlap: what was added before is lost."
    ),
    hides_when="there is one output, or for dE/dX the windows do not overlap",
    fix="Start from zeros and use `+=` for every output (p, q).",
    shown_by="any picture larger than the kernel",
    numbers="outputs {P}x{Q}",
)
