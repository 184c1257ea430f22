"""Forwards that are found by what they are handed."""

import ast

import pytest

from gradcheck_cli.targets.functions.by_use import forward_among

CODE = """
def focal_loss_binary(p, y, gamma=2.0): ...
def focal_loss_multi(p, y, gamma, weights): ...
def focal_loss_gradient(p, y, gamma=2.0): ...
def huber_eval(x, knot=1): ...
def huber_grad(x, knot=1): ...
def leaky_relu(x): ...
def relu_backward(x): ...
def mean_squared_error_loss(y, tx, w): ...
def compute_gradient_MSE(y, tx, w): ...
"""


@pytest.mark.parametrize(
    ("backward", "forward"),
    [
        ("focal_loss_gradient", "focal_loss_binary"),
        ("huber_grad", "huber_eval"),
        ("relu_backward", ""),
        ("compute_gradient_MSE", "mean_squared_error_loss"),
    ],
)
def test_a_forward_goes_on_as_its_backward_begins_and_takes_the_same(backward, forward):
    """Of another beginning, or with other arguments, it is another's."""
    functions = {node.name: node for node in ast.parse(CODE).body}

    assert forward_among(backward, functions) == forward
