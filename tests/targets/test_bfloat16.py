"""bfloat16 goes between the processes as it is: numpy has no such numbers, and nothing is rounded on the way."""

import json

import numpy as np
import pytest
from hypothesis import given, strategies as st

from gradcheck_cli.targets.wire import BFLOAT16, PREFIX, as_bfloat16, decode, encode, lengths, name_of_dtype, widened


def sent(array):
    """The array behind the wire, and the bytes that it took there."""
    frame = encode({}, {"x": array})
    header, body = lengths(frame[: PREFIX.size])
    rest = frame[PREFIX.size :]
    message, arrays = decode(rest[:header], rest[header:])
    assert message == {}
    return arrays["x"], body


@pytest.mark.parametrize(("number", "bits"), [(1.0, 0x3F80), (-2.0, 0xC000), (256.0, 0x4380), (np.inf, 0x7F80)])
def test_the_bits_are_those_of_the_format(number, bits):
    """By hand: the upper half of float32's."""
    assert as_bfloat16(np.array([number]))["bfloat16"].tolist() == [bits]


@given(st.integers(0, 0xFFFF))
def test_every_number_of_the_format_comes_back(bits):
    """Two bytes each, NaN and the denormals among them."""
    array = widened(np.array([bits], np.uint16).view(BFLOAT16))
    back, size = sent(as_bfloat16(array))
    assert (size, name_of_dtype(back)) == (2, "bfloat16")
    assert np.array_equal(widened(back), array, equal_nan=True)


@pytest.mark.parametrize("number", [257.0, 1 + 2.0**-8, 1e300])
def test_a_number_that_is_none_of_them_stays_what_it_is(number):
    """The whole array keeps its format: who reads it sees what was computed."""
    array = np.array([1.0, number])
    back, _ = sent(as_bfloat16(array))
    assert name_of_dtype(back) == "float64"
    assert np.array_equal(back, array)


def test_shapes_stay():
    """Also without entries, and without axes."""
    for shape in ((2, 3, 4), (0, 2), ()):
        back, _ = sent(as_bfloat16(np.ones(shape)))
        assert widened(back).shape == shape


def test_float16_needs_no_help():
    """numpy has it."""
    back, size = sent(np.ones(3, np.float16))
    assert (str(back.dtype), size) == ("float16", 6)


def test_the_header_names_the_format():
    """As another reader would look for it."""
    frame = encode({}, {"x": as_bfloat16(np.ones(2))})
    header, _ = lengths(frame[: PREFIX.size])
    assert json.loads(frame[PREFIX.size : PREFIX.size + header])["arrays"][0]["dtype"] == "bfloat16"
