"""A gradient beside the truth of its sample."""

import numpy as np
import pytest

from gradcheck_cli.model import FunctionOutcome, Sample, Verdict
from gradcheck_cli.oracles.blackbox import Direction, Jacobian
from gradcheck_cli.trials.compared import judged_of
from gradcheck_cli.trials.function_trial import Asking, FunctionTrial


@pytest.mark.parametrize(("slope", "verdict"), [(1e-29, None), (1e-3, Verdict.FAIL)])
def test_what_rounding_alone_is_seen_of_is_not_compared(slope, verdict):
    """A saturated softmax: twice nothing is no mistake, and twice something is one."""
    x = np.array([30.0])
    trial = FunctionTrial(
        Sample({"x": x}, ("x",)),
        outputs=(np.array([1.0]),),
        first={"x": Jacobian("complex step", np.array([[slope]]), np.array([[0.0]]))},
        second={"x": Direction(np.array([1.0]), np.array([slope]), np.array([1e-12]))},
    )
    outcome = FunctionOutcome(outputs=trial.outputs, gradients={"x": np.array([2 * slope])})
    judged = judged_of(trial, Asking("random numbers", (np.array([1.0]),), outcome), "x")
    assert (judged.verdict if judged else None) is verdict


@pytest.mark.parametrize(("actual", "verdict"), [(1e-151, None), (1e-3, Verdict.FAIL)])
def test_a_loss_that_is_0_by_rounding_has_no_slope_of_0_to_the_last_bit(actual, verdict):
    """The surest class of a softmax: whole steps change nothing, and its gradient is e**-345."""
    x = np.array([19.0])
    trial = FunctionTrial(
        Sample({"x": x}, ("x",)),
        outputs=(np.array(0.0),),
        exact={"x": Jacobian("whole differences of the forward", np.array([[0.0]]), np.array([[0.0]]))},
    )
    outcome = FunctionOutcome(outputs=trial.outputs, gradients={"x": np.array([actual])})
    judged = judged_of(trial, Asking("a loss", (np.array(1.0),), outcome), "x")
    assert (judged.verdict if judged else None) is verdict
