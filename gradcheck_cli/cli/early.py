"""Ctrl-C before there is anything to interrupt: while the command line itself is imported. Standard library only."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What a shell gives a process that SIGINT ended; model.errors.ExitCode is not loaded yet.
_INTERRUPTED = 128 + signal.SIGINT


@contextmanager
def quiet_interrupts() -> Iterator[None]:
    """Inside, an interrupt ends the process with the exit code of one, and shows no traceback of an import.

    Only where nobody else handles it, and where it may be set: in the main thread.
    """
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
