"""Samples are drawn again where nothing is known of a gradient on the first ones."""

import numpy as np
import pytest
from functions_here import function_here

from gradcheck_cli.model import Sample, Verdict
from gradcheck_cli.trials.redrawn import NOTE, redrawn


def test_other_numbers_stay_where_they_may_be():
    """Smaller ones, then the same in another order; what no gradient is owed for stays as it is."""
    x, labels = np.linspace(0.05, 0.95, 8).reshape(2, 4), np.array([0, 1])
    smaller, permuted = (samples[0] for samples in redrawn([Sample({"x": x, "y": labels}, ("x",))]))
    assert np.array_equal(smaller.array("x"), 0.2 * x)
    assert sorted(permuted.array("x").ravel()) == sorted(x.ravel())
    assert not np.array_equal(permuted.array("x"), x)
    assert permuted.values["y"] is labels


STEEP = """
import numpy as np

def steep_forward(x, w):
    a = 40 * x @ w
    b = np.tanh(a)
    return b, (x, w, b)

def steep_backward(dout, cache):
    x, w, b = cache
    da = RIGHT * 40 * dout * (1 - b ** 2)
    return da @ w.T, x.T @ da
"""


@pytest.mark.parametrize(("right", "verdict"), [("1", Verdict.PASS), ("2", Verdict.FAIL)])
def test_a_forward_that_saturates_is_asked_where_it_moves(tmp_path, right, verdict):
    """1 - b² keeps few digits of b near 1; the report says that it was asked elsewhere."""
    (tmp_path / "steep.py").write_text(STEEP.replace("RIGHT", right), encoding="utf-8")
    report = function_here(f"{tmp_path / 'steep.py'}:steep_backward")
    assert {name: each.verdict for name, each in report.gradients.items()} == dict.fromkeys(("x", "w"), verdict)
    assert (NOTE in report.notes) == (verdict is Verdict.PASS)


NEARLY = """
import numpy as np

def calm_forward(x, eps=1e-6):
    return (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps)

def calm_backward(dout, x, eps=1e-6):
    apart, spread = x - x.mean(-1, keepdims=True), x.var(-1, keepdims=True) + eps
    along = (dout * apart).mean(-1, keepdims=True)
    return (dout - dout.mean(-1, keepdims=True) - apart * along / spread) / np.sqrt(spread)
"""


def test_what_is_off_by_little_is_no_worse_where_numbers_are_smaller(tmp_path):
    """An eps that stands elsewhere is a larger part of them: that proves nothing either."""
    (tmp_path / "calm.py").write_text(NEARLY, encoding="utf-8")
    assert function_here(f"{tmp_path / 'calm.py'}:calm_backward").verdict is not Verdict.FAIL
