"""One child process under a supervisor: spoken to over private pipes, killed with everything it started."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence

from gradcheck_cli.model import Array
from gradcheck_cli.targets.nursery import Ends, nursery_of_another
from gradcheck_cli.targets.supervisor import NUMBER
from gradcheck_cli.targets.wire import PREFIX, Message, decode, encode, lengths

# Bytes moved at a time: four times what a pipe of Linux holds.
CHUNK = 2**18
# Prints that were made before the answer are in the pipe already; this only bounds a process that never stops printing.
DRAIN_SECONDS = 0.05
# For an interpreter to end, torch and its threads with it, on a machine that is busy; then it is killed.
END_SECONDS = 30.0
# Loading torch takes seconds, and on a machine that does much else at the same time a minute.
BIRTH_SECONDS = 120.0


class TimedOutError(Exception):
    """No answer in time; the child has been killed."""


class DiedError(Exception):
    """The child ended without an answer. `status` is Popen's returncode (negative: a signal)."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Child:
    """A running child. Its prints are kept, bounded, and handed over by `printed`."""

    def __init__(self, memory: int | None, output: int, modules: Sequence[str] = ()) -> None:
        """Start it.

        Args:
            memory: bytes of private memory, None for no limit.
            output: bytes of prints to keep between two calls of `printed`.
            modules: what it is sure to load ("torch"), and need not load by itself.
        """
        self._keep, self._kept, self._dropped = output, bytearray(), 0
        self._memory, self._modules = memory or 0, tuple(modules)
        self._open()

    def _open(self) -> None:
        self._told, self._over = bytearray(), False
        request, self._request = os.pipe()
        self._answer, answer = os.pipe()
        life, self._life = os.pipe()
        self._output, prints = os.pipe()
        self._status, status = os.pipe()
        theirs = Ends(os.open(".", getattr(os, "O_PATH", os.O_RDONLY)), request, answer, life, prints, status)
        try:
            nursery_of_another(self._modules).fork(theirs, {"MPLBACKEND": "Agg", **os.environ}, self._memory)
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        for descriptor in (self._request, self._answer, self._output, self._status):
            os.set_blocking(descriptor, False)

    def exchange(self, message: Message, arrays: dict[str, Array], timeout: float) -> tuple[Message, dict[str, Array]]:
        """Send one frame, wait for one. The time that it takes to be born is not the target's.

        Raises:
            TimedOutError: no answer within `timeout` seconds.
            DiedError: the child ended first.
            WireError: the answer is not one.
            OSError: no process could be started for it.
        """
        self._wait_for_birth()
        outgoing, incoming = memoryview(encode(message, arrays)), bytearray()
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._answer, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(self._request, selectors.EVENT_WRITE)
            while (wanted := _missing(incoming)) > 0:
                left = deadline - time.monotonic()
                if left <= 0:
                    self.kill()
                    raise TimedOutError
                for key, _ in selector.select(min(left, 1.0)):
                    if key.fd == self._request:
                        outgoing = self._send(selector, outgoing)
                    elif key.fd == self._output:
                        self._read_output(selector)
                    else:
                        incoming += self._receive(wanted)
        self._drain()
        header, body = lengths(bytes(incoming[: PREFIX.size]))
        start = PREFIX.size + header
        return decode(bytes(incoming[PREFIX.size : start]), bytes(incoming[start : start + body]))

    def printed(self) -> str:
        """What was written to file descriptors 1 and 2 since the last call."""
        text = self._kept.decode("utf-8", "replace")
        if self._dropped:
            text += f"\n[{self._dropped} more bytes]"
        self._kept, self._dropped = bytearray(), 0
        return text

    def kill(self) -> None:
        """End the child and all that it started; safe to call twice."""
        if self._life < 0:
            return
        os.close(self._life)
        self._life = -1
        self._end()
        self._drain()
        self._close()

    def _close(self) -> None:
        for descriptor in (self._output, self._request, self._answer, self._status, self._life):
            if descriptor >= 0:
                os.close(descriptor)

    def _end(self) -> None:
        """Wait for the supervisor, which finds `life` closed, also if it is not born yet."""
        self._listen(0)
        if self._told and not self._over:
            self._send_signal(signal.SIGCONT)  # the user's code may have stopped it
        if not self._ends_within(END_SECONDS) and self._told:
            self._send_signal(signal.SIGKILL)

    def _send_signal(self, sign: signal.Signals) -> None:
        (number,) = NUMBER.unpack(self._told[: NUMBER.size])
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(number, sign)

    def _wait_for_birth(self) -> None:
        """Until the nursery has loaded what it loads first, and forked. One that was killed meanwhile is asked anew."""
        if not self._is_born():
            if self._life < 0:
                raise DiedError(-signal.SIGKILL)
            self._close()
            self._open()
            if not self._is_born():
                self.kill()
                raise OSError(errno.EAGAIN, "no process could be started for the target")

    def _is_born(self) -> bool:
        return self._listens_until(lambda: bool(self._told) or self._over, BIRTH_SECONDS) and bool(self._told)

    def _ends_within(self, seconds: float) -> bool:
        """Whether the supervisor is gone by then."""
        return self._listens_until(lambda: self._over, seconds)

    def _listens_until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it holds by then; a word that is there by now is always heard."""
        end = time.monotonic() + seconds
        while not holds():
            left = end - time.monotonic()
            self._listen(max(left, 0))
            if left <= 0:
                return holds()
        return True

    def _listen(self, seconds: float) -> None:
        """Wait so long for a word of the supervisor, or for its end: nobody else holds the other end of `status`."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._status, selectors.EVENT_READ)
            # Another thread may listen too, and be the one that hears.
            with contextlib.suppress(BlockingIOError):
                if selector.select(seconds):
                    word = os.read(self._status, CHUNK)
                    self._told += word
                    self._over = not word

    def _code(self) -> int:
        """How the worker ended, in the way of Popen's returncode. Without a word the supervisor itself was killed."""
        end = self._told[NUMBER.size :]
        return int(NUMBER.unpack(end)[0]) if end else -signal.SIGKILL

    def _send(self, selector: selectors.BaseSelector, outgoing: memoryview) -> memoryview:
        try:
            outgoing = outgoing[os.write(self._request, outgoing[:CHUNK]) :]
        except BrokenPipeError:
            outgoing = outgoing[len(outgoing) :]
        if not outgoing:
            selector.unregister(self._request)
        return outgoing

    def _receive(self, wanted: int) -> bytes:
        """The next bytes of the answer; the end of the pipe means that the child is gone."""
        data = os.read(self._answer, min(wanted, CHUNK))
        if data:
            return data
        self._ends_within(1.0)  # the worker may have closed its pipe and live
        self.kill()
        raise DiedError(self._code())

    def _read_output(self, selector: selectors.BaseSelector) -> None:
        if not self._read_some():
            selector.unregister(self._output)

    def _read_some(self) -> bool:
        """Read prints once; False at their end."""
        data = os.read(self._output, CHUNK)
        room = max(0, self._keep - len(self._kept))
        self._kept += data[:room]
        self._dropped += len(data[room:])
        return bool(data)

    def _drain(self) -> None:
        """Prints that are in the pipe by now; a process left behind may go on printing for ever."""
        end = time.monotonic() + DRAIN_SECONDS
        try:
            while time.monotonic() < end and self._read_some():
                pass
        except (BlockingIOError, ValueError):
            pass


def _missing(incoming: bytearray) -> int:
    """Bytes that the answer still lacks, as far as is known."""
    if len(incoming) < PREFIX.size:
        return PREFIX.size - len(incoming)
    header, body = lengths(bytes(incoming[: PREFIX.size]))
    return PREFIX.size + header + body - len(incoming)
