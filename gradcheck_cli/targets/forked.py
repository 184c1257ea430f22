"""A nursery that is forked from gradcheck's own process, where that is as fresh as one that starts by itself.

The command line is such a process: nothing of the user's has run in it, and it needs numpy and torch for itself. What
it has loaded is then loaded once, which is most of the work of a small target. In a notebook, or in a process of
somebody's tests, nobody knows what is loaded and which threads run: there a nursery starts by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from gradcheck_cli.model import collector
from gradcheck_cli.targets import nursery
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.worker import sure_to_load

# What only the command line loads: a user's own `click.py`, or a `decimal.py`, shall be found in place of them.
OF_THE_COMMAND_LINE = ("click", "tomllib", "gettext", "uuid", "_uuid", "decimal", "_decimal", "fractions")


@dataclass
class _Forked:
    """What is asked of a nursery's process, of one that was forked."""

    pid: int

    def kill(self) -> None:
        """End it; once it was waited for, its number is somebody else's."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Until it has ended: how."""
        return os.waitpid(self.pid, 0)[1]


@dataclass
class _Process:
    """Whether this process is the command line's own."""

    is_ours: bool = False


_this = _Process()


def fork_from_here() -> None:
    """From now on nurseries are forked from this process where they can be, the first of them now.

    Called by the command line, which has loaded next to nothing by then.
    """
    _this.is_ours = True
    fork_with(())


def fork_for(refs: Iterable[TargetRef]) -> None:
    """Before targets are loaded: what the first of them would wait for is loaded here, for all."""
    for modules in dict.fromkeys(sure_to_load(ref) for ref in refs):
        if modules:
            fork_with(modules)


def fork_with(modules: Sequence[str]) -> None:
    """Load modules here and fork the nursery of those that load them; nothing where this process is not our own.

    Args:
        modules: as of `nursery`.
    """
    # Another thread may hold a lock that no thread of the fork would release.
    if not (_this.is_ours and nursery.LOADS_FIRST and threading.active_count() == 1):
        return
    try:
        for module in ("gradcheck_cli.targets.child", *modules):
            import_module(module)
    except Exception:
        return  # it fails again, and is told, in a nursery that starts by itself and where this process needs it
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    number = os.fork()
    if not number:
        _be_nursery(theirs)
    theirs.close()
    nursery.adopt(modules, _Forked(number), ours)


def _be_nursery(control: socket.socket) -> NoReturn:
    """What the script of a nursery would be by now: its own session, no file but its own, no module of the caller's."""
    try:
        os.setsid()
        devnull = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(devnull, standard)
        os.closerange(3, control.fileno())
        os.closerange(control.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        _forget_the_command_line()
        collector.as_usual()
        nursery.serve(control)
    finally:
        os._exit(1)


def _forget_the_command_line() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in OF_THE_COMMAND_LINE]:
        del sys.modules[name]
    main = ModuleType("__main__")
    main.__file__ = str(nursery.SCRIPT)
    sys.modules["__main__"] = main
    sys.argv = [str(nursery.SCRIPT)]
    if not sys.flags.safe_path:
        del sys.path[0]
