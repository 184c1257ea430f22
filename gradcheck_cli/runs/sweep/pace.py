"""How fast a sweep goes."""

from __future__ import annotations

import time


def pace(begun: float, count: int, left: int) -> str:
    """In words, for the line of progress.

    Args:
        begun: when, by `time.perf_counter`.
        count: questions answered since.
        left: questions that there were then.
    """
    rate = count / max(time.perf_counter() - begun, 1e-9)
    return f"{rate:.1f} a second, {(left - count) / rate:.0f} s left"
