"""Arguments of a session reach a fresh process as they were handed over."""

import runpy

import numpy as np
import pytest

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.targets.functions.inputs.handed import write_arguments


def read(place):
    """What the written function returns."""
    file, _, name = place.rpartition(":")
    return runpy.run_path(file)[name]()


def test_a_tuple_comes_back_by_place():
    """Arrays, constants and dicts of such."""
    x = np.arange(6.0).reshape(2, 3)
    ((array, settings, eps),) = read(write_arguments((x, {"mode": "train", "mean": x[0]}, 1e-5)))
    assert np.array_equal(array, x)
    assert settings["mode"] == "train"
    assert np.array_equal(settings["mean"], x[0])
    assert eps == 1e-5


def test_a_mapping_comes_back_by_name():
    """So that a default in between may be left out."""
    found = read(write_arguments({"k": 3, "base": np.ones(2)}))
    assert list(found) == ["k", "base"]


def test_several_calls_are_several_samples():
    """A list of tuples."""
    assert [len(call) for call in read(write_arguments([(np.ones(2), 1), (np.ones(3), 2)]))] == [2, 2]


def test_what_cannot_be_written_is_refused():
    """Before any process starts."""
    with pytest.raises(UsageError, match="an argument is a function"):
        write_arguments((np.ones(2), print and read))
