"""The geometry of one convolution."""

import pytest

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError


def spec(**changes):
    """The forum's layer, changed."""
    sizes = {"batch": 1, "in_channels": 3, "out_channels": 3, "height": 256, "width": 256, "kernel_size": (32, 32)}
    return ConvSpec(**(sizes | changes))


def test_the_layer_of_the_forum():
    """3 filters of 3x32x32 on 256x256 give 225x225 outputs and 50,625 terms in each kernel entry."""
    layer = spec()

    assert (1, 3, 256, 256) == layer.x_shape
    assert (3, 3, 32, 32) == layer.weight_shape
    assert (1, 3, 225, 225) == layer.output_shape
    assert 50_625 == layer.terms


def test_stride_padding_and_dilation_by_hand():
    """(7 + 2*1 - (2*(3-1)+1)) // 2 + 1 = 3 with nothing left over; (8 + 2 - 5) leaves 1."""
    layer = spec(height=7, width=8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2))

    assert ((5, 5), (3, 3), (0, 1)) == (layer.extent, layer.output_size, layer.remainder)


def test_zeros_on_each_side_by_hand():
    """6 + 0 + 1 - 2 = 5 steps of 1 and 7 + 2 + 1 - 4 = 6 of 2, so 6 and 4 outputs; a stride of 4 leaves 2 over."""
    layer = spec(height=6, width=7, kernel_size=(2, 4), stride=(1, 2), padding=(0, 2), extra_after=(1, -1))

    assert ((1, 1), (7, 10), (6, 4)) == (layer.padding_after, layer.padded_size, layer.output_size)
    assert (0, 2) == spec(width=7, kernel_size=(2, 4), stride=(1, 4), padding=(0, 2), extra_after=(1, -1)).remainder


def test_a_layer_that_pads_on_one_side_only_is_padded():
    """Zeros behind the image are padding too, and of no plain convolution."""
    behind, plain = spec(extra_after=(0, 1)), spec()

    assert (True, False, ("padding",)) == (behind.is_padded, behind.is_symmetric, behind.unusual)
    assert (False, True, ()) == (plain.is_padded, plain.is_symmetric, plain.unusual)


def test_what_a_plain_convolution_does_without():
    """By name, in the order in which they are told."""
    layer = spec(stride=(1, 2), padding=(1, 1), dilation=(2, 1), groups=3)

    assert ("stride", "padding", "dilation", "groups") == layer.unusual


def test_groups_divide_the_channels_of_the_kernel():
    """Four channels in two groups leave two for each filter."""
    assert (6, 2, 32, 32) == spec(in_channels=4, out_channels=6, groups=2).weight_shape


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 0}, "batch must be at least 1, not 0."),
        ({"in_channels": -3}, "in channels must be at least 1, not -3."),
        ({"out_channels": 0}, "out channels must be at least 1, not 0."),
        ({"width": 0}, "input size must be at least 1, not 0."),
        ({"kernel_size": (3, 0)}, "kernel size must be at least 1, not 0."),
        ({"stride": (0, 1)}, "stride must be at least 1, not 0."),
        ({"dilation": (1, -1)}, "dilation must be at least 1, not -1."),
        ({"groups": 0}, "groups must be at least 1, not 0."),
        ({"padding": (0, -2)}, "padding must be at least 0, not -2."),
        (
            {"padding": (1, 0), "extra_after": (-2, 0)},
            "padding at the bottom and the right must be at least 0, not -1.\n"
            "  hint: extra_after takes away (-2, 0) of (1, 0)",
        ),
        (
            {"height": 2, "kernel_size": (4, 4), "extra_after": (1, 0)},
            "the kernel does not fit the input along its height: 4 > 3.\n"
            "  input + padding on both sides  2 + 0 + 1 = 3\n"
            "  dilated kernel                 1*(4 - 1) + 1 = 4\n"
            "  hint: --padding 1 or an input height of 4 would be enough",
        ),
        (
            {"in_channels": 4, "groups": 3},
            "--groups 3 does not divide --in 4.\n  hint: --groups that divide 4: 1, 2, 4",
        ),
        (
            {"in_channels": 4, "out_channels": 6, "groups": 4},
            "--groups 4 does not divide --out 6.\n  hint: --groups that divide 6: 1, 2, 3, 6",
        ),
        (
            {"height": 5, "kernel_size": (4, 4), "dilation": (2, 2)},
            "the kernel does not fit the input along its height: 7 > 5.\n"
            "  input + 2*padding  5 + 2*0 = 5\n"
            "  dilated kernel     2*(4 - 1) + 1 = 7\n"
            "  hint: --padding 1 or an input height of 7 would be enough",
        ),
        (
            {"width": 31},
            "the kernel does not fit the input along its width: 32 > 31.\n"
            "  input + 2*padding  31 + 2*0 = 31\n"
            "  dilated kernel     1*(32 - 1) + 1 = 32\n"
            "  hint: --padding 1 or an input width of 32 would be enough",
        ),
    ],
)
def test_sizes_that_no_convolution_can_have(changes, message):
    """Each impossible size is told with both numbers and what would fit."""
    with pytest.raises(GeometryError) as caught:
        spec(**changes)

    assert message == caught.value.text()


def test_the_padding_of_the_hint_is_enough_and_one_less_is_not():
    """The hint of the error is itself right."""
    spec(height=5, kernel_size=(8, 8), padding=(2, 2))

    with pytest.raises(GeometryError, match="--padding 2 "):
        spec(height=5, kernel_size=(8, 8), padding=(1, 1))
