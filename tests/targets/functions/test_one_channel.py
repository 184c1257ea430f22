"""One kernel for all channels is a convolution on one channel alone: it is judged by its own forward."""

import pytest

from gradcheck_cli.model import Verdict
from helpers import verified

# Each column is filtered by the same taps; of taps that are no vector nothing is meant.
LAGS = """
import numpy as np

def trend(rows, w):
    count = len(rows) - len(w) + 1
    out = np.zeros((count, rows.shape[1]))
    for lag in range(len(w)):
        out += w[lag] * rows[lag:lag + count]
    return out

def trend_grad(rows, w, ds):
    count = len(rows) - len(w) + 1
    dw = np.array([np.sum(ds * rows[lag:lag + count]) for lag in range(len(w))])
    drows = np.zeros((len(rows), ds.shape[1]))
    for lag in range(len(w)):
        drows[lag:lag + count] SIGN w[lag] * ds
    return drows, dw
"""


@pytest.mark.parametrize(("sign", "verdict"), [("+=", Verdict.PASS), ("-=", Verdict.FAIL)])
def test_what_is_no_convolution_with_several_channels_is_judged_by_its_forward(tmp_path, sign, verdict):
    """It failed as crashing there."""
    (report,) = verified(tmp_path, LAGS.replace("SIGN", sign), "trend_grad", file="lags.py").targets
    assert report.verdict is verdict
    assert {name: found.verdict for name, found in report.gradients.items()} == {"rows": verdict, "w": Verdict.PASS}
