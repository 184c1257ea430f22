"""Where child processes come from: a process that has loaded what every child needs, and is forked for each.

A child that starts by itself pays for Python, numpy and our own modules, and for torch where the target wants it:
seconds, in which nothing is asked. Forked from here it pays milliseconds. The nursery never runs a line of the user's
code, so that each child is as fresh as if it had started by itself.

This file is both sides: `Nursery` in gradcheck, and the script that it starts.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeAlias

SCRIPT = Path(__file__).resolve()
LENGTH = struct.Struct("<I")
# Elsewhere a fork of what has loaded its system's libraries may not use them: there each child loads by itself.
LOADS_FIRST = sys.platform == "linux"
# Of the environment, what Python and numerical libraries look at once only; a child is given all of it when it is born.
READ_ON_LOADING = ("PYTHON", "LD_", "DYLD_", "OMP_", "KMP_", "MKL_", "OPENBLAS_", "NUMEXPR_", "NPY_", "TORCH", "CUDA_")
# Where a process has asked for more children than this it is likely to ask for many, and some of many are wrong. What
# is wrong is named in a recording of the forward, which torch makes: seconds, and not once for each of them.
FEW = 4
RECORDS = ("torch",)

Environment: TypeAlias = tuple[tuple[str, str], ...]


class Ends(NamedTuple):
    """The file descriptors that a child is given."""

    folder: int
    request: int
    answer: int
    life: int
    output: int
    status: int


class NurseryProcess(Protocol):
    """What is asked of the process that a nursery is."""

    pid: int

    def kill(self) -> None:
        """End it."""

    def wait(self) -> int:
        """Until it has ended."""


class Nursery:
    """The process that children are forked from; started with the first child, and again where it has ended.

    Safe in threads. It ends with this process, however that ends: its socket closes.
    """

    def __init__(self, modules: Sequence[str] = ()) -> None:
        """Nothing is started yet.

        Args:
            modules: what is loaded beside what every child needs ("torch").
        """
        self._modules = tuple(modules)
        self._lock = Lock()
        self._process: NurseryProcess | None = None
        self._socket: socket.socket | None = None

    def adopt(self, process: NurseryProcess, control: socket.socket) -> Nursery:
        """This one, with a process that has been started in another way."""
        self._process, self._socket = process, control
        return self

    @property
    def number(self) -> int | None:
        """Its process, while there is one."""
        return self._process.pid if self._process else None

    def fork(self, ends: Ends, environment: Mapping[str, str], memory: int) -> None:
        """A child with these ends, in this environment; its number comes through `status`. Does not wait for it.

        Raises:
            OSError: no process could be started.
        """
        wish = json.dumps({"environment": dict(environment), "memory": memory}).encode()
        with self._lock:
            try:
                self._ask(wish, ends)
            except OSError:
                # Killed, by whatever: one that is new takes its place.
                self._close()
                self._ask(wish, ends)

    def close(self) -> None:
        """End it; children that live go on."""
        with self._lock:
            self._close()

    def _ask(self, wish: bytes, ends: Ends) -> None:
        if self._socket is None:
            self._start()
        assert self._socket is not None
        socket.send_fds(self._socket, [LENGTH.pack(len(wish))], ends)
        self._socket.sendall(wish)

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(SCRIPT), str(theirs.fileno()), *self._modules],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._socket = ours

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            # It has nothing to finish, and may be in the middle of loading torch.
            self._process.kill()
            self._process.wait()
        self._socket = self._process = None


_nurseries: dict[tuple[str, ...], tuple[Environment, Nursery]] = {}
_lock = Lock()


def nursery(modules: Sequence[str] = ()) -> Nursery:
    """The one that loads these modules; a new one where what is read on loading has changed."""
    now = _read_on_loading()
    with _lock:
        known = _nurseries.get(tuple(modules))
        if known is None or known[0] != now:
            if known is not None:
                known[1].close()
            known = _nurseries[tuple(modules)] = (now, Nursery(modules))
        return known[1]


children_asked_for = itertools.count(1)


def nursery_of_another(modules: Sequence[str]) -> Nursery:
    """The one from which one more child is forked, that is sure to load these modules."""
    return nursery(modules or (RECORDS if next(children_asked_for) > FEW else ()))


def adopt(modules: Sequence[str], process: NurseryProcess, control: socket.socket) -> None:
    """From now on children that want these modules are forked from this process.

    Args:
        control: our end of the socket on which it serves.
    """
    with _lock:
        _nurseries[tuple(modules)] = (_read_on_loading(), Nursery(modules).adopt(process, control))


def _read_on_loading() -> Environment:
    return tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith(READ_ON_LOADING)))


@atexit.register
def close_all() -> None:
    """End them all."""
    with _lock:
        for _, each in _nurseries.values():
            each.close()


def main(control: int, *modules: str) -> None:
    """The script: load, then serve."""
    if LOADS_FIRST:
        _load_first(control, modules)
    serve(socket.socket(fileno=control))


def _load_first(control: int, modules: Sequence[str]) -> None:
    """What every child needs, and the modules; what cannot be loaded is left to the child, whose error is told."""
    gc.disable()  # nothing of what is loaded is garbage
    _ours("child")
    errors = os.dup(2)
    os.dup2(0, 2)  # what a library says while it is loaded is nothing that the user asked for
    try:
        for module in modules:
            import_module(module)
    except BaseException:
        os.dup2(errors, 2)
        # A module that was loaded by half is not what a child shall find.
        os.execv(sys.executable, [sys.executable, "-P", str(SCRIPT), str(control)])
    os.dup2(errors, 2)
    os.close(errors)
    gc.freeze()
    gc.enable()


def _ours(name: str) -> Any:
    """A module of this room. The user's code does not import from where we are."""
    root = str(SCRIPT.parents[2])
    sys.path.insert(0, root)
    module = import_module(f"gradcheck_cli.targets.{name}")
    sys.path.remove(root)
    return module


