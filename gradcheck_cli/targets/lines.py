"""Which lines of the backward ran: the statements of the functions that it uses in its own file, ticked off one by one.

Told by `sys.settrace`, which every version of Python has, for the code of these functions only and only until nothing
is left: a backward without branches costs one call that is traced.
"""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

from gradcheck_cli.model.syntax import begins_at
from gradcheck_cli.targets.reach import used_functions
from gradcheck_cli.targets.resolve import definitions

# What leaves the lines of a function as they are.
_PLAIN_DECORATORS = frozenset(("staticmethod", "classmethod", "property", "once_differentiable"))
# No computation of theirs is left out when they do not run.
_SILENT = (ast.Pass, ast.Raise, ast.Assert, ast.Global, ast.Nonlocal, ast.Try, ast.Import, ast.ImportFrom)
# Parts of the names of backwards.
_BACKWARD = ("back", "bprop")


class Watch:
    """The statements of a backward that have not run yet. Use it in a `with` statement around each call."""

    def __init__(self, tree: ast.Module, file: str, name: str) -> None:
        """Nothing is traced yet.

        Args:
            tree: the file's syntax.
            file: its path, as its code was compiled with.
            name: the target: a function, a method, or a class, of which the methods that go backward are meant.
        """
        self._file = file
        functions = used_functions(tree, _backwards(tree, name))
        self._owners = {line: first for node in functions for first, line in _lines(node)}
        executable = set(_executable(tree, file))
        self._left = {first for line, first in self._owners.items() if line in executable}
        self._spans = [(begins_at(node), node.end_lineno or node.lineno) for node in functions]
        self._compiled = [{first for first, _ in _lines(node)} & self._left for node in functions if _is_compiled(node)]
        self._blind = False
        self._watched: dict[CodeType, bool] = {}

    @property
    def unreached(self) -> tuple[int, ...]:
        """First lines of statements that never ran; none where a debugger looks on in our place.

        A function that something else than Python may run, compiled by a decorator, is left out if no line of it was
        seen.
        """
        if self._blind:
            return ()
        unseen = [lines for lines in self._compiled if lines <= self._left]
        return tuple(sorted(self._left.difference(*unseen)))

    def __enter__(self) -> None:
        """Look on, in this thread and in those that are started now."""
        self._blind |= sys.gettrace() is not None
        if self._left and not self._blind:
            threading.settrace(self._call)
            sys.settrace(self._call)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look away."""
        if not self._blind:
            sys.settrace(None)
            threading.settrace(None)

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        code = frame.f_code
        if code not in self._watched:
            self._watched[code] = code.co_filename == self._file and any(
                first <= code.co_firstlineno <= last for first, last in self._spans
            )
        return self._line if self._watched[code] and self._left else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            first = self._owners.get(frame.f_lineno)
            if first in self._left:
                self._left.discard(first)
                frame.f_trace_lines = bool(self._left)
        return self._line


def _backwards(tree: ast.Module, name: str) -> list[str]:
    """The target itself, or the methods of a class that go backward."""
    known = definitions(tree)
    if not isinstance(known.get(name), ast.ClassDef):
        return [name]
    methods = [dotted for dotted in known if dotted.startswith(f"{name}.")]
    return [dotted for dotted in methods if any(part in dotted.rpartition(".")[2].lower() for part in _BACKWARD)]


def _is_compiled(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = {ast.unparse(item).rpartition(".")[2] for item in node.decorator_list}
    return bool(names - _PLAIN_DECORATORS)


def _executable(tree: ast.Module, file: str) -> Iterator[int]:
    """Lines for which Python makes code; what follows a `return`, or stands under `if False`, has none."""
    waiting = [compile(tree, file, "exec", dont_inherit=True)]
    while waiting:
        code = waiting.pop()
        yield from (line for _, _, line in code.co_lines() if line is not None)
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[int, int]]:
    """(first line, line) of all lines of every statement that counts, without those of the statements inside it."""
    for block in _blocks(node):
        if block is not node.body and any(isinstance(statement, ast.Raise) for statement in block):
            continue  # it leads to the author's own refusal
        for statement in block:
            if not _says_nothing(statement):
                yield from ((statement.lineno, line) for line in _own_lines(statement))


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements below `node`."""
    for inner in ast.walk(node):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(inner, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, _SILENT)


def _own_lines(statement: ast.stmt) -> range:
    body: list[ast.stmt] = getattr(statement, "body", [])
    last = statement.end_lineno or statement.lineno
    return range(statement.lineno, max(statement.lineno, body[0].lineno - 1 if body else last) + 1)
