"""How fast a sweep goes."""

import time

from gradcheck_cli.runs.sweep.pace import pace


def test_the_rate_and_the_time_that_is_left_are_said(monkeypatch):
    """Twenty answers in ten seconds, and thirty to go."""
    monkeypatch.setattr(time, "perf_counter", lambda: 110.0)
    assert pace(100.0, 20, 50) == "2.0 a second, 15 s left"


def test_slow_ones_are_told_one_by_one(monkeypatch):
    """Four in ten seconds, and a thousand to go."""
    monkeypatch.setattr(time, "perf_counter", lambda: 110.0)
    assert pace(100.0, 4, 1004) == "2.5 s each, 42 min left"


def test_no_time_is_no_error(monkeypatch):
    """Nor where the clock has not moved."""
    monkeypatch.setattr(time, "perf_counter", lambda: 1.0)
    assert pace(1.0, 5, 5).endswith(" 0 s left")
