"""A gradient beside two sources of the truth that share no arithmetic."""

import numpy as np
import pytest

from gradcheck_cli.checks.ladder.judge import judged_closely
from gradcheck_cli.model import Verdict
from gradcheck_cli.oracles.blackbox import Direction, Jacobian


@pytest.mark.parametrize(
    ("actual", "off", "verdict"),
    [
        ([3.0, 5.0], 1e-12, Verdict.PASS),
        ([3.0, 5.1], 1e-12, Verdict.FAIL),
        ([3.0, 5.1], 0.5, Verdict.INCONCLUSIVE),
        ([3.0, 9.0], 0.5, Verdict.FAIL),
        ([3.0, np.inf], 0.5, Verdict.FAIL),
    ],
)
def test_what_the_second_source_cannot_tell_apart_is_not_proved_wrong(actual, off, verdict):
    """By how much it may be off itself decides; what is no number is wrong."""
    truth = Jacobian("differences", np.array([[3.0], [5.0]]), np.full((2, 1), 1e-13))
    second = Direction(np.array([1.0, 1.0]), np.array([8.0]), np.array([off]))
    judged = judged_closely(np.array(actual), truth, second, [np.array([1.0])], (2,))
    assert judged.verdict is verdict
