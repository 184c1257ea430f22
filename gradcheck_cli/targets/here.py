"""A target in this very process, so that a debugger can step into it: for the script of `--report repro`.

No call is limited here: a target that hangs or dies does so before your eyes. Loading it, and finding out how it is
called, are limited as ever, so that a script part that trains for ever is left out.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from gradcheck_cli.model import Array
from gradcheck_cli.model.conventions import CONVENTIONS
from gradcheck_cli.targets import child
from gradcheck_cli.targets.contract import HowToCall, TargetRef, WorkerLimits
from gradcheck_cli.targets.functions.service import FunctionReady
from gradcheck_cli.targets.wire import Message
from gradcheck_cli.targets.worker import Worker


class Here:
    """Answers as a child process does, in this one."""

    def __init__(self) -> None:
        self._ready: child.Ready | FunctionReady | None = None

    def exchange(self, message: Message, arrays: dict[str, Array], timeout: float) -> tuple[Message, dict[str, Array]]:
        """The answer to one frame. A `breakpoint()` of the user's stops at the call that was asked for only."""
        del timeout
        stop = sys.breakpointhook
        if message["do"] == "load":
            sys.breakpointhook = lambda *_, **__: None
        try:
            reply, answered, self._ready = child.reply_to(message, arrays, self._ready)
        finally:
            sys.breakpointhook = stop
        return reply, answered

    def printed(self) -> str:
        """Nothing is kept: it is on the screen."""
        return ""

    def kill(self) -> None:
        """There is nothing to end."""


class WorkerHere(Worker):
    """A worker without a process."""

    def start(self) -> Here:
        """This process."""
        return Here()


def worker_here(ref: TargetRef, how: HowToCall) -> Worker:
    """A worker whose target runs in this process.

    Args:
        ref: from `resolve`.
        how: words of its convention that are none of `--convention`, as a report may hold them, are left out.
    """
    known = [word for word in how.convention.split(",") if word.strip().lower() in CONVENTIONS]
    return WorkerHere(ref, WorkerLimits(memory=None), replace(how, convention=",".join(known) or "auto"))
