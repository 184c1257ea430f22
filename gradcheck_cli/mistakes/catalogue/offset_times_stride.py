"""offset-times-stride: the stride applied to the tap, as in `conv2d(X, G, stride=s)`."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.mistakes.any_form import following, stepping_by
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import correlate, padded_x, spread, stepping, window
from gradcheck_cli.model import Array, ConvSpec


def _moved_to_tap(spec: ConvSpec) -> ConvSpec:
    return stepping(spec, stride=spec.dilation, dilation=spec.stride)


def _on_tap_too(spec: ConvSpec) -> ConvSpec:
    dilation = (spec.stride[0] * spec.dilation[0], spec.stride[1] * spec.dilation[1])
    return stepping(spec, dilation=dilation)


def _strided_call(problem: Problem) -> Array:
    """conv2d(X, G, stride=s): windows of G's size move by s, so the shape is whatever fits."""
    spec, x = problem.spec, padded_x(problem)
    if _plain(spec):
        return problem.grad_weight
    counts = [
        max(size - count, 0) // step + 1
        for size, count, step in zip(x.shape[2:], spec.output_size, spec.stride, strict=True)
    ]
    shape = replace(spec, kernel_size=(counts[0], counts[1]), dilation=(1, 1))
    return correlate(x, problem.case.grad_output, _moved_to_tap(shape))


def _weight(problem: Problem) -> Array:
    if _plain(problem.spec):
        return problem.grad_weight
    return correlate(padded_x(problem), problem.case.grad_output, _moved_to_tap(problem.spec))


def _weight_both(problem: Problem) -> Array:
    if _plain(problem.spec):
        return problem.grad_weight
    return correlate(padded_x(problem), problem.case.grad_output, _on_tap_too(problem.spec))


def _input(problem: Problem) -> Array:
    return _spread_by(problem, _moved_to_tap(problem.spec))


def _input_both(problem: Problem) -> Array:
    return _spread_by(problem, _on_tap_too(problem.spec))


def _spread_by(problem: Problem, steps: ConvSpec) -> Array:
    spec, case = problem.spec, problem.case
    if _plain(spec):
        return problem.grad_input
    return window(spread(case.weight, case.grad_output, steps), spec.padding, spec.input_size)


def _plain(spec: ConvSpec) -> bool:
    return spec.stride == (1, 1) and spec.dilation == (1, 1)


MISTAKE = Mistake(
    id="offset-times-stride",
    order=310,
    title="multiplies the tap by the stride, where the output's place is to be multiplied",
    formulas={"weight": _weight, "input": _input},
    variants={
        "weight": (
            Variant("tap and place both", _weight_both),
            Variant("as conv2d(X, G, stride=s) does", _strided_call),
        ),
        "input": (Variant("tap and place both", _input_both),),
    },
    elsewhere={
        gradient: (
            Variant("", following(gradient, stepping_by(lambda axis, p, u: axis.dilation * p + axis.stride * u))),
        )
        for gradient in ("weight", "input")
    },
    why=(
        "dE/dF is a correlation of X with G, but the layer's stride becomes the *dilation* of G in it: X is read at "
        "s*p + d*u, so p takes the stride and the tap u the dilation. `conv2d(X, G, stride=s)` does the opposite."
    ),
    hides_when="stride = 1",
    fix="Read X at s*p + d*u. With `conv2d`: dilation = the layer's stride, then cut the result to the kernel's size.",
    shown_by="--stride 2",
    transposed=Told(
        title="multiplies the tap by the stride, where the place of X's entry is to be multiplied",
        fix="Entry (p, q) of X meets tap (u, v) at row s*p + d*u and column s*q + d*v of the uncut G.",
    ),
    numbers="stride {stride}",
)
