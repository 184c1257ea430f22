"""The same sums but for rounding: right code in float32 and by FFT passes, another formula does not."""

from math import prod

import numpy as np
import pytest

from gradcheck_cli.layers import conv
from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.numbers.rounding import allowed_fft
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import STRAY, same_gradient, same_output, same_whole

SPEC = ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(1, 1))


def case_of(seed=0):
    """Numbers of all sizes."""
    draw = np.random.default_rng(seed)
    shapes = (SPEC.x_shape, SPEC.weight_shape, SPEC.bias_shape, SPEC.output_shape)
    return Case(SPEC, *(draw.standard_normal(shape) for shape in shapes))


def by_fft(case):
    """O by a transform in single precision."""
    frame = probes.padded(case)
    size = (frame.shape[-2] + 2, frame.shape[-1] + 2)
    x = np.fft.rfft2(frame, size).astype(np.complex64)
    kernels = np.fft.rfft2(case.weight[..., ::-1, ::-1], size).astype(np.complex64)
    full = np.fft.irfft2(np.einsum("nchw,ochw->nohw", x, kernels), size).astype(np.float32)
    return full[..., 2 : 2 + SPEC.output_size[0], 2 : 2 + SPEC.output_size[1]] + case.bias.reshape(-1, 1, 1)


def test_an_fft_in_float32_strays_less_on_every_probe_than_two_whole_numbers_lie_apart():
    """The bound of every sum of every probe."""
    bounds = []
    for spec in probes.PROBES:
        case = probes.integer_case(spec)
        points = prod(a + b for a, b in zip(spec.padded_size, spec.output_size, strict=True))
        x, weight, upstream = (float(np.linalg.norm(case[name])) for name in ("x", "weight", "grad_output"))
        bounds += [
            float(allowed_fft(points, *pair, "float32")) for pair in ((x, upstream), (x, weight), (weight, upstream))
        ]
    assert max(bounds) < STRAY < 0.5


@pytest.mark.parametrize("off", [1, -1, 0.5])
def test_one_entry_that_is_off_is_seen(off):
    """By one, or by a half where something was divided."""
    right = np.arange(6.0).reshape(2, 3)
    wrong = right.copy()
    wrong[1, 2] += off
    assert same_whole(right.astype(np.float32), right)
    assert not same_whole(wrong, right)


def test_what_is_missing_misshapen_or_not_finite_is_not_the_same():
    """None, another shape, not a number."""
    right = np.ones((2, 3))
    assert not same_whole(None, right)
    assert not same_whole(right, None)
    assert not same_whole(right.T, right)
    assert not same_whole(np.full((2, 3), np.nan), right)


def test_an_output_in_float32_or_by_fft_is_the_same():
    """Of any numbers, not only whole ones."""
    case = case_of()
    right = conv.forward(case)
    low = Case(SPEC, *(array.astype(np.float32) for array in case.values()))
    assert not np.array_equal(conv.forward(low), right)
    assert same_output(by_fft(case), right, case)
    assert same_output(conv.forward(low), conv.forward(Case(SPEC, *(a.astype(np.float64) for a in low.values()))), low)


def test_an_output_with_another_bias_is_not_the_same():
    """A hundredth of it at one filter."""
    case = case_of()
    right = conv.forward(case)
    other = right.copy()
    other[:, 1] += 0.01 * case.bias[1]
    assert not same_output(other, right, case)


@pytest.mark.parametrize("name", ["input", "weight"])
def test_a_gradient_in_float32_is_the_same_and_a_mean_is_not(name):
    """The rounding of sums in float32 against a factor a thousandth off."""
    case = case_of()
    low = Case(SPEC, *(array.astype(np.float32) for array in case.values()))
    wide = Case(SPEC, *(array.astype(np.float64) for array in low.values()))
    right, single = conv.backward(wide)[name], conv.backward(low)[name].astype(np.float32)
    assert same_gradient(single, name, wide, right)
    assert not same_gradient(1.001 * right, name, wide, right)
    assert not same_gradient(None, name, wide, right)
    assert not same_gradient(right[:1], name, wide, right)
