"""What a function is called with, told in short."""

import numpy as np
import pytest

from gradcheck_cli.model import Sample

SAMPLE = Sample({"x": np.zeros((5, 7)), "scale": np.zeros(()), "cfg": {"p": 0.5, "mode": "train"}, "eps": 1e-5}, ("x",))


def test_a_sample_says_the_size_of_its_arrays_and_its_constants():
    """The text stands in a table of samples."""
    assert SAMPLE.text == "x 5x7, scale a number, cfg {p 0.5, mode train}, eps 1e-05"


def test_a_constant_is_no_array():
    """Who asks for numbers is not handed a constant."""
    with pytest.raises(KeyError):
        SAMPLE.array("eps")


def test_another_value_leaves_the_others_and_the_order():
    """A sample is changed one argument at a time."""
    other = SAMPLE.replacing("x", np.ones((2, 2)))
    assert list(other.values) == list(SAMPLE.values)
    assert other.array("x").shape == (2, 2)
    assert SAMPLE.array("x").shape == (5, 7)
