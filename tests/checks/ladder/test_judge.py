"""What a comparison on whole numbers proves, and what it does not."""

import numpy as np

from gradcheck_cli.checks.ladder.judge import judged_exactly
from gradcheck_cli.model import Verdict
from gradcheck_cli.oracles.blackbox import exact_differences

G = (np.array([2.0, -3.0]),)


VALUES = np.array([[1.0, 2.0], [4.0, -3.0]])
# So far apart that 1 + e^-40 is 1, and e^-40 is not 0.
POINT = np.array([41.0, 1.0])


def attend(x):
    """The values weighted by a softmax of x."""
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ VALUES


def gradient(x):
    """The right one."""
    e = np.exp(x - x.max())
    y, inner = e / e.sum(), VALUES @ G[0]
    return y * (inner - (y * inner).sum())


def test_a_slope_that_no_difference_can_show_is_not_wrong():
    """The weights are 1 and 0 whatever moves a little, and the right gradient is 1e-17, not 0."""
    slope = exact_differences(POINT, lambda moved: (attend(moved),))
    assert not slope.any()
    assert gradient(POINT).any()
    assert Verdict.FAIL is not judged_exactly(gradient(POINT), slope, G, (2,), (attend(POINT),)).verdict


def test_a_wrong_one_is_wrong_there_all_the_same():
    """What is as large as the outputs is more than that."""
    slope = exact_differences(POINT, lambda moved: (attend(moved),))
    assert Verdict.FAIL is judged_exactly(VALUES @ G[0], slope, G, (2,), (attend(POINT),)).verdict


def test_of_whole_outputs_one_part_in_a_thousand_is_seen():
    """A product of whole numbers, and a gradient that is off by little."""
    weight = np.array([[1.0, 2.0], [3.0, -4.0], [5.0, 6.0]])
    point = np.array([1.0, 2.0, 3.0])
    slope = exact_differences(point, lambda moved: (moved @ weight,))
    right = weight @ G[0]
    out = (point @ weight,)
    assert judged_exactly(right, slope, G, (3,), out).equal
    assert Verdict.FAIL is judged_exactly(right * (1 + 1e-3), slope, G, (3,), out).verdict
