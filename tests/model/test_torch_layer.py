"""A layer in torch's words."""

import re

import pytest

from gradcheck_cli.model import ConvSpec, TorchLayer
from gradcheck_cli.model.errors import GeometryError

SMALL = {"in_channels": 2, "out_channels": 3, "size": 7, "kernel_size": 3}


def test_two_axes_are_the_spec_that_they_always_were():
    """Numbers for both axes, or one for all."""
    layer = TorchLayer(batch=2, in_channels=4, out_channels=6, size=(8, 7), kernel_size=3, stride=(2, 1), groups=2)

    assert layer.spec == ConvSpec(2, 4, 6, 8, 7, (3, 3), (2, 1), groups=2)


def test_one_axis_is_a_height_of_one():
    """The arrays have it too; told are the numbers of the layer's own axis."""
    spec = TorchLayer(**SMALL, conv="conv1d", stride=2, padding=[(2, 0)]).spec

    assert ((1, 2, 1, 7), (3, 2, 1, 3), (1, 3, 1, 4)) == (spec.x_shape, spec.weight_shape, spec.output_shape)
    assert ((7,), (3,), (2,)) == (spec.own(spec.input_size), spec.own(spec.kernel_size), spec.own(spec.stride))


def test_transposed_layers_have_their_own_shapes():
    """Channels first in the weight, and an output that the output padding lengthens."""
    spec = TorchLayer(**SMALL, conv="conv_transpose3d", stride=2, padding=1, output_padding=(0, 1, 1)).spec

    assert ((2, 3, 3, 3, 3), (1, 3, 13, 14, 14)) == (spec.weight_shape, spec.output_shape)


@pytest.mark.parametrize(
    ("taps", "dilation", "sides"), [(3, 1, (1, 1)), (4, 1, (1, 2)), (2, 3, (1, 2)), (1, 5, (0, 0))]
)
def test_same_puts_the_odd_one_behind(taps, dilation, sides):
    """As torch does, and the output is as long as the input."""
    spec = TorchLayer(**SMALL | {"kernel_size": taps}, conv="conv1d", dilation=dilation, padding="same").spec

    assert sides == (spec.padding[1], spec.padding_after[1])
    assert spec.output_size == spec.input_size


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"padding": "same", "stride": 2}, "padding 'same' is for a stride of 1, not 2, as torch has it."),
        ({"padding": "same", "conv": "conv_transpose1d"}, "conv_transpose1d takes no padding 'same', only numbers."),
        ({"padding": "full"}, "padding 'full' is no word of torch's."),
        ({"conv": "conv4d"}, "'conv4d' is no form of a convolution."),
        ({"stride": (1, 2, 3)}, "stride of conv2d takes 1 number or 2, not 3."),
        ({"output_padding": 1}, "conv2d has no output padding, and 1 is asked for."),
        (
            {"padding": 7, "padding_mode": "reflect"},
            "reflect padding of 7 is too wide for an input height of 7: at most 6.",
        ),
        (
            {"padding": 8, "padding_mode": "circular"},
            "circular padding of 8 is too wide for an input height of 7: at most 7.",
        ),
        (
            {"conv": "conv_transpose2d", "padding_mode": "reflect"},
            "conv_transpose2d takes no padding mode reflect, as torch has zeros alone there.",
        ),
        (
            {"conv": "conv_transpose1d", "stride": 2, "output_padding": 2},
            "output padding 2 along the length must be smaller than the stride 2 or the dilation 1.",
        ),
        ({"kernel_size": 9, "conv": "conv3d"}, "the kernel does not fit the input along its depth: 9 > 7."),
    ],
)  # fmt: skip
def test_what_torch_refuses_is_refused_with_its_numbers(words, sentence):
    """One sentence each."""
    with pytest.raises(GeometryError, match=f"^{re.escape(sentence)}"):
        _ = TorchLayer(**SMALL | words).spec
