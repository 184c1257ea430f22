"""The file of a sweep: JSON, a line for what was asked, then one for each answer, written as they come.

A process that is killed loses the line that it was writing, and no other. Any number of processes may each write such
a file of one sweep; together they are the sweep.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from types import TracebackType
from typing import Any, BinaryIO

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.lines import made

# Raised whenever a line changes its meaning.
VERSION = 1


@dataclass(frozen=True)
class Head:
    """The first line: what was asked, of which the answers are a part.

    Attributes:
        digest: of all questions.
        questions: how many there are.
        reproduce: the command that asks all of them.
        options: what decides the questions.
        environment: versions and settings that decide the answers.
        code: target -> a digest of its file, see `versions.versions_of`.
    """

    digest: str
    questions: int
    reproduce: str
    options: Mapping[str, Any]
    environment: Mapping[str, Any]
    code: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """As it stands in the file."""
        return json.dumps({"gradcheck_sweep": VERSION, **asdict(self)})


@dataclass(frozen=True)
class Kept:
    """What a file holds."""

    head: Head
    answers: tuple[SweepAnswer, ...]


def line_of(answer: SweepAnswer) -> str:
    """As it stands in the file."""
    return json.dumps({field.name: getattr(answer, field.name) for field in fields(answer)})


def read_kept(file: str) -> Kept:
    """What was kept. A last line that a kill cut short is left out.

    Raises:
        UsageError: it cannot be read, or is no file of a sweep; with the line.
    """
    *lines, rest = content_of(file).split(b"\n")
    if not lines:
        raise _no_file(file, f"it is {'cut short' if rest else 'empty'}")
    head = _head(file, lines[0])
    return Kept(head, tuple(_answers(file, lines[1:], head.questions)))


def content_of(file: str) -> bytes:
    """All of it.

    Raises:
        UsageError: it cannot be read.
    """
    hint = f"the files of a sweep {_WRITTEN_BY}"
    if os.path.exists(file) and not os.path.isfile(file):
        raise UsageError(f"{file} cannot be read: it is {'a folder' if os.path.isdir(file) else 'no file'}.", hint=hint)
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.", hint=hint) from error


_WRITTEN_BY = "are written by: gradcheck sweep verify TARGET --resume FILE.jsonl"


def _no_file(file: str, reason: str) -> UsageError:
    return UsageError(f"{file} is no file of a sweep: {reason}.", hint=f"they {_WRITTEN_BY}")


def _head(file: str, line: bytes) -> Head:
    try:
        said = _object(line, "its first line")
        version = said.pop("gradcheck_sweep", None)
        if version is None:
            raise ValueError("its first line says no sweep")
        if version != VERSION:
            raise ValueError(f"it is of version {version}, and {VERSION} is read")
        return made(Head, said)
    except ValueError as error:
        raise _no_file(file, str(error)) from error


def _answers(file: str, lines: list[bytes], questions: int) -> Iterator[SweepAnswer]:
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            answer = made(SweepAnswer, _object(line))
            if answer.number >= questions:
                raise ValueError(f"it is about question {answer.number}, and there are {questions} from 0")
        except ValueError as error:
            raise UsageError(
                f"{file}:{number} is no line of a sweep: {error}.", hint="remove it: what it held is asked again"
            ) from error
        yield answer


def _object(line: bytes, called: str = "it") -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ValueError(f"{called} is no JSON object")
    return said


class Keeper:
    """Writes a file of a sweep, adding to one that is there. "" for no file."""

    def __init__(self, file: str, head: Head) -> None:
        """Nothing is opened before it is entered."""
        self._file, self._head = file, head
        self._opened: BinaryIO | None = None

    def __enter__(self) -> Keeper:
        """Open it, with its first line, behind a last line that is whole.

        Raises:
            UsageError: it cannot be written.
        """
        if self._file:
            try:
                _drop_cut_line(self._file)
                self._opened = open(self._file, "ab")
                if not self._opened.tell():
                    self._write(self._head.line())
            except OSError as error:
                raise self._unwritten(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        if self._opened is not None:
            # What could not be written was told where it was written.
            with suppress(OSError):
                self._opened.close()

    def keep(self, answer: SweepAnswer) -> None:
        """Write an answer down at once: whatever happens next, it is kept.

        Raises:
            UsageError: it cannot be written.
        """
        self._write(line_of(answer))

    def _write(self, line: str) -> None:
        if self._opened is None:
            return
        try:
            self._opened.write(line.encode() + b"\n")
            self._opened.flush()
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> UsageError:
        hint = "whatever it holds is kept: the same command goes on from there" if self._opened else None
        return UsageError(f"{self._file} cannot be written: {error.strerror}.", hint=hint)


def _drop_cut_line(file: str) -> None:
    """What a kill cut short is taken away, so that the next line does not run on from it."""
    if not os.path.exists(file):
        return
    with open(file, "rb+") as opened:
        content = opened.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            opened.truncate(whole)
