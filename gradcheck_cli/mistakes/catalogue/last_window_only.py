"""last-window-only: `=` in the loop over the outputs where `+=` is due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.any_form import following, only, right
from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import correlate, on_other_case, padded_x, stepping, with_grad_output
from gradcheck_cli.mistakes.source import overwrites
from gradcheck_cli.model import Array, Axis, Case, ConvSpec
from gradcheck_cli.model.line import number_of_axes

Cover = Callable[[ConvSpec, int], tuple[Array, Array, Array]]


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


_ALL, _LAST = slice(None), slice(-1, None)


def _only(images: slice, rows: slice, columns: slice) -> OtherCase:
    """The case with G zero at all other outputs."""

    def prepare(case: Case) -> Case | None:
        if rows is _LAST and number_of_axes(case.spec) == 1:
            return None
        kept = np.zeros_like(case.grad_output)
        kept[images, :, rows, columns] = case.grad_output[images, :, rows, columns]
        return with_grad_output(case, kept)

    return prepare


_LAST_ROW, _LAST_COLUMN = _only(_ALL, _LAST, _ALL), _only(_ALL, _ALL, _LAST)
_LAST_ROW_AT_ALL = _only(_LAST, _LAST, _ALL)


def _overwritten(problem: Problem) -> Array:
    """dE/dX where each window overwrites what lay under it, so each pixel keeps its last window."""
    return _keeping(problem, _last_window)


def _overwritten_by_taps(problem: Problem) -> Array:
    """dE/dX where each tap (u, v), for all outputs at once, overwrites the taps before it."""
    return _keeping(problem, _last_tap)


def _keeping(problem: Problem, cover: Cover) -> Array:
    """dE/dX where each pixel keeps one product per filter, that of `cover`."""
    case, spec = problem.case, problem.spec
    return sum(
        (_group_keeping(case, spec, group, cover) for group in range(spec.groups)),
        start=np.zeros(spec.x_shape, dtype=case.grad_output.dtype),
    )


def _group_keeping(case: Case, spec: ConvSpec, group: int, cover: Cover) -> Array:
    """One group's share of `_keeping`."""
    filters, channels = spec.out_channels // spec.groups, spec.in_channels // spec.groups
    chosen = slice(group * filters, (group + 1) * filters)
    (p, u, row_hit), (q, v, column_hit) = cover(spec, 0), cover(spec, 1)
    g = case.grad_output[:, chosen][:, :, p][:, :, :, q]
    f = case.weight[chosen][:, :, u][:, :, :, v]
    out = np.zeros(spec.x_shape, dtype=g.dtype)
    out[:, group * channels : (group + 1) * channels] = np.einsum("nohw,oihw->nihw", g, f)
    return out * (row_hit[:, None] & column_hit[None, :])


def _last_window(spec: ConvSpec, axis: int) -> tuple[Array, Array, Array]:
    """For each row (or column) of X: the last output that reads it, through which tap, and whether any does."""
    taps, outputs = range(spec.kernel_size[axis]), range(spec.output_size[axis])
    return _last(spec, axis, [(output, tap) for output in outputs for tap in taps])


def _last_tap(spec: ConvSpec, axis: int) -> tuple[Array, Array, Array]:
    """For each row (or column) of X: the output that reads it through the last tap, that tap, and whether any does."""
    taps, outputs = range(spec.kernel_size[axis]), range(spec.output_size[axis])
    return _last(spec, axis, [(output, tap) for tap in taps for output in outputs])


def _last(spec: ConvSpec, axis: int, order: list[tuple[int, int]]) -> tuple[Array, Array, Array]:
    size = spec.input_size[axis]
    outputs, taps, hit = np.zeros(size, int), np.zeros(size, int), np.zeros(size, bool)
    for output, tap in order:
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


def _last_writer(axis: Axis, output: int, tap: int) -> int | None:
    """The element that is read, where no later output reads it too."""
    found = right(axis, output, tap)
    later = ((p, u) for p in range(output + 1, axis.outputs) for u in range(axis.taps))
    return None if found is None or any(right(axis, p, u) == found for p, u in later) else found


def _overwritten_elsewhere(problem: Problem) -> Array | None:
    """As `_overwritten`, where no element is read twice by one output."""
    if problem.spec.transposed or problem.spec.padding_mode != "zeros":
        return None
    return following("input", _last_writer)(problem)


def _last_tap_writer(axis: Axis, output: int, tap: int) -> int | None:
    """The element that is read, where no later tap reads it too."""
    found = right(axis, output, tap)
    later = ((p, u) for p in range(axis.outputs) for u in range(tap + 1, axis.taps))
    return None if found is None or any(right(axis, p, u) == found for p, u in later) else found


def _last_tap_of_all(axis: Axis, output: int, tap: int) -> int | None:
    """Of a transposed layer every element of X meets all taps, and keeps the last."""
    return right(axis, output, tap) if tap == axis.taps - 1 else None


def _overwritten_by_taps_elsewhere(problem: Problem) -> Array | None:
    """As `_overwritten_by_taps`."""
    if problem.spec.transposed:
        return following("input", _last_tap_of_all)(problem)
    return following("input", _last_tap_writer)(problem) if problem.spec.padding_mode == "zeros" else None


_BY_TAPS = "in the loop over the taps, so the last tap wins"
_TAPS_OVERWRITE = f"overwrites with `=` {_BY_TAPS}"
_ADD_TAPS = "Start from zeros and use `+=` for every tap (u, v)."
MISTAKE = Mistake(
    id="last-window-only",
    order=240,
    title="overwrites with `=` in the loop over the outputs, so the last window wins",
    formulas={"weight": _last_window_of_each, "input": _overwritten, "bias": _last_bias},
    variants={
        "weight": (
            Variant("of the last image alone", _last_window_at_all),
            Variant("the last row of outputs is left", on_other_case("weight", _LAST_ROW)),
            Variant("the last column of outputs is left", on_other_case("weight", _LAST_COLUMN)),
            Variant("the last image's last row of outputs is left", on_other_case("weight", _LAST_ROW_AT_ALL)),
        ),
        "input": (
            Variant("of the last filter alone", _last_filter_too),
            Variant(_BY_TAPS, _overwritten_by_taps, title=_TAPS_OVERWRITE, fix=_ADD_TAPS),
        ),
        "bias": (
            Variant("of the last image alone", _last_bias_at_all),
            Variant("the last row of outputs is left", on_other_case("bias", _LAST_ROW)),
            Variant("the last column of outputs is left", on_other_case("bias", _LAST_COLUMN)),
            Variant("the last image's last row of outputs is left", on_other_case("bias", _LAST_ROW_AT_ALL)),
        ),
    },
    elsewhere={
        "weight": (Variant("", following("weight", only(lambda axis, p: p == axis.outputs - 1))),),
        "input": (
            Variant("", _overwritten_elsewhere),
            Variant(_BY_TAPS, _overwritten_by_taps_elsewhere, title=_TAPS_OVERWRITE, fix=_ADD_TAPS),
        ),
    },
    why=(
        "`dW[o] = G[o,p,q] * window` and `dX[..., window] = G * F` read well, but every output adds its share, and "
        "the windows overlap: what was added before is lost."
    ),
    hides_when="there is one output, or for dE/dX the windows do not overlap",
    fix="Start from zeros and use `+=` for every output (p, q).",
    transposed=Told(
        title="overwrites with `=` in the loop over the entries of X, so the last window wins",
        fix="Start from zeros and use `+=` for every entry (p, q) of X.",
    ),
    shown_by="any picture larger than the kernel",
    numbers="outputs {P}x{Q}",
    line=overwrites,
)
