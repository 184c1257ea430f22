"""What the numbers of a wrong gradient tell by themselves."""

import numpy as np
import pytest

from gradcheck_cli.diagnose.of_functions import Seen, named_by_factor


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ([2.0, 4.0], [1.0, 2.0], "grad_x is 0.5 times the right one on every sample."),
        ([2.0, 2.0], [1.0, 1.0], None),  # one number twice: any two numbers are a multiple of each other
        ([2.0, 0.0], [1.0, 0.0], None),
    ],
)
def test_one_number_is_no_factor(expected, actual, found):
    """A factor is proved by numbers that differ."""
    finding = named_by_factor("x", [Seen(np.array(expected), np.array(actual), {})])
    assert (finding and finding.message) == found
