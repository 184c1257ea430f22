"""The target with parts of its text exchanged, and back again: where it is right then, its mistake stood there.

Nothing is loaded anew. The functions that the file made keep what they are (methods of objects, closures, caches) and
only run other code; so an edit costs the compilation of one definition.
"""

from __future__ import annotations

import ast
import gc
import pickle
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from types import CodeType, FunctionType
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.alarm import alarm
from gradcheck_cli.targets.contract import TextEdit

# Of a call of edited code: what is asked is tiny, and a loop whose end was edited away may never end.
EDITED_SECONDS = 2.0
_Key = tuple[str, int]


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
        self._pickled: dict[int, bytes] = {}

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
        codes: dict[_Key, CodeType] = {}
        try:
            for statement in self._exchanged(edits):
                codes |= {_key(code): code for code in self._compiled(statement)}
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

    def _exchanged(self, edits: Sequence[TextEdit]) -> Iterator[ast.stmt]:
        """Copies of the definitions that hold the edits, with these in them: others read the tree too.

        Raises:
            SyntaxError: a text is no Python.
            ValueError: nothing stands at such a place.
        """
        left = list(edits)
        for statement in self._tree.body:
            if any(_holds(statement, edit) for edit in left):
                yield _Exchange(left).visit(self._copy_of(statement))
        if left:
            raise ValueError("no such place")

    def _copy_of(self, statement: ast.stmt) -> ast.stmt:
        """The same definition is copied for each edit: it is pickled once, which is ten times as fast as `deepcopy`."""
        line = statement.lineno
        if line not in self._pickled:
            self._pickled[line] = pickle.dumps(statement)
        copy: ast.stmt = pickle.loads(self._pickled[line])
        return copy

    def _compiled(self, statement: ast.stmt) -> Iterator[CodeType]:
        module = ast.Module(body=[statement], type_ignores=[])
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


class _Exchange(ast.NodeTransformer):
    """Puts edits into a tree, each at the outermost node that stands exactly there, and takes them off the list."""

    def __init__(self, left: list[TextEdit]) -> None:
        self._left = left

    def visit(self, node: ast.AST) -> Any:
        """The node, or what stands in its place."""
        for edit in self._left:
            if _stands_at(node, edit):
                self._left.remove(edit)
                return _placed(_parsed(edit), node)
        return self.generic_visit(node)


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


def _holds(statement: ast.stmt, edit: TextEdit) -> bool:
    return statement.lineno <= edit.line and edit.end_line <= (statement.end_lineno or statement.lineno)


def _stands_at(node: ast.AST, edit: TextEdit) -> bool:
    if not isinstance(node, ast.stmt if edit.is_statement else ast.expr):
        return False
    here = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
    return here == (edit.line, edit.column, edit.end_line, edit.end_column)


def _key(code: CodeType) -> _Key:
    return code.co_qualname, code.co_firstlineno
