"""Progress on standard error: only on a terminal, and only once something takes longer than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

# Seconds: a bar that is gone at once only flickers.
DELAY = 1.0


class LateProgress:
    """A progress callback and context manager. rich is loaded when the bar first appears."""

    def __init__(self, enabled: bool, delay: float = DELAY) -> None:
        self._enabled = enabled and sys.stderr is not None and sys.stderr.isatty()
        self._timer = threading.Timer(delay, self._appear)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._now = ("", 0.0)
        self._began = self._done = False
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, stage: str, fraction: float) -> None:
        """What is being done, and the fraction done."""
        with self._lock:
            if self._enabled and not self._began:
                # Not before: until there is news the process has one thread, and may be forked.
                self._began = True
                self._timer.start()
            self._now = (stage, fraction)
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, description=stage, completed=100 * fraction)

    def __enter__(self) -> LateProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._done = True
            if self._bar is not None:
                self._bar.stop()

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        with self._lock:
            if self._done:
                return
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f}%"),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._now[0], completed=int(100 * self._now[1]))
            self._bar.start()
