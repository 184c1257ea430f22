"""How both sides of a ratio are timed: in turns within one run, each left to cool down first."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence

ROUNDS = 3
# Of the shortest times: so often, each time for so many seconds.
TURNS, SPAN = 5, 0.003
REST = 0.05
"""Seconds between the sides: threads that spin while they wait for work would slow the other side down."""


def seconds(work: Callable[[], object], repeats: int) -> list[float]:
    """Times of so many calls, after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def side_by_side(sides: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each side; the sides take turns, `ROUNDS` times."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, work in sides.items():
            time.sleep(REST)
            times[name] += seconds(work, repeats)
    return {name: statistics.median(values) for name, values in times.items()}


def fastest(sides: dict[str, Callable[[], object]], clock: Callable[[], float]) -> dict[str, float]:
    """Smallest seconds of a call of each side, by a clock that other processes do not move; the sides take turns.

    What disturbs a call only makes it longer, so of several the shortest says most.
    """
    counts = {name: _calls_in(SPAN, work) for name, work in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, work in sides.items():
            start = clock()
            for _ in range(counts[name]):
                work()
            times[name].append((clock() - start) / counts[name])
    return {name: min(values) for name, values in times.items()}


def clock_of(threads: int) -> Callable[[], float]:
    """The seconds of this thread where all is done in it, else those on the wall."""
    return time.thread_time if threads == 1 else time.perf_counter


def _calls_in(span: float, work: Callable[[], object]) -> int:
    """How many calls take about that long, at least one; after one that warms up."""
    work()
    start = time.perf_counter()
    work()
    return max(1, int(span / max(time.perf_counter() - start, 1e-9)))


def commands_side_by_side(sides: dict[str, Sequence[str]], repeats: int) -> dict[str, float]:
    """Median seconds of whole processes; a side whose command fails is left out."""
    works = {name: _process(command) for name, command in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats + 1):
        for name, work in works.items():
            taken = work()
            if taken is not None:
                times[name].append(taken)
    return {name: statistics.median(values[1:]) for name, values in times.items() if len(values) == repeats + 1}


def _process(command: Sequence[str]) -> Callable[[], float | None]:
    """A call that runs `command` and gives its seconds, or None where it did not end with exit code 0 or 1.

    Bytecode is kept, as it is where packages are installed: the first call compiles, the others do not.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> float | None:
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return time.perf_counter() - start if done.returncode in (0, 1) else None

    return run
