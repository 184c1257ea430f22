"""The few moves that wrong formulas are made of: read, correlate and spread with steps of one's own choice.

No mistake lives here. All sums go through `conv`, so a wrong formula is as exact on integers as the right one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import OtherCase, Problem, WrongFormula
from gradcheck_cli.model import Array, Case, ConvSpec, GradientName, Size

Rearrangement = Callable[[Array], "Array | None"]


@dataclass(frozen=True)
class Margin:
    """Rows and columns in front of an array, and behind it."""

    before: Size
    after: Size

    @classmethod
    def of(cls, spec: ConvSpec, change: Callable[[Size], Size] = lambda size: size) -> Margin:
        """The padding, each side changed in the same way."""
        return cls(change(spec.padding), change(spec.padding_after))


def rearranged(gradient: GradientName, change: Rearrangement) -> WrongFormula:
    """The formula that computes the right `gradient` and then spoils it by `change`."""
    return lambda problem: change(problem.right(gradient))


def on_other_case(gradient: GradientName, prepare: OtherCase) -> WrongFormula:
    """The formula that computes `gradient` rightly, but from the case that `prepare` makes."""

    def formula(problem: Problem) -> Array | None:
        other = problem.prepared(prepare)
        return None if other is None else other.right(gradient)

    return formula


def with_grad_output(case: Case, grad_output: Array) -> Case:
    """The case with another G of the same shape."""
    return replace(case, grad_output=np.ascontiguousarray(grad_output))


def window(array: Array, start: Size, size: Size) -> Array:
    """Rows and columns `start` to `start + size` of the last two axes; zeros outside of the array.

    Args:
        array: (..., h, w).
        start: may be negative.

    Returns:
        (..., *size), a fresh array.
    """
    out = np.zeros((*array.shape[:-2], *size), dtype=array.dtype)
    inner, outer = [], []
    for begin, length, available in zip(start, size, array.shape[-2:], strict=True):
        low, high = max(begin, 0), max(min(begin + length, available), max(begin, 0))
        inner.append(slice(low, high))
        outer.append(slice(low - begin, high - begin))
    out[..., outer[0], outer[1]] = array[..., inner[0], inner[1]]
    return out


def padded(case: Case) -> Array:
    """X with its zeros around it, (n, c_in, *padded_size)."""
    return conv.pad(case.x, case.spec)


def correlate(x: Array, grad_output: Array, spec: ConvSpec, start: Size = (0, 0)) -> Array:
    """sum over n,p,q of G[n,o,p,q] * x[n, i, start + stride*p + dilation*u, ...]; `x` reads as 0 outside.

    Only kernel_size, stride, dilation and groups of `spec` are used; `x` comes padded, in any size.

    Returns:
        (c_out, c_in/groups, kh, kw)
    """
    exact = exact_spec(x.shape[1], grad_output, spec)
    return conv.grad_weight(window(x, start, exact.input_size), grad_output, exact)


def spread(weight: Array, grad_output: Array, spec: ConvSpec) -> Array:
    """F[o,i,u,v] * G[n,o,p,q] added at row stride*p + dilation*u of a frame that is just large enough.

    Returns:
        (n, c_in, stride*(h_out - 1) + dilation*(kh - 1) + 1, ...)
    """
    exact = exact_spec(weight.shape[1] * spec.groups, grad_output, spec)
    return conv.grad_input(weight, grad_output, exact)


def spread_upstream(grad_output: Array, stride: Size) -> Array:
    """G with stride - 1 zeros between its values, (n, c_out, stride*(h_out - 1) + 1, ...)."""
    rows, columns = (step * (count - 1) + 1 for step, count in zip(stride, grad_output.shape[2:], strict=True))
    out = np.zeros((*grad_output.shape[:2], rows, columns), dtype=grad_output.dtype)
    out[:, :, :: stride[0], :: stride[1]] = grad_output
    return out


def exact_spec(in_channels: int, grad_output: Array, spec: ConvSpec) -> ConvSpec:
    """The unpadded geometry without a remainder that has G's outputs and the steps of `spec`."""
    batch, out_channels, *outputs = grad_output.shape
    height, width = (
        step * (count - 1) + extent for step, count, extent in zip(spec.stride, outputs, spec.extent, strict=True)
    )
    return ConvSpec(
        batch=batch,
        in_channels=in_channels,
        out_channels=out_channels,
        height=height,
        width=width,
        kernel_size=spec.kernel_size,
        stride=spec.stride,
        dilation=spec.dilation,
        groups=spec.groups,
    )


