"""One axis of a convolution: what is read where, and the numbers that none can have."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import Axis, ConvSpec, TransposedAxis
from gradcheck_cli.model.errors import GeometryError


def strip(axis):
    """The padded axis, element by element, of the input 1, 2, ...; a zero is nothing."""
    sources = [axis.source(position) for position in range(axis.room)]
    return [0 if source is None else source + 1 for source in sources]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [0, 0, 0, 1, 2, 3, 4, 0, 0]),
        ("reflect", [4, 3, 2, 1, 2, 3, 4, 3, 2]),
        ("replicate", [1, 1, 1, 1, 2, 3, 4, 4, 4]),
        ("circular", [2, 3, 4, 1, 2, 3, 4, 1, 2]),
    ],
)
def test_what_each_padding_repeats(mode, expected):
    """Three elements in front of 1234 and two behind it, written out by hand."""
    assert expected == strip(Axis(size=4, taps=1, before=3, after=2, mode=mode))


def test_the_edge_of_replicate_goes_on_beyond_the_size():
    """One element stands everywhere."""
    assert [1] * 8 == strip(Axis(size=1, taps=1, before=3, after=4, mode="replicate"))


def test_a_whole_turn_of_the_circle():
    """As wide as the input is the most that circular padding can be."""
    assert [1, 2, 3, 1, 2, 3, 1, 2, 3] == strip(Axis(size=3, taps=1, before=3, after=3, mode="circular"))


def test_the_derived_numbers_by_hand():
    """7 + 2 + 1 = 10 elements hold a kernel of 2*(3-1)+1 = 5 at 0 and 3, and the last two elements are not reached."""
    axis = Axis(size=7, taps=3, stride=3, dilation=2, before=2, after=1)

    assert (10, 5, 2, 2) == (axis.room, axis.extent, axis.outputs, axis.remainder)


def test_the_name_is_for_messages_alone():
    """Two axes with the same numbers are the same."""
    assert Axis(5, 3, name="height") == Axis(5, 3, name="width")


def test_a_convolution_of_pictures_has_two_axes():
    """Its pairs, one axis each, with their names."""
    spec = ConvSpec(1, 1, 1, 6, 7, (2, 4), (1, 2), (0, 2), (3, 1), extra_after=(1, -1))

    assert (Axis(6, 2, 1, 3, 0, 1), Axis(7, 4, 2, 1, 2, 1)) == spec.axes
    assert ["height", "width"] == [axis.name for axis in spec.axes]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 0}, "input size must be at least 1, not 0."),
        ({"taps": 0}, "kernel size must be at least 1, not 0."),
        ({"stride": -1}, "stride must be at least 1, not -1."),
        ({"dilation": 0}, "dilation must be at least 1, not 0."),
        ({"before": -2}, "padding must be at least 0, not -2."),
        (
            {"taps": 3, "dilation": 3},
            "the kernel does not fit the input along its length: 7 > 5.\n"
            "  input + 2*padding  5 + 2*0 = 5\n"
            "  dilated kernel     3*(3 - 1) + 1 = 7\n"
            "  hint: --padding 1 or an input length of 7 would be enough",
        ),
        (
            {"after": -3, "taps": 3},
            "the kernel does not fit the input along its length: 3 > 2.\n"
            "  input + padding on both sides  5 + 0 + -3 = 2\n"
            "  dilated kernel                 1*(3 - 1) + 1 = 3\n"
            "  hint: --padding 1 or an input length of 3 would be enough",
        ),
        (
            {"mode": "same"},
            "padding mode 'same' is none.\n  hint: the modes are zeros, reflect, replicate, circular",
        ),
        ({"mode": "replicate", "after": -1}, "replicate padding must be at least 0, not -1."),
        (
            {"mode": "reflect", "before": 5},
            "reflect padding of 5 is too wide for an input length of 5: at most 4.\n"
            "  hint: --padding 4 or an input length of 6 would do",
        ),
        (
            {"mode": "circular", "after": 7, "name": "depth"},
            "circular padding of 7 is too wide for an input depth of 5: at most 5.\n"
            "  hint: --padding 5 or an input depth of 7 would do",
        ),
    ],
)
def test_numbers_that_no_axis_can_have(changes, message):
    """Each is told with both numbers and what would fit."""
    with pytest.raises(GeometryError) as caught:
        replace(Axis(5, 2), **changes)

    assert message == caught.value.text()


def test_a_transposed_axis_is_a_convolution_s_read_backwards():
    """2*(3 - 1) + 3 = 7 elements, of which one goes on each side and one comes at the end: 6, whose windows are 3."""
    axis = TransposedAxis(size=3, taps=3, stride=2, before=1, after=1, output_padding=1)

    assert 6 == axis.outputs
    assert Axis(size=6, taps=3, stride=2, before=1, after=0) == axis.mirrored
    assert (3, 0) == (axis.mirrored.outputs, axis.mirrored.remainder)


def test_output_padding_beyond_the_stride_is_no_further_window():
    """Where the dilation allows it, output padding may hold a stride: the windows stay those of the input."""
    axis = TransposedAxis(size=4, taps=2, dilation=3, output_padding=2)

    assert (9, 4) == (axis.outputs, axis.mirrored.outputs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 0}, "input size must be at least 1, not 0."),
        ({"after": -1}, "padding must be at least 0, not -1."),
        ({"output_padding": -1}, "output padding must be at least 0, not -1."),
        (
            {"stride": 3, "dilation": 2, "output_padding": 3},
            "output padding 3 along the length must be smaller than the stride 3 or the dilation 2.\n"
            "  hint: --output-padding 2 is the most here",
        ),
        (
            {"size": 1, "before": 2, "after": 2, "stride": 2, "output_padding": 1, "name": "width"},
            "a transposed layer needs an output along its width: 0 < 1.\n"
            "  stride*(input - 1) + kernel  2*(1 - 1) + 3 = 3\n"
            "  output padding - padding     1 - 2 - 2\n"
            "  hint: an input width of 2 would be enough, or less padding",
        ),
    ],
)
def test_numbers_that_no_transposed_axis_can_have(changes, message):
    """Each is told with both numbers and what would fit."""
    with pytest.raises(GeometryError) as caught:
        replace(TransposedAxis(5, 3), **changes)

    assert message == caught.value.text()


@pytest.mark.parametrize(
    "axis",
    [
        {"size": 4, "taps": 2, "before": 3, "after": 3, "mode": "reflect"},
        {"size": 4, "taps": 2, "before": 4, "after": 4, "mode": "circular"},
    ],
)
def test_the_padding_of_the_hint_is_the_most_and_one_more_is_too_much(axis):
    """The limits are torch's own."""
    Axis(**axis)

    with pytest.raises(GeometryError, match=f"at most {axis['before']}"):
        Axis(**axis | {"after": axis["after"] + 1})
