"""Padding that differs between the sides: by hand, as an image with zeros in it, and as torch's own 'same'."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conv_cases import by_definition, integer_case, specs
from hypothesis import given, settings, strategies as st

from gradcheck_cli.layers.conv import fft, patchwise, rowwise, tapwise
from gradcheck_cli.model import ConvSpec

WEIGHT_WAYS = [by_definition, rowwise, tapwise, patchwise, fft]
INPUT_WAYS = [by_definition, rowwise, patchwise, fft]
# An image of 1x2 pixels (3, 5) and a kernel of 1x2 taps (10, 7), padded to keep the size.
BEHIND = ConvSpec(1, 1, 1, 1, 2, (1, 2), extra_after=(0, 1))
IN_FRONT = ConvSpec(1, 1, 1, 1, 2, (1, 2), padding=(0, 1), extra_after=(0, -1))
X, F, G = (np.array(row, dtype=float).reshape(1, 1, 1, 2) for row in ((3, 5), (10, 7), (2, -1)))


def close(way, expected, actual):
    """Equal; the Fourier transform rounds."""
    return np.allclose(expected, actual, rtol=0, atol=1e-9) if way is fft else np.array_equal(expected, actual)


@pytest.mark.parametrize("way", WEIGHT_WAYS)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [(BEHIND, [2 * 3 - 1 * 5, 2 * 5 - 1 * 0]), (IN_FRONT, [2 * 0 - 1 * 3, 2 * 3 - 1 * 5])],
    ids=["behind", "in front"],
)
def test_grad_weight_by_hand(way, spec, expected):
    """With the zero behind, the windows are (3, 5) and (5, 0); with it in front, (0, 3) and (3, 5)."""
    assert close(way, [[[expected]]], way.grad_weight(X, G, spec))


@pytest.mark.parametrize("way", INPUT_WAYS)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [(BEHIND, [2 * 10, 2 * 7 - 1 * 10]), (IN_FRONT, [2 * 7 - 1 * 10, -1 * 7])],
    ids=["behind", "in front"],
)
def test_grad_input_by_hand(way, spec, expected):
    """dX_padded is (20, 4, -7): the last number is that of the zero behind, or the first that of the one in front."""
    assert close(way, [[[expected]]], way.grad_input(F, G, spec))


@given(spec=specs())
@settings(max_examples=60)
def test_it_is_the_layer_without_padding_on_an_image_with_the_zeros_in_it(spec):
    """The same dE/dF, and the same dE/dX within the frame."""
    case = integer_case(spec)
    (top, left), (bottom, right) = spec.padding, spec.padding_after
    whole = np.pad(case.x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    plain = replace(spec, height=whole.shape[2], width=whole.shape[3], padding=(0, 0), extra_after=(0, 0))
    inside = np.s_[:, :, top : top + spec.height, left : left + spec.width]

    weight = patchwise.grad_weight(whole, case.grad_output, plain)
    image = patchwise.grad_input(case.weight, case.grad_output, plain)[inside]

    for way in WEIGHT_WAYS[1:4]:
        assert np.array_equal(weight, way.grad_weight(case.x, case.grad_output, spec))
    for way in INPUT_WAYS[1:3]:
        assert np.array_equal(image, way.grad_input(case.weight, case.grad_output, spec))


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # that the zeros are copied, once in a process
@given(
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    image=st.tuples(st.integers(1, 7), st.integers(1, 7)),
)
@settings(max_examples=60)
def test_torch_s_own_same_puts_the_odd_zero_behind(kernel, dilation, image):
    """torch knows by itself what it pads with: a source that is told no numbers."""
    total = [step * (taps - 1) for step, taps in zip(dilation, kernel, strict=True)]
    before, odd = (total[0] // 2, total[1] // 2), (total[0] % 2, total[1] % 2)
    spec = ConvSpec(2, 2, 3, *image, kernel, padding=before, dilation=dilation, extra_after=odd)
    case = integer_case(spec)
    x, weight = (torch.tensor(array, requires_grad=True) for array in (case.x, case.weight))

    output = torch.nn.functional.conv2d(x, weight, padding="same", dilation=dilation)
    output.backward(torch.tensor(case.grad_output))

    assert spec.output_shape == tuple(output.shape)
    assert np.array_equal(weight.grad.numpy(), rowwise.grad_weight(case.x, case.grad_output, spec))
    assert np.array_equal(x.grad.numpy(), patchwise.grad_input(case.weight, case.grad_output, spec))
