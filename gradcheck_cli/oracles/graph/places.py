"""Which line of the user's code an operation comes from, and what that line says."""

from __future__ import annotations

import ast
import linecache
import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType
from typing import NamedTuple

from gradcheck_cli.model import syntax
from gradcheck_cli.model.evidence import CodePlace
from gradcheck_cli.model.recording import SourcePlace

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Longer statements are cut: a place is quoted in a sentence.
_MOST_TEXT = 160
# Each operation carries its line to the parent; nobody reads a longer one.
_MOST_ROW = 400
_RETURNED = re.compile(r"^(return|yield)\b\s*")


@dataclass
class Places:
    """Finds the place of whatever is running.

    Attributes:
        files: the user's files. The innermost frame in one of them is the place; where there is none of them on the
            stack (a forward that is inherited from another), the innermost that is neither of `skipped` nor ours.
        skipped: folders whose code is nobody's subject (installed packages).
        recorded_by: the function that runs the forward. Whatever called it has no part in the forward.
    """

    files: Collection[str] = ()
    skipped: tuple[str, ...] = ()
    recorded_by: CodeType | None = None
    _statements: dict[str, dict[int, tuple[int, str, str]]] = field(default_factory=dict)

    def of(self, frame: FrameType | None) -> SourcePlace | None:
        """The place of the innermost frame of the user's code, from `frame` outwards."""
        stranger: FrameType | None = None
        while frame is not None and frame.f_code is not self.recorded_by:
            file = frame.f_code.co_filename
            if file in self.files:
                return self._place(frame)
            if stranger is None and not file.startswith((_PACKAGE, "<frozen", *self.skipped)):
                stranger = frame
            frame = frame.f_back
        return None if stranger is None else self._place(stranger)

    def _place(self, frame: FrameType) -> SourcePlace:
        file, line = frame.f_code.co_filename, frame.f_lineno
        if file not in self._statements:
            self._statements[file] = _statements(file)
        first, text, name = self._statements[file].get(line, (line, linecache.getline(file, line).strip(), ""))
        span = _span(frame)
        lines = [linecache.getline(file, number) for number in range(span.line, span.last + 1)] if span else []
        if span is None or not lines[0]:
            return SourcePlace(file, first, text[:_MOST_TEXT], name)
        expression = _RETURNED.sub("", _between(lines, span.start, span.stop))
        return SourcePlace(file, first, text[:_MOST_TEXT], name, expression[:_MOST_TEXT], _in_file(lines, span))


class _Span(NamedTuple):
    """Lines counted from 1 and bytes from 0, as the interpreter has them; `stop` is one of the last line."""

    line: int
    last: int
    start: int
    stop: int


def _span(frame: FrameType) -> _Span | None:
    """Where what the frame is about to finish stands, by the positions that its code has."""
    positions = list(islice(frame.f_code.co_positions(), frame.f_lasti // 2, frame.f_lasti // 2 + 1))
    if not positions or None in positions[0]:
        return None
    return _Span(*(int(number or 0) for number in positions[0]))


def _in_file(lines: list[str], span: _Span) -> CodePlace | None:
    """The first line of the span, with what of the expression stands in it."""
    row = lines[0].rstrip()
    if len(row) > _MOST_ROW:
        return None
    begin = len(row.encode()[: span.start].decode(errors="replace"))
    end = len(row.encode()[: span.stop].decode(errors="replace")) if span.last == span.line else len(row)
    begin += len(row[begin:end]) - len(_RETURNED.sub("", row[begin:end]))
    return CodePlace(span.line, begin + 1, end + 1, row) if begin < end else CodePlace(span.line, text=row)


def _statements(file: str) -> dict[int, tuple[int, str, str]]:
    """Line -> (first line, text, variable) of the innermost statement without a body that the line belongs to."""
    lines = linecache.getlines(file)
    try:
        tree = syntax.parse("".join(lines))
    except (SyntaxError, ValueError):
        return {}
    found: dict[int, tuple[int, str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            end = node.end_lineno or node.lineno
            text = _between(lines[node.lineno - 1 : end], node.col_offset, node.end_col_offset)
            found.update(dict.fromkeys(range(node.lineno, end + 1), (node.lineno, text, _variable(node))))
    return found


def _between(lines: list[str], start: int, stop: int | None) -> str:
    """What stands from a byte of the first line to one of the last, in one line."""
    parts = [line.encode() for line in lines]
    if not parts:
        return ""
    parts[-1] = parts[-1][:stop]
    parts[0] = parts[0][start:]
    return " ".join(part.decode(errors="replace").strip() for part in parts)


def _variable(statement: ast.stmt) -> str:
    """The one name or attribute that a statement gives a value."""
    match statement:
        case ast.Assign(targets=[ast.Name() | ast.Attribute() as target]):
            return ast.unparse(target)
        case ast.AugAssign(target=ast.Name() as target) | ast.AnnAssign(target=ast.Name() as target):
            return ast.unparse(target)
    return ""
