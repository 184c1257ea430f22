"""The target with parts of its text exchanged, and back again: where it is right then, its mistake stood there.

Nothing is loaded anew. The functions that the file made keep what they are (methods of objects, closures, caches) and
only run other code; so an edit costs the compilation of one definition.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from functools import cached_property
from itertools import combinations
from types import CodeType, FunctionType
from typing import NamedTuple

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.alarm import alarm
from gradcheck_cli.targets.contract import TextEdit

# Of a call of edited code: what is asked is tiny, and a loop whose end was edited away may never end.
EDITED_SECONDS = 2.0
_Key = tuple[str, int]
# (line, column, end line, end column, is it a statement)
_Place = tuple[int, int, int, int, bool]


class Edits:
    """The functions of one loaded file, and what they run."""

    def __init__(self, tree: ast.Module, file: str) -> None:
        """Nothing is changed yet.

        Args:
            tree: the file's syntax; it comes out of each edit as it was.
            file: its path, as its code was compiled with.
        """
        self._tree, self._file = tree, file
        self._functions: list[FunctionType] | None = None
        self._before: list[tuple[FunctionType, CodeType]] = []

    @property
    def is_edited(self) -> bool:
        """Does something else run than what the file says?"""
        return bool(self._before)

    def running(self, watch: AbstractContextManager[None]) -> AbstractContextManager[None]:
        """What a call runs in: only the text as it is says which of its lines were never reached."""
        return alarm(EDITED_SECONDS) if self.is_edited else watch

    def put(self, edits: Sequence[TextEdit]) -> bool:
        """Undo what was put before, and put these.

        Returns:
            False where they cannot be put: no such place, no Python, or none of the functions is made of it.
        """
        self.undo()
        try:
            codes = {_key(code): code for code in self._exchanged(edits)}
        except (SyntaxError, ValueError):
            return False
        for function in self._made_here():
            code = codes.get(_key(function.__code__))
            if code is not None and code.co_freevars == function.__code__.co_freevars:
                self._before.append((function, function.__code__))
                function.__code__ = code
        return self.is_edited

    def undo(self) -> None:
        """What the file says."""
        for function, code in self._before:
            function.__code__ = code
        self._before = []

    def _exchanged(self, edits: Sequence[TextEdit]) -> Iterator[CodeType]:
        """The code of the definitions that hold the edits, with these in them: afterwards the tree is as it was.

        Raises:
            SyntaxError: a text is no Python.
            ValueError: nothing stands at such a place, or no longer, as another edit has taken it.
        """
        if any(_overlap(one, other) for one, other in combinations(edits, 2)):
            raise ValueError("no such place")
        left = list(edits)
        for definition in self._definitions:
            mine = [edit for edit in left if definition.holds(edit)]
            if mine:
                left = [edit for edit in left if edit not in mine]
                yield from self._compiled(definition, mine)
        if left:
            raise ValueError("no such place")

    @cached_property
    def _definitions(self) -> list[_Definition]:
        return [_Definition(alone) for statement in self._tree.body for alone in _definitions(statement)]

    def _compiled(self, definition: _Definition, edits: Sequence[TextEdit]) -> Iterator[CodeType]:
        with definition.holding(edits) as module:
            waiting = [compile(module, self._file, "exec", dont_inherit=True)]
        while waiting:
            code = waiting.pop()
            yield code
            waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]

    def _made_here(self) -> list[FunctionType]:
        """All functions that the file made up to now; those that a call makes run the code of who makes them."""
        if self._functions is None:
            found = (item for item in gc.get_objects() if type(item) is FunctionType)
            self._functions = [item for item in found if item.__code__.co_filename == self._file]
        return self._functions


def _definitions(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement, or one class for each that a class holds: what an edit leaves alone need not be compiled again."""
    if not isinstance(statement, ast.ClassDef):
        yield statement
        return
    for member in statement.body:
        for alone in _definitions(member):
            shell = copy(statement)
            shell.body = [alone]
            yield shell


class _Definition:
    """A statement of the file, and where in it each part stands."""

    def __init__(self, statement: ast.stmt) -> None:
        self._module = ast.Module(body=[statement], type_ignores=[])
        last = statement
        while isinstance(last, ast.ClassDef):
            last = last.body[0]
        self._first, self._last = last.lineno, last.end_lineno or last.lineno

    def holds(self, edit: TextEdit) -> bool:
        """Does something stand exactly there?"""
        return self._first <= edit.line and edit.end_line <= self._last and _place(edit) in self._parts

    @contextmanager
    def holding(self, edits: Sequence[TextEdit]) -> Iterator[ast.Module]:
        """It alone, with these in it, which it `holds`.

        Raises:
            SyntaxError: a text is no Python.
        """
        changed: list[_Part] = []
        try:
            for edit in edits:
                part = self._parts[_place(edit)]
                part.put(_placed(_parsed(edit), part.node))
                changed.append(part)
            yield self._module
        finally:
            for part in changed:
                part.put(part.node)

    @cached_property
    def _parts(self) -> dict[_Place, _Part]:
        """The outermost of those that stand exactly there, by their place."""
        found: dict[_Place, _Part] = {}
        waiting: list[ast.AST] = [self._module]
        while waiting:
            for part in _parts(waiting.pop()):
                found.setdefault(_place_of(part.node), part)
                waiting.append(part.node)
        return found


class _Part(NamedTuple):
    """An expression or statement, and where in the tree it hangs: in a field, or at a place of a field's list."""

    node: ast.expr | ast.stmt
    parent: ast.AST
    field: str
    at: int | None

    def put(self, node: ast.AST) -> None:
        """Another one there, or it itself again."""
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


def _parts(node: ast.AST) -> Iterator[_Part]:
    """The expressions and statements below a node, and those below what is neither, as an argument's name."""
    for field, value in ast.iter_fields(node):
        for index, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(each, ast.expr | ast.stmt):
                yield _Part(each, node, field, index)
            elif isinstance(each, ast.AST):
                yield from _parts(each)


def _place(edit: TextEdit) -> _Place:
    return edit.line, edit.column, edit.end_line, edit.end_column, edit.is_statement


def _place_of(node: ast.expr | ast.stmt) -> _Place:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return node.lineno, node.col_offset, end_line, end_column, isinstance(node, ast.stmt)


def _overlap(one: TextEdit, other: TextEdit) -> bool:
    """Does one stand in the other? What stands there is gone with it."""
    first, second = sorted((one, other), key=lambda edit: (edit.line, edit.column))
    return (second.line, second.column) < (first.end_line, first.end_column)


def _parsed(edit: TextEdit) -> ast.AST:
    if edit.is_statement:
        return syntax.parse(edit.text).body[0]
    return syntax.parse_expression(edit.text).body


def _placed(new: ast.AST, old: ast.AST) -> ast.AST:
    """With the old one's position in all of its parts, so that errors and ticked lines stay where they were."""
    for node in ast.walk(new):
        if isinstance(node, ast.expr | ast.stmt):
            ast.copy_location(node, old)
    return ast.fix_missing_locations(new)  # of what is neither, as the name of an argument is


def _key(code: CodeType) -> _Key:
    return code.co_qualname, code.co_firstlineno
