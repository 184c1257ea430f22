"""Tables of sines and cosines that a forward is handed: they were computed before, and nobody learns them."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

TURNED = """
import numpy as np


def swapped(a):
    half = a.shape[-1] // 2
    return np.concatenate((-a[..., half:], a[..., :half]), axis=-1)


def unswapped(a):
    half = a.shape[-1] // 2
    return np.concatenate((a[..., half:], -a[..., :half]), axis=-1)


def turn_forward(q, cos, sin):
    return q * cos + swapped(q) * sin


def turn_backward(dout, q, cos, sin):
    dq = dout * cos + SWAP(dout * sin)
    RETURNED
"""


@pytest.mark.parametrize(("swap", "verdict"), [("unswapped", Verdict.PASS), ("swapped", Verdict.FAIL)])
def test_no_gradient_of_a_table_of_angles_is_owed(tmp_path, swap, verdict):
    """It is a table as long as the data, and no number."""
    file = tmp_path / "turn.py"
    file.write_text(TURNED.replace("SWAP", swap).replace("RETURNED", "return dq"))

    report = function_here(f"{file}:turn_backward")

    assert (set(report.gradients), report.verdict) == ({"q"}, verdict)


@pytest.mark.parametrize(("sign", "wrong"), [("", set()), ("-", {"cos"})])
def test_what_is_returned_of_it_is_judged(tmp_path, sign, wrong):
    """Somebody learns them."""
    file = tmp_path / "turn.py"
    more = f"return dq, {sign}(dout * q), dout * swapped(q)"
    file.write_text(TURNED.replace("SWAP", "unswapped").replace("RETURNED", more))

    report = function_here(f"{file}:turn_backward")

    assert set(report.gradients) == {"q", "cos", "sin"}
    assert wrong == {name for name, result in report.gradients.items() if result.verdict is Verdict.FAIL}
