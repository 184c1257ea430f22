"""Samples on which an array of the code has no entries say nothing of what is computed with it."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict

# A moving average whose jumps are punished: the usual lengths leave one value, which has no neighbour.
TRACKED = """
import numpy as np

def tracking_loss(series, taps, rough=0.5):
    count = len(taps)
    smooth = sum(taps[i] * series[i:len(series) - count + 1 + i] for i in range(count))[:-1]
    wanted = series[count:]
    JUMPS
    loss = ((smooth - wanted) ** 2).sum() / 2 + rough * (jumps ** 2).sum() / 2
    back = smooth - wanted
    back[1:] += rough * jumps
    OTHER
    grad_taps = np.array([np.sum(back * series[i:i + len(back)]) for i in range(count)])
    return loss, grad_taps
"""
HALF, WHOLE = "pass", "back[:-1] -= rough * jumps"


@pytest.mark.parametrize("jumps", ["jumps = np.diff(smooth, axis=0)", "jumps = smooth[1:] - smooth[:-1]"])
@pytest.mark.parametrize(("other", "verdict"), [(WHOLE, Verdict.PASS), (HALF, Verdict.FAIL)])
def test_a_penalty_on_neighbours_is_asked_where_there_are_some(tmp_path, jumps, other, verdict):
    """Of one value the difference is empty, and half of its derivative is as good as all of it."""
    (tmp_path / "tracked.py").write_text(TRACKED.replace("JUMPS", jumps).replace("OTHER", other))
    assert function_here(f"{tmp_path}/tracked.py:tracking_loss").verdict is verdict


# The delayed part has no name, and no slice says that it is short.
ECHO = """
import numpy as np

def echo(x, lag=3):
    late = np.take(x, range(len(x) - lag), axis=0)
    return x.sum(0) + np.sin(late).sum(0)

def echo_grad(x, g, lag=3):
    dx = np.tile(g, (len(x), 1))
    for t in range(len(x) - lag):
        dx[t] += g * np.SLOPE(x[t])
    return dx
"""


@pytest.mark.parametrize(("slope", "verdict"), [("cos", Verdict.PASS), ("tanh", Verdict.FAIL)])
def test_a_lag_as_long_as_the_data_is_asked_with_longer_ones(tmp_path, slope, verdict):
    """Three rows and a lag of three: the late part has no entries."""
    (tmp_path / "echo.py").write_text(ECHO.replace("SLOPE", slope))
    assert function_here(f"{tmp_path}/echo.py:echo").verdict is verdict
