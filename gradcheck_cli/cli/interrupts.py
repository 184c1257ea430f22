"""Ctrl-C, from the first import to the last word of the process. Standard library only.

An interrupt is an exception, so that what is at work cleans up. Python loses it where it strikes in a place that cannot
raise (a callback of the garbage collector, an import inside C), and then nothing would come of it: a second one, or a
few seconds without an end, end the process where it is. Its children see their pipes close, and end too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

# What a shell gives a process that SIGINT ended; model.errors.ExitCode is not loaded yet.
_INTERRUPTED = 128 + signal.SIGINT
# Seconds to clean up in: it takes a tenth of one, and longer where the machine is busy or the interrupt was lost.
GRACE = 5.0
SAID = "Interrupted."
# A progress bar hides the cursor of a terminal (DECTCEM); this shows it again.
_SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def quiet_interrupts() -> Iterator[None]:
    """Inside, an interrupt ends the process with the exit code of one, and shows no traceback of an import.

    Only where nobody else handles it, and where it may be set: in the main thread.
    """
    if not _is_ours():
        yield
        return
    signal.signal(signal.SIGINT, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def answer_interrupts() -> None:
    """From now on one is an exception, and is answered within `GRACE` seconds even where that is lost."""
    if _is_ours():
        signal.signal(signal.SIGINT, _raise)


def ignore_interrupts() -> None:
    """All is said: one that comes while the interpreter clears up must not turn the exit code into a signal."""
    with suppress(ValueError):  # not in the main thread
        _set_grace(0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _is_ours() -> bool:
    mine = threading.current_thread() is threading.main_thread()
    return mine and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _raise(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _give_up)
    _set_grace(GRACE)
    raise KeyboardInterrupt


def _set_grace(seconds: float) -> None:
    """Give up after so long; 0: not at all. Nothing where the system has no such timer."""
    if hasattr(signal, "setitimer") and (seconds or signal.getsignal(signal.SIGALRM) is _give_up):
        signal.signal(signal.SIGALRM, _give_up)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _give_up(number: int, frame: FrameType | None) -> None:
    with suppress(OSError, ValueError, AttributeError):  # nobody listens on standard error
        terminal = _SHOW_CURSOR if sys.stderr.isatty() else ""
        os.write(sys.stderr.fileno(), f"{terminal}{SAID}\n".encode())
    _leave(number, frame)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)
