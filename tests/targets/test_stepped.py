"""Weights that a function steps by itself are read as the gradients that they were stepped by."""

import numpy as np

from gradcheck_cli.targets.conventions import stepped
from gradcheck_cli.targets.conventions.base import Returned

OLD = {"weight": np.array([5.0, 7.0]), "bias": np.array([1.0])}


def test_what_goes_twice_as_far_at_twice_the_rate_is_a_step() -> None:
    """5 to 3 and then to 1 is a step of 2; an array that stays, or goes as far again, is none."""
    once = {"0": np.array([3.0, 4.0]), "1": np.array([1.0])}
    twice = {"0": np.array([1.0, 1.0]), "1": np.array([1.0])}
    assert stepped.steps(OLD, once, twice) == (("0", "weight"),)
    assert stepped.steps(OLD, once, once) == ()


def test_a_step_is_read_as_the_gradient_that_it_took() -> None:
    """At the rate 1 the gradient is old - new, under the gradient's name; the step is no change of an argument."""
    returned = Returned(
        {"0": np.array([3.0, 4.0]), "bias afterwards": np.array([9.0])}, {}, ("weight", "x"), None, None
    )
    read = stepped.as_gradients(returned, OLD, (("0", "weight"),))
    assert list(read.items) == ["0"]
    assert read.items["0"].tolist() == [2.0, 3.0]
    assert read.names == {"0": "dw"}
    assert read.mutated == ("x",)


def test_only_weights_are_looked_at_afterwards() -> None:
    """An input that was changed in place is nobody's step."""
    assert list(stepped.afterwards({"x": OLD["weight"], "weight": OLD["weight"]})) == ["weight afterwards"]
