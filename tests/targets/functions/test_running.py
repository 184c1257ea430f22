"""Numbers on which a forward stands still say nothing of its slope."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

RATES = """
import numpy as np

when = np.array([0.5, 1.0, 1.5])
seen = np.array([2.0, 3.0, 5.0])

def rate_nll(params):
    growth, start = params
    rate = start * np.exp(growth * when)
    rate = np.where(rate <= 0, 1e-60, rate)
    return np.sum(rate - seen * np.log(rate))

def rate_nll_grad(params):
    growth, start = params
    rate = start * np.exp(growth * when)
    return np.array([np.sum(when * (rate - seen)), np.sum(rate - seen) / start TIMES])
"""


@pytest.mark.parametrize(("times", "verdict"), [("", Verdict.PASS), ("* 2", Verdict.FAIL)])
def test_a_rate_that_is_kept_above_0_is_asked_above_0(tmp_path, times, verdict):
    """Below, the forward is one number whatever it is given."""
    file = tmp_path / "rates.py"
    file.write_text(RATES.replace("TIMES", times))

    report = function_here(f"{file}:rate_nll_grad")

    assert report.verdict is verdict
    assert all("unused" not in finding.id for finding in report.findings)
