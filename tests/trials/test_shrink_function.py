"""The smallest sample on which a function's gradient is wrong."""

import math

import numpy as np
import pytest

from gradcheck_cli.model import FunctionExample, FunctionOutcome, Sample
from gradcheck_cli.targets.functions.client import Stacked
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.shrink_function import SHRINK_SAMPLES, shrink_function


class Called:
    """y = x w, asked in this process; `backward` gives the gradients, `takes` says which samples the forward takes."""

    def __init__(self, backward, takes=lambda x, w: True):
        self.backward, self.takes, self.asked = backward, takes, 0

    def outputs(self, sample):
        self.asked += 1
        if not self.takes(**sample.values):
            return FunctionOutcome(error="ValueError: no", error_kind="raised", error_where="forward")
        return FunctionOutcome((sample.values["x"] @ sample.values["w"],))

    def varied(self, sample, name, values):
        given = [{**sample.values, name: value} for value in values]
        return Stacked((np.stack([each["x"] @ each["w"] for each in given]),))

    def gradients(self, sample, upstream, calls=1):
        return FunctionOutcome(gradients=self.backward(*upstream, **sample.values))


def _mean_of_rows(grad, x, w):
    """Divided by the number of rows: right where there is one."""
    return {"w": x.T @ grad / len(x)}


def _shrunk(client, deadline=math.inf):
    rng = np.random.default_rng(0)
    sample = Sample({"x": rng.standard_normal((3, 5)), "w": rng.standard_normal((5, 7))}, ("x", "w"), 1)
    found = FunctionExample("w", sample.values, (), (), np.zeros(1), None)
    return shrink_function(FunctionSession(client, has_upstream=True, deadline=deadline), found, sample)


def test_every_length_goes_down_as_far_as_the_mistake_still_shows():
    """Divided by the rows shows on two of them, one feature and one output."""
    example = _shrunk(Called(_mean_of_rows))
    assert {name: value.shape for name, value in example.values.items()} == {"x": (2, 1), "w": (1, 1)}
    assert example.is_smallest


def test_the_numbers_are_whole_where_the_mistake_shows_on_them():
    """Whoever reads it can do the sum by hand."""
    example = _shrunk(Called(_mean_of_rows))
    for array in (*example.values.values(), *example.upstream):
        np.testing.assert_array_equal(array, np.rint(array))
    np.testing.assert_allclose(example.actual * 2, example.expected)


def test_a_length_that_the_forward_needs_stays():
    """It takes five features only."""
    example = _shrunk(Called(_mean_of_rows, takes=lambda x, w: x.shape[1] == 5))
    assert example.values["x"].shape == (2, 5)


def test_nothing_is_asked_after_the_time():
    """What was found before is told, and not called the smallest."""
    client = Called(_mean_of_rows)
    example = _shrunk(client, deadline=-math.inf)
    assert (client.asked, example.is_smallest) == (0, False)
    assert example.values["x"].shape == (3, 5)


@pytest.mark.parametrize("needed", [97, 10_000])
def test_a_search_without_end_stops(needed):
    """A mistake that needs nearly every length is not chased through all of them."""

    def backward(grad, x, w):
        return {"w": x.T @ grad * (2.0 if x.size * w.size > needed else 1.0)}

    client = Called(backward)
    _shrunk(client)
    assert client.asked <= SHRINK_SAMPLES
