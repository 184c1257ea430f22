"""A time limit on the user's Python code. Code inside C that does not come back is ended by the parent process."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from gradcheck_cli.targets.missing import is_library
from gradcheck_cli.targets.stopped import HungError

# The file name of Python's own import machinery in a traceback.
IMPORT_SYSTEM = "<frozen importlib"


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise `HungError` in the user's Python code after `seconds`.

    An installed package that is being imported comes to its end first, and the time starts anew: half a package left
    behind would raise later, in code of the user's that is right.
    """

    def ring(_number: int, frame: FrameType | None) -> None:
        if imports_a_library(frame):
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return
        raise HungError(f"no answer within {seconds:g} s")

    outer = signal.getitimer(signal.ITIMER_REAL)[0]
    handler: Callable[..., Any] | int | None = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, outer) if outer else seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def imports_a_library(frame: FrameType | None) -> bool:
    """Whether what runs in `frame` is the import of an installed package, and no code of the user's inside it."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(IMPORT_SYSTEM):
            return True
        if not is_library(file):
            return False
        frame = frame.f_back
    return False
