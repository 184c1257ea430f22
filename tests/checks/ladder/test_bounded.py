"""Right, wrong, and what lies between: in units of u times a gauge."""

import numpy as np

from gradcheck_cli.checks.ladder.bounded import GAP, OPERATIONS, UNIT, bounded
from gradcheck_cli.model import Verdict

TRUE = np.array([1.0, 2.0, 3.0])
GAUGE = np.ones(3)
NOTHING = np.zeros(3)
ALLOWED = OPERATIONS * (3 + 2) * UNIT * 2


def judged(error):
    """The verdict on numbers that are off by so much in one entry."""
    return bounded(TRUE + np.array([0.0, error, 0.0]), TRUE, NOTHING, GAUGE, 3)


def test_what_rounding_may_do_is_right():
    """Up to the bound."""
    assert judged(ALLOWED * 0.9).verdict is Verdict.PASS


def test_what_not_even_float32_inside_could_do_is_wrong():
    """Beyond the gap, with its place."""
    result = judged(ALLOWED * GAP * 1.1)
    assert (result.verdict, result.wrong, result.worst) == (Verdict.FAIL, 1, (1,))


def test_between_nothing_is_said():
    """Neither rounding in float64 nor surely a mistake."""
    assert judged(ALLOWED * 1000).verdict is Verdict.INCONCLUSIVE


def test_numbers_of_float32_are_right_to_their_rounding():
    """Where every entry is one."""
    true = np.array([0.1, 0.2, 0.3])
    result = bounded(true.astype(np.float32), true, NOTHING, GAUGE, 3)
    assert (result.verdict, result.is_float32) == (Verdict.PASS, True)


def test_not_a_number_is_never_right():
    """It compares as unequal to everything, and as wrong here."""
    assert bounded(np.array([1.0, np.nan, 3.0]), TRUE, NOTHING, GAUGE, 3).verdict is Verdict.FAIL


def test_nothing_compared_is_no_pass():
    """An empty gradient."""
    assert bounded(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), 1).verdict is Verdict.INCONCLUSIVE


def test_what_the_truth_is_off_by_is_no_error():
    """Its radius is taken away first."""
    radius = np.full(3, 0.5)
    assert bounded(TRUE + 0.4, TRUE, radius, GAUGE, 3).verdict is Verdict.PASS
