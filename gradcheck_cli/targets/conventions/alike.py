"""Whether two arrays are the same sums, but for rounding. It serves to recognise a call, never to judge a gradient."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import TENSORS, Array, Case, GradientName
from gradcheck_cli.numbers.rounding import allowed_fft, allowed_low

# Sums of the whole numbers of a probe are whole, and a wrong one is off by 1 or more somewhere. Right code strays by
# less: direct sums are exact in float32 too, and an FFT in float32 keeps `allowed_fft`, 0.017 on the largest probe.
STRAY = 1 / 32


def same_whole(actual: Array | None, expected: Array | None) -> bool:
    """Whether both are there, of one shape, and the same sums of whole numbers (`expected` is exact)."""
    if actual is None or expected is None or actual.shape != expected.shape:
        return False
    return bool((np.abs(np.asarray(actual, np.float64) - expected) <= STRAY).all())


def same_output(actual: Array, expected: Array, case: Case) -> bool:
    """Whether an output of any numbers is O, summed in float32 or better, in any order or by FFT.

    Args:
        actual: (n, c_out, h_out, w_out).
        expected: O in float64, of that shape.
        case: what both were computed from; its bias is part of the bound.
    """
    if np.array_equal(actual, expected):
        return True
    spec, sizes = case.spec, _absolute(case)
    terms = spec.in_channels // spec.groups * prod(spec.kernel_size) + 1  # the bias is one more
    allowed = allowed_low("float32", terms, conv.forward(sizes), expected) + _by_fft(case, case.x, case.weight)
    return _within(actual, expected, allowed)


def same_gradient(actual: Array | None, name: GradientName, case: Case, expected: Array) -> bool:
    """Whether one gradient of any numbers is the convolution's, summed in float32 or better, in any order or by FFT.

    Args:
        actual: in our layout; None where it was not returned.
        name: "input" or "weight".
        case: what it was computed from.
        expected: the right one in float64.
    """
    if actual is None or actual.shape != expected.shape:
        return False
    if np.array_equal(actual, expected):
        return True
    partner = TENSORS[name].partner
    by_fft = _by_fft(case, case[partner], case.grad_output) if partner else 0.0
    gauge = conv.backward(_absolute(case))[name]
    return _within(actual, expected, allowed_low("float32", case.spec.terms_of(name), gauge, expected) + by_fft)


def is_followed(output: Array, convolved: Array) -> bool:
    """Whether the output rises (or falls) with the convolution's, in every plane: activations, norms and factors do."""
    planes = zip(output.reshape(-1, *output.shape[2:]), convolved.reshape(-1, *output.shape[2:]), strict=True)
    steps = [np.diff(mine.ravel()[np.argsort(theirs.ravel())]) for mine, theirs in planes]
    slack = 1e-9 * float(np.abs(output).max(initial=0.0))
    rising = all((step >= -slack).all() for step in steps)
    return rising or all((step <= slack).all() for step in steps)


def _absolute(case: Case) -> Case:
    x, weight, bias, grad_output = map(np.abs, case.values())
    return replace(case, x=x, weight=weight, bias=bias, grad_output=grad_output)


def _by_fft(case: Case, one: Array, other: Array) -> Array:
    """The bound of a transform in float32; of a padding that repeats something each reading is transformed."""
    points = 4 * max(case.x[0, 0].size, case.grad_output[0, 0].size)
    norms = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    bound: Array = case.spec.readings * allowed_fft(points, *norms, "float32")
    return bound


def _within(actual: Array, expected: Array, allowed: Array) -> bool:
    return bool((np.abs(np.asarray(actual, np.float64) - expected) <= allowed).all())
