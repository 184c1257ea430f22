"""The file of a sweep: JSON, a line for what was asked, then one for each answer, written as they come.

A process that is killed loses the line that it was writing, and no other. Any number of processes may each write such
a file of one sweep; together they are the sweep.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer

Made = TypeVar("Made", "Head", SweepAnswer)

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
    """

    digest: str
    questions: int
    reproduce: str
    options: Mapping[str, Any]
    environment: Mapping[str, Any]

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
    try:
        with open(file, "rb") as opened:
            *lines, rest = opened.read().split(b"\n")
    except OSError as error:
        hint = "the files of a sweep are written by: gradcheck sweep verify TARGET --resume FILE.jsonl"
        raise UsageError(f"{file} cannot be read: {error.strerror}.", hint=hint) from error
    if not lines:
        raise UsageError(f"{file} is no file of a sweep: it is {'cut short' if rest else 'empty'}.", hint=_WRITTEN_BY)
    return Kept(_head(file, lines[0]), tuple(_answers(file, lines[1:])))


_WRITTEN_BY = "they are written by: gradcheck sweep verify TARGET --resume FILE.jsonl"


def _head(file: str, line: bytes) -> Head:
    said = _object(file, 1, line)
    version = said.pop("gradcheck_sweep", None)
    if version != VERSION:
        reason = (
            "its first line says no sweep" if version is None else f"it is of version {version}, and {VERSION} is read"
        )
        raise UsageError(f"{file} is no file of a sweep: {reason}.", hint=_WRITTEN_BY)
    return _made(file, 1, Head, said)


def _answers(file: str, lines: list[bytes]) -> Iterator[SweepAnswer]:
    for number, line in enumerate(lines, start=2):
        if line.strip():
            said = _object(file, number, line)
            answer = _made(file, number, SweepAnswer, said)
            verdicts = {name: Verdict(verdict) for name, verdict in answer.gradients.items()}
            yield _made(file, number, SweepAnswer, said | {"verdict": Verdict(answer.verdict), "gradients": verdicts})


def _object(file: str, number: int, line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError):
        said = None
    if not isinstance(said, dict):
        raise UsageError(
            f"{file}:{number} is no line of a sweep: it is no JSON object.",
            hint="remove it: what it held is asked again",
        )
    return said


def _made(file: str, number: int, kind: type[Made], said: Mapping[str, Any]) -> Made:
    try:
        return kind(**said)
    except TypeError as error:
        raise UsageError(f"{file}:{number} is no line of a sweep: {error}.", hint=_WRITTEN_BY) from error


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
                raise UsageError(f"{self._file} cannot be written: {error.strerror}.") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        if self._opened is not None:
            self._opened.close()

    def keep(self, answer: SweepAnswer) -> None:
        """Write an answer down at once: whatever happens next, it is kept."""
        self._write(line_of(answer))

    def _write(self, line: str) -> None:
        if self._opened is not None:
            self._opened.write(line.encode() + b"\n")
            self._opened.flush()


def _drop_cut_line(file: str) -> None:
    """What a kill cut short is taken away, so that the next line does not run on from it."""
    if not os.path.exists(file):
        return
    with open(file, "rb+") as opened:
        content = opened.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            opened.truncate(whole)