def stepping(spec: ConvSpec, stride: Size | None = None, dilation: Size | None = None) -> ConvSpec:
    """`spec` as a pattern for `correlate` and `spread`: other steps, and a size that any of them fits."""
    stride, dilation = stride or spec.stride, dilation or spec.dilation
    height, width = (step * (size - 1) + 1 for step, size in zip(dilation, spec.kernel_size, strict=True))
    return without_padding(spec, (height, width), stride=stride, dilation=dilation)


def without_padding(spec: ConvSpec, size: Size, **steps: Size) -> ConvSpec:
    """`spec` for an image of another size, without padding; `steps` are another stride and dilation."""
    changed: dict[str, Any] = {"height": size[0], "width": size[1], "padding": (0, 0), "extra_after": (0, 0), **steps}
    return replace(spec, **changed)


def frame(problem: Problem) -> Array:
    """dE/d(X padded), (n, c_in, *padded_size): what most code computes before it strips the padding."""
    spec, case = problem.spec, problem.case
    return conv.grad_input(case.weight, case.grad_output, without_padding(spec, spec.padded_size))


def full_with_margin(problem: Problem, margin: Margin, size: Size | None = None) -> Array | None:
    """correlate(G spread by the stride with `margin` zeros around it, turned F).

    Args:
        size: of the result; None for the size that comes out.

    Returns:
        None where less than nothing would be left, which raises in code.
    """
    edge = problem.spec.extent
    cut = [(edge[0] - 1 - rows, edge[1] - 1 - columns) for rows, columns in (margin.before, margin.after)]
    whole = spread(problem.case.weight, problem.case.grad_output, stepping(problem.spec))
    return stripped(whole, Margin(*cut), size)


def stripped(whole: Array, margin: Margin, size: Size | None = None) -> Array | None:
    """`whole` without the rows and columns of `margin`, or `size` rows and columns from its beginning on.

    A negative margin adds zeros. None where less than nothing would be left.
    """
    rows, columns = size or (
        length - before - after
        for length, before, after in zip(whole.shape[-2:], margin.before, margin.after, strict=True)
    )
    return window(whole, margin.before, (rows, columns)) if min(rows, columns) >= 0 else None


def padded_x(problem: Problem) -> Array:
    """X with its zeros around it, (n, c_in, *padded_size)."""
    return padded(problem.case)


def read_elsewhere(problem: Problem, shift: Size) -> Array:
    """grad_weight with every window read `shift` rows and columns away: X_padded[n, i, s*p + d*u + shift, ...].

    A shift by whole taps moves the right gradient; only the taps that come in at the edge are summed anew. What is
    supposed to be right is not moved: half of it would come from X and G.
    """
    spec = problem.spec
    source, grad_output = padded_x(problem), problem.case.grad_output
    if spec.dilation != (1, 1) or problem.supposed:
        return correlate(source, grad_output, stepping(spec), shift)
    out = window(problem.grad_weight, shift, spec.kernel_size)
    for axis in (0, 1):
        for tap in _entering(shift[axis], spec.kernel_size[axis]):
            strip = [(0, spec.kernel_size[0]), (0, spec.kernel_size[1])]
            strip[axis] = (tap, tap + 1)
            (top, bottom), (left, right) = strip
            narrow = replace(spec, kernel_size=(bottom - top, right - left))
            start = (top + shift[0], left + shift[1])
            out[..., top:bottom, left:right] = correlate(source, grad_output, stepping(narrow), start)
    return out


def _entering(shift: int, count: int) -> range:
    """The taps whose values the right gradient does not hold after a move by `shift`."""
    return range(max(count - shift, 0), count) if shift > 0 else range(min(-shift, count))


def each(make: Callable[[GradientName], WrongFormula], *gradients: GradientName) -> dict[GradientName, WrongFormula]:
    """The same mistake in several gradients."""
    return {gradient: make(gradient) for gradient in gradients}
