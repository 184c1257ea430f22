"""Arrays of zeros that the user hands over, as the offsets of a network before its training."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

DENSE = """
import numpy as np

def dense_forward(x, w, b):
    return np.tanh(x @ w + b), (x, w, b)

def dense_backward(up, cache):
    x, w, b = cache
    g = up * (1 - np.tanh(x @ w + b) ** 2)
    return g @ w.T, x.T @ g, g.AXES

def gradcheck_inputs():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), np.zeros(2)
"""


@pytest.mark.parametrize(("axes", "verdict"), [("sum(0)", Verdict.PASS), ("mean(0)", Verdict.FAIL)])
def test_a_wrong_gradient_of_zeros_fails(tmp_path, axes, verdict):
    """Its size tells nothing of how flat the forward is there."""
    file = tmp_path / "dense.py"
    file.write_text(DENSE.replace("AXES", axes))
    assert function_here(f"{file}:dense_backward").gradients["b"].verdict is verdict
