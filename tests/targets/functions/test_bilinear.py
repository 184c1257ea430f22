"""What is a product of two arrays, and so may be a convolution whatever it is called."""

from dataclasses import dataclass

import numpy as np
import pytest

from gradcheck_cli.targets.functions.bilinear import is_bilinear


@dataclass(frozen=True)
class Form:
    """A forward of x, w and b, as a written function has one."""

    compute: object

    def forward(self, values):
        """Its outputs."""
        return (self.compute(**values),)


def correlated(x, w, b):
    """One signal, three taps."""
    return np.correlate(x, w, mode="valid") + b


CASES = {
    "taps over a signal": (correlated, (9,), (3,), True),
    "a gate of both": (lambda x, w, b: x[:, None] * w, (4,), (3,), True),
    "a dense layer": (lambda x, w, b: x @ w + b, (5, 4), (4, 3), False),
    "a scaling": (lambda x, w, b: x * w + b, (5, 4), (4,), False),
    "a scaling of rows": (lambda x, w, b: x * w[:, None] + b, (5, 4), (5,), False),
    "a scaling of channels": (lambda x, w, b: x * w[:, None, None] + b, (2, 3, 4, 4), (3,), False),
    "a scaling of rows with taps": (lambda x, w, b: x[:, 1:] * w[:, None] + b, (5, 4), (5,), True),
    "a product of entries": (lambda x, w, b: x * w + b, (5, 4), (5, 4), False),
    "taps and then max(0, .)": (lambda x, w, b: np.maximum(correlated(x, w, b), 0), (9,), (3,), False),
    "a sum": (lambda x, w, b: x.sum() + w.sum() + b, (5,), (4,), False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_product_is_told_by_running_it(name):
    """Twice X is twice O, and so for F; not so for anything that is no convolution, dense layers apart."""
    compute, x, w, expected = CASES[name]
    draw = np.random.default_rng(0)
    values = {"x": draw.standard_normal(x), "w": draw.standard_normal(w), "b": 0.5}
    assert is_bilinear(Form(compute), values) == expected


def test_what_raises_is_no_evidence():
    """It is asked about inputs that somebody guessed."""
    assert not is_bilinear(Form(lambda x, w: 1 / 0), {"x": np.ones(2), "w": np.ones(2)})


def test_a_kernel_of_one_number_may_be_a_convolutions_where_windows_are_read():
    """With one tap a convolution is a scaling: only the text tells the two apart."""
    values = {"x": np.arange(1.0, 6.0), "w": np.array([2.0]), "b": 0.5}
    assert is_bilinear(Form(correlated), values, has_windows=True)
    assert not is_bilinear(Form(correlated), values, has_windows=False)
