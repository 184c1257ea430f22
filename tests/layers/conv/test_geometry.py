import numpy as np
import pytest
from conv_cases import specs
from hypothesis import given

from gradcheck_cli.layers.conv.geometry import Phase, crop, pad, phases, require_shape
from gradcheck_cli.model import Axis, ConvSpec
from gradcheck_cli.model.errors import GeometryError


def reading(axis, output, tap):
    """The input position at which an output reads a tap: the definition."""
    return axis.stride * output + axis.dilation * tap - axis.before


def test_stride_one_has_one_phase_with_all_taps():
    """Without a stride there is one phase: the whole axis."""
    axis = Axis(size=5, taps=3, before=1, after=1)
    assert [Phase(start=0, taps=range(3), shift=-1, shift_step=1)] == list(phases(axis))


def test_stride_two_splits_the_taps():
    """With stride 2 taps 0 and 2 see the even positions and tap 1 the odd ones."""
    axis = Axis(size=7, taps=3, stride=2)
    expected = [
        Phase(start=0, taps=range(0, 3, 2), shift=0, shift_step=1),
        Phase(start=1, taps=range(1, 3, 2), shift=0, shift_step=1),
    ]
    assert expected == list(phases(axis))


def test_taps_that_meet_an_element():
    """With 3 taps and 4 outputs, element 1 is tap 0 of output 1 and tap 1 of output 0."""
    (phase,) = phases(Axis(size=6, taps=3))
    taps, outputs_from_the_last = phase.meetings(1, outputs=4)
    assert ([0, 1], [1, 0]) == (list(range(4))[taps], [3, 2, 1, 0][outputs_from_the_last])


def test_an_element_behind_the_last_window_meets_nothing():
    """The remainder of a stride is read by no output."""
    (phase,) = phases(Axis(size=6, taps=1))
    assert phase.meetings(5, outputs=4) is None


@given(specs())
def test_phases_hold_every_reading_once(spec):
    """Phases and their meetings list every pair of an output and a tap inside of the picture exactly once."""
    for axis in spec.axes:
        expected = [
            (reading(axis, p, u), u, p)
            for p in range(axis.outputs)
            for u in range(axis.taps)
            if 0 <= reading(axis, p, u) < axis.size
        ]
        actual = []
        for phase in phases(axis):
            for element, position in enumerate(range(phase.start, axis.size, axis.stride)):
                meeting = phase.meetings(element, axis.outputs)
                if meeting is not None:
                    taps, outputs = (
                        list(range(n))[cut] for n, cut in zip((axis.taps, axis.outputs), meeting, strict=True)
                    )
                    actual += [(position, u, axis.outputs - 1 - p) for u, p in zip(taps, outputs, strict=True)]
        assert sorted(expected) == sorted(actual)


def test_pad_frames_and_crop_takes_the_frame_off():
    """The frame is zeros, of a width for each side, and goes away again."""
    planes = np.arange(1.0, 5.0, dtype=np.float32).reshape(1, 1, 2, 2)
    spec = ConvSpec(1, 1, 1, 2, 2, (1, 1), padding=(1, 2), extra_after=(1, -1))
    framed = pad(planes, spec)
    expected = [[0] * 5, [0, 0, 1, 2, 0], [0, 0, 3, 4, 0], [0] * 5, [0] * 5]
    assert expected == framed[0, 0].tolist()
    assert framed.dtype == np.float32
    assert np.array_equal(planes, crop(framed, spec))


def test_message_for_a_wrong_shape():
    """A wrong shape is refused with both shapes."""
    with pytest.raises(GeometryError) as caught:
        require_shape("x", np.zeros((1, 2, 3)), (1, 3, 2, 2))
    expected = (
        "x has the shape (1, 2, 3), but the geometry says (1, 3, 2, 2).\n"
        "  hint: the order of the axes is batch, channel, height, width"
    )
    assert expected == caught.value.text()
