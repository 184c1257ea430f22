"""A forward and its backward: what is handed on, and what a gradient of a mean is."""

import numpy as np
import pytest

from gradcheck_cli.targets.functions.averaged import averages_over_columns, without_the_mean
from gradcheck_cli.targets.functions.pair import PairForm, PlainFunction


def leaky(x, slope=0.25):
    """A forward with a setting."""
    return np.where(x > 0, x, slope * x)


def leaky_grad(x, slope=0.25):
    """Its derivative, which takes the same setting."""
    return np.where(x > 0, 1.0, slope)


def test_a_setting_that_both_may_be_given_is_given_to_both():
    """Else the derivative is asked at its default beside a forward that is not."""
    x = np.array([[-2.0, 4.0]])
    form = next(
        PairForm(PlainFunction(leaky, None, "leaky"), PlainFunction(leaky_grad, None, "leaky_grad")).wirings({"x": x})
    )
    ran = form.run({"x": x, "slope": 0.5}, [np.ones((1, 2))])
    assert ran.outputs[0].tolist() == [[-1.0, 4.0]]
    assert ran.gradients["x"].tolist() == [[0.5, 1.0]]


@pytest.mark.parametrize(
    ("line", "is_mean"),
    [
        ("m = A.shape[1]; dW = 1.0 / m * dZ @ A.T", True),
        ("m = A.shape[1]; dW = dZ @ A.T / m", True),
        ("m = A.shape[0]; dW = A.T @ dZ / m", False),  # rows: the loss divides there
        ("m = A.shape[1]; dW = dZ @ A.T * m", False),
    ],
)
def test_the_mean_of_the_cost_is_told_by_its_columns(line, is_mean):
    """Only code whose samples are columns puts the 1/m of its cost into dW."""
    assert averages_over_columns(line) is is_mean


def test_only_parameters_are_means():
    """What has a column for each sample is the derivative by one sample."""
    arguments = {"A": np.zeros((5, 3)), "W": np.zeros((6, 5)), "b": np.zeros((6, 1))}
    grads = {name: np.ones_like(array) for name, array in arguments.items()}
    found = without_the_mean(grads, arguments, np.zeros((6, 3)))
    assert [float(found[name].flat[0]) for name in "AWb"] == [1.0, 3.0, 3.0]
