"""Shorter arrays of a sample: what belongs together is cut together."""

import numpy as np
import pytest

from gradcheck_cli.model import Sample
from gradcheck_cli.trials.smaller_samples import rounded, smaller_samples


def _sample(**values):
    return Sample(values, tuple(values), 0)


def _shapes(sample):
    return {name: value.shape for name, value in sample.values.items() if isinstance(value, np.ndarray)}


def test_a_length_is_cut_in_every_array_that_has_it():
    """x @ w still fits: the longest length goes first, to 1."""
    first = next(smaller_samples(_sample(x=np.zeros((3, 5)), w=np.zeros((5, 7)), b=np.zeros(7))))
    assert _shapes(first) == {"x": (3, 5), "w": (5, 1), "b": (1,)}


def test_every_length_is_tried_alone_and_by_three_shares():
    """To 1, then halfway, then one less."""
    lengths = {_shapes(each)["x"] for each in smaller_samples(_sample(x=np.zeros((5, 9))))}
    assert lengths == {(5, 1), (1, 9), (5, 5), (3, 9), (5, 8), (4, 9)}


def test_gates_that_lie_side_by_side_are_cut_with_what_they_are_made_of():
    """A cell of 7 has weights of 4 x 7 columns."""
    shapes = [_shapes(each) for each in smaller_samples(_sample(h=np.zeros((2, 7)), w=np.zeros((7, 28))))]
    assert {"h": (2, 1), "w": (1, 4)} in shapes
    assert {"h": (2, 1), "w": (1, 28)} in shapes


def test_places_along_a_length_stay_within_what_is_left_of_it():
    """An index of the fourth class becomes one of the two that are left."""
    sample = _sample(table=np.arange(12.0).reshape(4, 3), places=np.array([3, 1, 3, 0, 2]))
    cut = next(each for each in smaller_samples(sample) if _shapes(each)["table"] == (2, 3))
    assert cut.values["places"].tolist() == [1, 1, 1, 0, 0]


def test_arrays_inside_of_parameters_are_cut_too():
    """Running statistics live in a dict."""
    sample = _sample(x=np.zeros((2, 6)), params={"mean": np.zeros(6), "mode": "test"})
    cut = next(smaller_samples(sample))
    assert cut.values["params"]["mean"].shape == (1,)
    assert cut.values["params"]["mode"] == "test"


@pytest.mark.parametrize("values", [{}, {"x": np.array(2.0)}, {"x": np.zeros((1, 1)), "eps": 1e-5}])
def test_what_cannot_be_shorter_is_left(values):
    """No length is above 1."""
    assert list(smaller_samples(_sample(**values))) == []


def test_rounded_numbers_have_one_decimal_and_places_stay():
    """0.7431 becomes 0.7."""
    found = rounded(_sample(x=np.array([0.7431, -1.26]), places=np.array([4]), eps=1e-5))
    assert found.values["x"].tolist() == [0.7, -1.3]
    assert (found.values["places"].tolist(), found.values["eps"]) == ([4], 1e-5)
