"""What is asked of a function, however much of it comes in one answer."""

import math

import numpy as np

from gradcheck_cli.model import FunctionOutcome, Sample
from gradcheck_cli.targets.functions.client import Stacked
from gradcheck_cli.trials.functions import FunctionSession

SAMPLE = Sample({"x": np.linspace(0.5, 2, 6), "w": np.arange(1.0, 7)}, ("x", "w"), 0)


class Called:
    """y = x^2 w, asked in this process; of several values `at_once` are answered for, and all after `fails` raise."""

    def __init__(self, at_once, fails=math.inf):
        self.at_once, self.fails, self.answered = at_once, fails, 0

    def outputs(self, sample):
        return FunctionOutcome((sample.values["x"] ** 2 * sample.values["w"],))

    def recording(self, sample):
        return "no"

    def varied(self, sample, name, values):
        self.answered += len(values[: self.at_once])
        if self.answered > self.fails:
            return Stacked((), "ValueError: no more")
        given = [{**sample.values, name: value} for value in values[: self.at_once]]
        return Stacked((np.stack([each["x"] ** 2 * each["w"] for each in given]),))

    def gradients(self, sample, upstream, calls=1):
        (grad,), x, w = upstream, sample.values["x"], sample.values["w"]
        return FunctionOutcome((x**2 * w,), {"x": 2 * grad * x * w, "w": grad * x**2})


def _trial(client, deadline=math.inf):
    session = FunctionSession(client, has_upstream=True, deadline=deadline)
    return session.run([SAMPLE]).trials[0]


def test_a_derivative_is_the_same_however_many_values_are_answered_for_at_once():
    """Bit for bit, in one answer or one by one."""
    at_once, singly = (_trial(Called(number)) for number in (1000, 1))
    for name in ("x", "w"):
        assert at_once.first[name].values.tobytes() == singly.first[name].values.tobytes()
        assert at_once.second[name].slope.tobytes() == singly.second[name].slope.tobytes()


def test_a_forward_that_raises_on_one_value_of_many_is_not_measured():
    """Whichever answer that was."""
    assert _trial(Called(1, fails=5)).unmeasured == dict.fromkeys("xw", "ValueError: no more")
