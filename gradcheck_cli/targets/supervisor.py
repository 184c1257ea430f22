"""The process between gradcheck and a worker: it outlives the worker and ends all that the worker leaves behind.

Forked by the nursery; the worker is forked from it. On Linux it is a "subreaper" (prctl(2)): what is below it and loses
its parent becomes its child, so nothing leaves the tree by a session of its own, a second fork or a cleared
environment. Elsewhere only the worker's group is ended. It ends with the pipe `life`, so also when gradcheck is killed.
Code that kills it ends the worker too, but then keeps what it had detached.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import struct
import time
from typing import NamedTuple

# As <sys/prctl.h> numbers them.
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
# What process lists call it; at most 15 letters (prctl(2)).
NAME = b"gc-supervisor"
# How it speaks through `status`: its own number first, the exit code of the worker at the end.
NUMBER = struct.Struct("<q")
PAUSE = 0.002
PATIENCE = 2.0

# Number and start time: the number alone may by now be that of another process.
Process = tuple[int, bytes]


class Pipes(NamedTuple):
    """`life` ends when the worker is to be killed; through `status` the supervisor's number and the end are told."""

    request: int
    answer: int
    life: int
    status: int


def main(pipes: Pipes, memory: int) -> None:
    """Run a worker to its end, end what it leaves, and tell how it ended.

    Args:
        pipes: to and from gradcheck.
        memory: for `child.main`.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_NAME, NAME)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    os.write(pipes.status, NUMBER.pack(os.getpid()))
    worker = os.fork()
    if not worker:
        os.close(pipes.life)
        os.close(pipes.status)
        _work(pipes.request, pipes.answer, memory)
        return
    os.close(pipes.request)
    os.close(pipes.answer)
    signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals() - {signal.SIGCHLD})
    status = _outlive(worker, pipes.life)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    _end_descendants()
    with contextlib.suppress(BrokenPipeError):
        os.write(pipes.status, NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _prctl(option: int, value: int | bytes) -> None:
    """Nothing happens where the system has no such call."""
    first = value if isinstance(value, bytes) else ctypes.c_ulong(value)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, first, *map(ctypes.c_ulong, (0, 0, 0)))


def _work(request: int, answer: int, memory: int) -> None:
    """Be the worker: in a session of its own, so that its group holds nothing but its descendants."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(PR_SET_NAME, b"gc-worker")
    os.setsid()
    from gradcheck_cli.targets import child

    child.main(request, answer, memory)


def _outlive(worker: int, life: int) -> int:
    """The worker's wait status, once it has ended; other children are reaped meanwhile."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    watched = [woken, life]
    while True:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == worker:
                return ended[1]
        ready, _, _ = select.select(watched, [], [])
        if woken in ready:
            os.read(woken, 4096)
        if life in ready:
            os.kill(worker, signal.SIGKILL)
            watched.remove(life)


def _end_descendants() -> None:
    """Stop all until none is new, then kill, so that none can fork meanwhile; what cannot be killed is given up."""
    known: set[Process] = set()
    end = time.monotonic() + PATIENCE
    while _has_children() and time.monotonic() < end:
        while fresh := _descendants() - known:
            _signal(fresh, signal.SIGSTOP)
            known |= fresh
            end = time.monotonic() + PATIENCE
        _signal(known, signal.SIGKILL)
        time.sleep(PAUSE)


def _has_children() -> bool:
    """Whether any is left when the dead are reaped."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False


def _descendants() -> set[Process]:
    """All processes below this one; empty where /proc is missing or shows other numbers than ours."""
    with contextlib.suppress(OSError):
        below, tree = {os.getpid()} & {int(os.readlink("/proc/self"))}, set[int]()
        looks = {int(name): look for name in os.listdir("/proc") if name.isdecimal() and (look := _look(int(name)))}
        while below:
            below = {number for number, (parent, _) in looks.items() if parent in below} - tree
            tree |= below
        return {(number, looks[number][1]) for number in tree}
    return set()


def _look(number: int) -> tuple[int, bytes] | None:
    """The parent and the start time of a process."""
    with contextlib.suppress(OSError), open(f"/proc/{number}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
        return int(fields[1]), fields[19]
    return None


def _signal(processes: set[Process], sign: signal.Signals) -> None:
    for number, start in processes:
        if (look := _look(number)) and look[1] == start:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, sign)
