"""A function that reads the first entries of a vector is asked with these alone."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

HILLS = """
import numpy as np

FIRST, SECOND = 0, 1

def saddle(place):
    return place[FIRST] ** 3 - 2 * place[FIRST] * place[SECOND]

def saddle_gradient(place):
    return np.array([3 * place[FIRST] ** 2 - 2 * place[SECOND], -2 * place[FIRST]])

def bowl(place):
    return np.sum(place ** 2)

def bowl_gradient(place):
    return np.array([2 * place[0], 2 * place[1]])

def ridge(place):
    return place[0] ** 3 - 2 * place[0] * place[1]

def ridge_gradient(place):
    return np.array([3 * place[0] ** 2, -2 * place[0]])
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """From a target's name to its report; it runs in this process."""
    file = tmp_path_factory.mktemp("hills") / "hills.py"
    file.write_text(HILLS)
    return lambda name: function_here(f"{file}:{name}")


def test_entries_that_nothing_depends_on_are_left_out(judged):
    """And that is said: a longer vector has a longer gradient, of zeros."""
    report = judged("saddle_gradient")
    assert report.gradients["place"].verdict is Verdict.PASS
    assert "place taken as long as its gradient is: the forward reads no further entries" in report.notes


def test_entries_that_the_forward_reads_stay(judged):
    """A gradient that is too short for them has a wrong shape."""
    report = judged("bowl_gradient")
    assert [each.id for each in report.findings] == ["wrong-shape"]


def test_what_is_wrong_in_the_entries_that_are_read_fails(judged):
    """Cutting makes no wrong number right."""
    assert judged("ridge_gradient").gradients["place"].verdict is Verdict.FAIL
