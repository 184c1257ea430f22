"""The setting on which alone a function is wrong is told from the samples."""

import numpy as np
import pytest

from gradcheck_cli.diagnose.conditions_of_functions import distinguishing_setting

X = np.ones((2, 3))
PLAIN = {"x": X}


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ([{"x": X, "axis": 0}], [PLAIN, {"x": X, "keep": True}], "axis = 0"),
        ([{"x": X, "axis": 0}, {"x": X, "mode": "sum"}], [PLAIN], "axis = 0 or mode = sum"),
        ([{"x": X, "bn": {"mode": "test"}}], [{"x": X, "bn": {"mode": "train"}}], "bn['mode'] = test"),
        ([{"x": X, "axis": 0}], [], ""),  # it is wrong on all
        ([{"x": X, "axis": 0}, PLAIN], [PLAIN], ""),  # at the default as well
        ([{"x": X, "axis": 0}], [{"x": X, "axis": 0}], ""),  # right on other numbers
        ([{"x": X, "axis": 0, "keep": False}], [PLAIN], ""),  # two settings at once
    ],
)
def test_a_setting_tells_where_every_wrong_sample_has_it_and_no_right_one(wrong, right, expected):
    """Of several settings together none is blamed."""
    assert distinguishing_setting(wrong, right) == expected
