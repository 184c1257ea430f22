"""How fast a sweep goes."""

from __future__ import annotations

import time

from gradcheck_cli.runs.price import duration


def pace(begun: float, count: int, left: int) -> str:
    """In words, for the line of progress.

    Args:
        begun: when, by `time.perf_counter`.
        count: questions answered since.
        left: questions that there were then.
    """
    each = max(time.perf_counter() - begun, 1e-9) / count
    rate = f"{1 / each:.1f} a second" if each < 1 else f"{each:.1f} s each"
    return f"{rate}, {duration(each * (left - count))} left"
