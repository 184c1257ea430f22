"""The second derivative of a recorded forward."""

import numpy as np
import torch

from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay
from gradcheck_cli.oracles.graph.second import second_derivatives


def test_a_product_of_powers_by_hand():
    """f = x^2 w, G = 1, weights 1: d(2 x w + x^2)/dx = 2 w + 2 x, d/dw = 2 x."""
    x, w = torch.tensor([3.0], dtype=torch.float64), torch.tensor([5.0], dtype=torch.float64)
    _, recording = record(lambda: x * x * w, {"x": x, "w": w})
    values = {"x": np.array([3.0]), "w": np.array([5.0])}
    ones = {"x": np.ones(1), "w": np.ones(1)}
    found = second_derivatives(Replay(recording, values), [np.ones(1)], ones)
    assert {"x": [16.0], "w": [6.0]} == {name: list(array) for name, array in found.items()}


def test_what_is_straight_has_zeros():
    """A sum depends on its terms in the first degree."""
    x = torch.ones(2, dtype=torch.float64)
    _, recording = record(lambda: 3 * x, {"x": x})
    found = second_derivatives(Replay(recording, {"x": np.ones(2)}), [np.ones(2)], {"x": np.ones(2)})
    assert [0.0, 0.0] == list(found["x"])
