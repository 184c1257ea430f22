"""Where the time goes: seconds per stage, told to a progress callback as the run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gradcheck_cli.model import Progress


@dataclass
class Stages:
    """Seconds per stage, in the order in which they began; `planned` is how many there will be."""

    progress: Progress
    planned: int
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside under `name`; a name that comes again is added up."""
        self.progress(name, min(1.0, len(self.seconds) / self.planned))
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
