"""The line that writes into an array of somebody else's is found by looking on at a call."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcheck_cli.targets.functions.writes import WriteWatch

RECTIFIER = """\
class Rectifier:
    def forward(self, signal):
        self.dark = signal < 0
        return np.where(self.dark, 0, signal)

    def backward(self, upstream):
        blocked = self.dark
        if blocked.any():
            upstream[blocked] = 0
        return upstream
"""

GAIN = """\
def forward(signal, kept):
    kept["slope"] = signal * 2
    return signal**2


def backward(upstream, kept):
    return scaled(upstream, kept["slope"])


def scaled(upstream, slope):
    slope *= upstream
    return slope
"""


def _loaded(text: str, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    file = tmp_path / "layer.py"
    file.write_text(text)
    names: dict[str, Any] = {"np": np}
    exec(compile(text, str(file), "exec"), names)
    return str(file), names


def test_the_line_that_changes_g_is_found(tmp_path: Path) -> None:
    """G is known by its numbers, whatever the code calls it."""
    file, names = _loaded(RECTIFIER, tmp_path)
    signal, upstream = np.array([1.0, -2.0]), np.array([3.0, 4.0])
    with WriteWatch(file, [("signal", signal), ("grad_output", upstream)]) as watch:
        layer = names["Rectifier"]()
        layer.forward(signal.copy())
        layer.backward(upstream.copy())
    assert watch.lines == {"grad_output": 9}


def test_the_line_that_changes_what_the_forward_kept_is_found(tmp_path: Path) -> None:
    """In the function that is called, under the name of where it lies; the arguments themselves stay."""
    file, names = _loaded(GAIN, tmp_path)
    signal, upstream, kept = np.array([1.0, -2.0]), np.array([3.0, 4.0]), {}
    with WriteWatch(file, [("signal", signal), ("grad_output", upstream)]) as watch:
        names["forward"](signal.copy(), kept)
        names["backward"](upstream.copy(), kept)
    assert watch.lines == {"kept['slope']": 11}


def test_what_is_only_read_is_not_named(tmp_path: Path) -> None:
    """A call that computes new arrays writes to nothing."""
    file, names = _loaded(GAIN.replace("slope *= upstream\n    return slope", "return slope * upstream"), tmp_path)
    with WriteWatch(file, [("signal", np.ones(2))]) as watch:
        names["backward"](np.ones(2), {"slope": np.full(2, 5.0)})
    assert watch.lines == {}


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_number_that_is_none_is_no_write(tmp_path: Path, number: float) -> None:
    """NaN differs from itself, which is no change."""
    file, names = _loaded(GAIN.replace("slope *= upstream\n    return slope", "return slope * upstream"), tmp_path)
    with WriteWatch(file, [("signal", np.ones(2))]) as watch:
        names["backward"](np.ones(2), {"slope": np.full(2, number)})
    assert watch.lines == {}
