"""One child process under a supervisor: spoken to over private pipes, killed with everything it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

from gradcheck_cli.model import Array
from gradcheck_cli.targets.wire import PREFIX, Message, decode, encode, lengths

CHUNK = 2**18
SUPERVISOR = Path(__file__).with_name("supervisor.py")
DRAIN_SECONDS = 0.05
END_SECONDS = 30.0


class TimedOutError(Exception):
    """No answer in time; the child has been killed."""


class DiedError(Exception):
    """The child ended without an answer. `status` is Popen's returncode (negative: a signal)."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Child:
    """A running child. Its prints are kept, bounded, and handed over by `printed`."""

    def __init__(self, memory: int | None, output: int) -> None:
        """Start it.

        Args:
            memory: bytes of private memory, None for no limit.
            output: bytes of prints to keep between two calls of `printed`.
        """
        self._keep, self._kept, self._dropped = output, bytearray(), 0
        request_read, self._request = os.pipe()
        self._answer, answer_write = os.pipe()
        life_read, self._life = os.pipe()
        theirs = (request_read, answer_write, life_read)
        root = SUPERVISOR.resolve().parents[2]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", *map(str, (SUPERVISOR, root, *theirs, memory or 0))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=theirs,
                start_new_session=True,
                env={"MPLBACKEND": "Agg", **os.environ},
            )
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        for descriptor in (self._request, self._answer, self._output):
            os.set_blocking(descriptor, False)

    def exchange(self, message: Message, arrays: dict[str, Array], timeout: float) -> tuple[Message, dict[str, Array]]:
        """Send one frame, wait for one.

        Raises:
            TimedOutError: no answer within `timeout` seconds.
            DiedError: the child ended first.
            WireError: the answer is not one.
        """
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
        # The user's code may have stopped the supervisor.
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._drain()
        assert self._process.stdout is not None
        self._process.stdout.close()
        for descriptor in (self._request, self._answer):
            os.close(descriptor)

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
        try:
            status = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            status = 0
        self.kill()
        raise DiedError(status)

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
