"""Which entries are marked as different: rounding is not, and no verdict hangs on it."""

import numpy as np

from gradcheck_cli.model.visible import visibly_apart


def test_what_rounding_leaves_is_not_apart():
    """Beside an entry that is off by a quarter, one that is off in its last digits is right."""
    expected = np.array([0.28, 0.0106, 0.0])

    assert [True, False, False] == visibly_apart(expected + np.array([0.07, 2e-15, 1e-17]), expected).tolist()


def test_what_is_not_finite_is_apart():
    """NaN differs from every number, and does not hide the others."""
    assert [True, True, False] == visibly_apart(np.array([np.nan, np.inf, 3.0]), np.array([1.0, 2.0, 3.0])).tolist()


def test_equal_arrays_are_not_apart():
    """Also where all is 0."""
    assert not visibly_apart(np.zeros((2, 2)), np.zeros((2, 2))).any()