def serve(control: socket.socket) -> None:
    """Fork a child for each wish, until gradcheck is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children here: they are reaped as they end
    for number in itertools.count():
        ends, wish = _receive(control)
        if number == 1 and LOADS_FIRST:
            # Where there are two there may be hundreds; a lone one makes for itself what it needs of this.
            _ours("conventions.in_common").make()
            gc.freeze()
        with contextlib.ExitStack() as closing:
            for end in ends:
                closing.callback(os.close, end)
            if _forked():
                try:
                    control.close()
                    _be_born(ends, wish)
                finally:
                    os._exit(1)


def _forked() -> bool:
    """Whether this is the child. Where there is no room for one more process, gradcheck sees its pipes close."""
    try:
        return os.fork() == 0
    except OSError:
        return False


def _receive(control: socket.socket) -> tuple[Ends, dict[str, Any]]:
    prefix, ends, _, _ = socket.recv_fds(control, LENGTH.size, len(Ends._fields))
    length = prefix + _read(control, LENGTH.size - len(prefix))
    return Ends(*ends), json.loads(_read(control, LENGTH.unpack(length)[0]))


def _read(control: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = control.recv(size - len(data))
        if not part:
            os._exit(0)
        data += part
    return data


def _be_born(ends: Ends, wish: dict[str, Any]) -> None:
    """What a new process would be like: its own session, the caller's folder and environment, no file but its own."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(OSError):
        os.fchdir(ends.folder)
    os.close(ends.folder)
    for standard in (1, 2):
        os.dup2(ends.output, standard)
    os.close(ends.output)
    os.environ.clear()
    os.environ.update(wish["environment"])
    supervisor = _ours("supervisor")
    supervisor.main(supervisor.Pipes(ends.request, ends.answer, ends.life, ends.status), wish["memory"])
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
