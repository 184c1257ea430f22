from math import log2

import numpy as np
import pytest
from conv_cases import integer_case, specs
from hypothesis import given, settings

from gradcheck_cli.layers import conv
from gradcheck_cli.layers.conv import definition, fft
from gradcheck_cli.layers.conv.fft import transform_size
from gradcheck_cli.model import ConvSpec

ROUNDOFF = {np.float32: 2.0**-24, np.float64: 2.0**-53}


def excess(expected, actual, norms, spec, dtype):
    """The largest error of `actual`, in units of the bound 2 log2(P) u ||.|| ||.||."""
    points = max(2, np.prod(transform_size(spec)))
    error = np.abs(expected - actual.astype(np.float64)).max()
    return error / (2 * log2(points) * ROUNDOFF[dtype] * norms[0] * norms[1])


def norm(array):
    """Euclidean norm of all elements, never 0."""
    return max(float(np.linalg.norm(array.astype(np.float64))), 1e-300)


def test_grad_weight_by_hand():
    """The hand-computed numbers of the 3x3 picture come out to within rounding."""
    spec = ConvSpec(1, 1, 1, 3, 3, kernel_size=(2, 2))
    x, grad_output = np.arange(1.0, 10.0).reshape(spec.x_shape), np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    assert [[0, 2], [6, 8]] == fft.grad_weight(x, grad_output, spec)[0, 0].round(12).tolist()


def test_grad_input_by_hand():
    """The hand-computed numbers of the 3x3 picture come out to within rounding."""
    spec = ConvSpec(1, 1, 1, 3, 3, kernel_size=(2, 2))
    weight, grad_output = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    expected = [[1, 12, 20], [100, 1199, 1990], [0, -100, -1000]]
    assert expected == fft.grad_input(weight, grad_output, spec)[0, 0].round(9).tolist()


@pytest.mark.parametrize("dtype", ROUNDOFF)
@given(spec=specs())
@settings(max_examples=60, deadline=None)
def test_stays_within_its_bound(dtype, spec):
    """Against the exact integers both gradients keep to 2 log2(P) u times the norms, in the dtype of the inputs."""
    case = integer_case(spec, dtype)
    expected = definition.grad_weight(case.x, case.grad_output, spec.geometry)
    actual = fft.grad_weight(case.x, case.grad_output, spec)
    assert (dtype, spec.weight_shape) == (actual.dtype, actual.shape)
    assert excess(expected, actual, (norm(case.x), norm(case.grad_output)), spec, dtype) <= 1
    expected = definition.grad_input(case.weight, case.grad_output, spec.geometry)
    actual = fft.grad_input(case.weight, case.grad_output, spec)
    assert (dtype, spec.x_shape) == (actual.dtype, actual.shape)
    assert excess(expected, actual, (norm(case.weight), norm(case.grad_output)), spec, dtype) <= 1


@pytest.mark.parametrize("dtype", ROUNDOFF)
def test_forum_layer_stays_within_its_bound_for_every_pair(dtype):
    """At the forum layer each pair of a filter and a channel keeps to the bound with the norms of its own planes."""
    spec = ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32))
    case = integer_case(spec, dtype, largest=1)
    pixels = np.abs(integer_case(spec, dtype, seed=1, largest=255).x)
    exact = conv.grad_weight(pixels.astype(np.float64), case.grad_output.astype(np.float64), spec)
    actual = fft.grad_weight(pixels, case.grad_output, spec)
    for o, i in np.ndindex(3, 3):
        norms = norm(pixels[0, i]), norm(case.grad_output[0, o])
        assert excess(exact[o, i], actual[o, i], norms, spec, dtype) <= 1


def test_the_bound_can_fail():
    """A shift by one column is far outside of the bound."""
    spec = ConvSpec(1, 1, 1, 16, 16, kernel_size=(5, 5))
    case = integer_case(spec)
    expected = definition.grad_weight(case.x, case.grad_output, spec.geometry)
    shifted = fft.grad_weight(np.roll(case.x, 1, axis=-1), case.grad_output, spec)
    assert excess(expected, shifted, (norm(case.x), norm(case.grad_output)), spec, np.float64) > 1e6


def test_transform_reads_what_the_windows_read():
    """256 is smooth already; of 13 columns with stride 3 the windows read 11, and 12 is the next even smooth length."""
    assert (256, 256) == transform_size(ConvSpec(1, 3, 3, 256, 256, kernel_size=(32, 32)))
    assert (12, 14 + 2) == transform_size(ConvSpec(1, 1, 1, 13, 15, kernel_size=(5, 5), stride=(3, 5)))


def test_backward_by_fft_returns_all_three():
    """`conv.backward` takes the method by its name; the bias is summed directly."""
    spec = ConvSpec(2, 4, 6, 9, 8, kernel_size=(3, 2), stride=(2, 1), padding=(1, 2), groups=2)
    case = integer_case(spec)
    expected, actual = conv.backward(case), conv.backward(case, method="fft")
    assert np.allclose(expected.weight, actual.weight, rtol=0, atol=1e-9)
    assert np.allclose(expected.input, actual.input, rtol=0, atol=1e-9)
    assert np.array_equal(expected.bias, actual.bias)
