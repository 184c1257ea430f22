"""The exact probes on layers of every form."""

import random

import numpy as np
import pytest
from layer_forms import drawn, whole

from gradcheck_cli.layers import conv
from gradcheck_cli.model import CONVS, GRADIENTS, Case, TorchLayer
from gradcheck_cli.numbers import drawing, exact
from gradcheck_cli.numbers.arithmetic import fft_slack


def sums_of_sizes(case):
    """A, the sum of the absolute values of the products of each entry: the largest of each gradient."""
    found = conv.backward(Case(case.spec, abs(case.x), abs(case.weight), case.bias, abs(case.grad_output)))
    return [found[name].max() for name in GRADIENTS]


@pytest.mark.parametrize("name", CONVS)
def test_certificates_are_never_below_the_largest_sum(name):
    """Padding that shows an element again, and roles that are turned, are counted."""
    generator = random.Random(name)
    for seed in range(25):
        case = whole(drawn(generator, name), seed)
        proof = exact.certificate(case)
        bounds = np.array([proof.weight, proof.input, proof.bias])

        assert (bounds >= sums_of_sizes(case)).all()


@pytest.mark.parametrize("name", CONVS)
def test_narrow_numbers_are_exact_in_float32_and_wide_ones_are_not(name):
    """Both in float64; of the wide ones, float32 arithmetic shows in each gradient that numbers meet in."""
    generator, rng = random.Random(name), np.random.default_rng(0)
    for _ in range(10):
        spec = drawn(generator, name)
        narrow, wide = exact.narrow_case(spec, rng), exact.wide_case(spec, rng)
        half = {at: array.astype(np.float32) for at, array in wide.items()}
        right, rounded = conv.backward(wide), conv.backward(Case(spec, **half))

        assert max(sums_of_sizes(narrow)) < 2**24
        assert 2**24 < max(sums_of_sizes(wide)) < 2**53
        assert not any(np.array_equal(right[at], rounded[at]) for at in GRADIENTS if right[at].any()), spec


@pytest.mark.parametrize("name", CONVS)
def test_one_tap_of_each_input_channel_is_wide(name):
    """In some filter of its group: two would add up beyond the limit in an entry of dE/dX, none would hide float32."""
    generator, rng = random.Random(name), np.random.default_rng(0)
    for _ in range(10):
        spec = drawn(generator, name)
        weight = exact.wide_case(spec, rng).weight
        channels = weight if spec.transposed else weight.reshape(spec.groups, -1, *weight.shape[1:]).swapaxes(1, 2)
        wide = (channels >= 2**24).reshape(spec.in_channels, -1).sum(axis=1)
        assert [1] * spec.in_channels == wide.tolist(), spec


def test_a_volume_too_large_for_float32_keeps_its_first_and_last_planes():
    """Thinned out to zeros inside; what stands at the borders of any axis stays."""
    grad_output = np.ones((1, 1, 6, 6, 6))
    kept = drawing.thinned_inside(grad_output, 0.01, np.random.default_rng(0))

    assert all(kept.take(end, axis).all() for axis in (2, 3, 4) for end in (0, -1))
    assert kept[0, 0, 1:-1, 1:-1, 1:-1].sum() < 8


@pytest.mark.parametrize("name", CONVS)
def test_the_transform_stays_within_what_is_allowed_for_it(name):
    """Planes of a volume add up, and so does what is folded back."""
    generator = random.Random(name)
    for seed in range(5):
        case = whole(drawn(generator, name), seed)
        right, found = conv.backward(case), conv.backward(case, method="fft")

        assert all(abs(right[at] - found[at]).max() <= fft_slack(case, at) for at in GRADIENTS)


def test_lines_are_thinned_along_their_own_axis():
    """The height of 1 is no border that would keep everything."""
    spec = TorchLayer(conv="conv1d", in_channels=1, out_channels=1, size=200_000, kernel_size=3).spec
    case = exact.narrow_case(spec, np.random.default_rng(0))

    assert exact.certificate(case).exact_in_float32
    assert case.grad_output[0, 0, 0, [0, -1]].all()
