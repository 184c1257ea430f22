"""The text of the user's file, as far as the diagnosis reads it: names, one line, one definition. It never judges."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from gradcheck_cli.model import CodePlace, syntax
from gradcheck_cli.targets.resolve import Definition

_Part = ast.stmt | ast.expr
# What stands around an expression and is no part of it, at its begin and at its end.
BLANKS = (" \t", " \t")


@dataclass(frozen=True)
class Code:
    """A file's source and the line at which the judged function or class is defined; empty where it is not known."""

    source: str = ""
    defined: int | None = None

    @cached_property
    def tree(self) -> ast.Module | None:
        """The module; None where it cannot be parsed."""
        try:
            return syntax.parse(self.source)
        except (SyntaxError, ValueError, RecursionError):
            return None

    @cached_property
    def definition(self) -> ast.AST | None:
        """The judged function or class; the module where no line is known, None where none stands there."""
        if self.tree is None or self.defined is None:
            return self.tree
        found = (node for node in ast.walk(self.tree) if isinstance(node, Definition))
        return next((node for node in found if syntax.begins_at(node) <= (self.defined or 0) <= node.lineno), None)

    def line(self, number: int | None) -> str:
        """The text of a line without its end; "" where there is none."""
        # As Python counts lines: a form feed or U+2028 ends none.
        lines = re.split(r"\r\n|\r|\n", self.source)
        return lines[number - 1] if number is not None and 0 < number <= len(lines) else ""

    def place(
        self,
        number: int,
        columns: tuple[int, int | None] | None = None,
        evidence: str = "",
        beside: tuple[str, str] = BLANKS,
    ) -> CodePlace:
        """A place in the file.

        Args:
            number: of the line.
            columns: where on it something begins and ends, in bytes of UTF-8 from 0; the end is None of what goes on
                below.
            evidence: see `CodePlace`.
            beside: what is no part of it at its begin and at its end.
        """
        text = self.line(number)
        if columns is None or not text:
            return CodePlace(number, text=text, evidence=evidence)
        raw = text.encode("utf-8", "surrogateescape")
        before, part = (_decoded(piece) for piece in (raw[: columns[0]], raw[columns[0] : columns[1]]))
        inner = part.lstrip(beside[0])
        begin = 1 + len(before) + len(part) - len(inner)
        return CodePlace(number, begin, begin + len(inner.rstrip(beside[1])), text, evidence)

    def raising(self, line: int, columns: tuple[int, int | None] | None) -> tuple[int, int | None] | None:
        """What is marked of a line that raised at these columns.

        Python marks the left side of an assignment that failed to store; the fault may stand on either side, so all of
        it is marked.
        """
        statement = self._statement(line)
        if not isinstance(statement, ast.Assign) or columns is None:
            return columns
        places = [(target.col_offset, target.end_col_offset) for target in statement.targets]
        if columns not in places or statement.lineno != line:
            return columns
        return statement.col_offset, statement.end_col_offset if statement.end_lineno == line else None

    def columns_that(self, line: int, looks_like: Callable[[ast.AST], bool]) -> tuple[int, int | None] | None:
        """Where on a line the smallest expression stands that passes the test; None where none does."""
        nodes = (node for node in ast.walk(self.tree) if isinstance(node, ast.expr)) if self.tree is not None else ()
        found = [node for node in nodes if node.lineno == line and looks_like(node)]
        if not found:
            return None
        node = max(found, key=lambda each: each.col_offset)
        return node.col_offset, node.end_col_offset if node.end_lineno == line else None

    def lines_that(self, looks_like: Callable[[ast.AST], bool]) -> list[int]:
        """The lines of the whole file on which some expression or statement passes the test."""
        nodes = ast.walk(self.tree) if self.tree is not None else ()
        return sorted({node.lineno for node in nodes if isinstance(node, _Part) and looks_like(node)})

    def at(self, line: int | None) -> Iterator[ast.AST]:
        """The expressions and statements that hold a line and nothing larger than the innermost statement."""
        statement = self._statement(line)
        if statement is None:
            return
        yield statement
        blocks = {id(part) for part in ast.iter_child_nodes(statement) if isinstance(part, ast.stmt)}
        for child in ast.iter_child_nodes(statement):
            if id(child) not in blocks:
                yield from ast.walk(child)

    def definition_of(self, name: str) -> CodePlace | None:
        """Where a method of the judged class begins, or a function of the file; None where there is none, or several.

        Args:
            name: as it is called there.
        """
        scopes = (self.definition if isinstance(self.definition, ast.ClassDef) else None, self.tree)
        for scope in scopes:
            found = [node for node in getattr(scope, "body", ()) if getattr(node, "name", "") == name]
            if len(found) == 1:
                return self.place(found[0].lineno)
        return None

    def only_value(self, name: str) -> int | None:
        """The whole number that a variable or an attribute (dotted) always is; None where it is given anything else."""
        values = [value for target, value in self._assigned if target == name]
        literal = [value.value for value in values if isinstance(value, ast.Constant)]
        return literal[0] if len(values) == 1 and literal and type(literal[0]) is int else None

    @cached_property
    def _assigned(self) -> list[tuple[str, ast.AST | None]]:
        """Whatever gives a name or an attribute a value, and the value where it is one expression."""
        found: list[tuple[str, ast.AST | None]] = []
        plain: set[int] = set()
        for node in ast.walk(self.tree) if self.tree is not None else ():
            if isinstance(node, ast.Assign):
                found += [(ast.unparse(target), node.value) for target in node.targets]
                plain |= {id(target) for target in node.targets}
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                found += [] if id(node) in plain else [(ast.unparse(node), None)]
            elif isinstance(node, ast.arg):
                found.append((node.arg, None))
        return found

    def names_at(self, line: int | None) -> frozenset[str]:
        """The names that are known at this line: of its function and of the module."""
        scope = self.function(line)
        own = _names(scope) if scope is not None else set()
        return frozenset(own | (_names(self.tree, depth=1) if self.tree is not None else set()))

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The attributes that some line of the file sets, and the methods and class attributes that it defines."""
        nodes = list(ast.walk(self.tree)) if self.tree is not None else []
        stored = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
        classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
        return frozenset(stored | {name for each in classes for name in _names(each, depth=1)})

    def module_of(self, name: str) -> str:
        """The module that a name stands for by an import of the file ("numpy" for `np`); "" where it is none."""
        imports = (node for node in ast.walk(self.tree) if isinstance(node, ast.Import)) if self.tree else ()
        aliases = (alias for node in imports for alias in node.names)
        return next((alias.name for alias in aliases if name == (alias.asname or alias.name)), "")

    def nearest_attribute(self, name: str) -> str:
        """The attribute of the file that is most like `name`."""
        return _closest(name, self.attributes)

    def nearest_text(self, text: str) -> str:
        """The string constant of the file that is most like `text`."""
        nodes = ast.walk(self.tree) if self.tree is not None else ()
        constants = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        return _closest(text, {value for value in constants if value.isidentifier()})

    def _statement(self, line: int | None) -> ast.stmt | None:
        """The innermost statement on a line."""
        if line is None or self.tree is None:
            return None
        holding = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt) and _holds(node, line)]
        return max(holding, key=lambda node: node.lineno, default=None)

    def function(self, line: int | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function around a line."""
        if line is None or self.tree is None:
            return None
        functions = ast.FunctionDef | ast.AsyncFunctionDef
        around = [node for node in ast.walk(self.tree) if isinstance(node, functions) and _holds(node, line)]
        return max(around, key=lambda node: node.lineno, default=None)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _holds(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _names(scope: ast.AST, depth: int = 99) -> set[str]:
    """The names that a scope binds: parameters, what is assigned, imported, defined. Depth 1: of the module alone."""
    nodes = list(ast.walk(scope)) if depth > 1 else _top_level(scope)
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    found |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    found |= {node.name for node in nodes if isinstance(node, Definition)}
    imports = (node.names for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    return found | {(alias.asname or alias.name).split(".")[0] for aliases in imports for alias in aliases}


def _top_level(module: ast.AST) -> list[ast.AST]:
    """The statements of the module and what they assign, without the bodies of functions and classes."""
    nodes: list[ast.AST] = []
    for statement in getattr(module, "body", []):
        nodes += [statement] if isinstance(statement, Definition) else ast.walk(statement)
    return nodes


def _closest(name: str, known: Collection[str]) -> str:
    """Sorted, so that the same file gives the same answer."""
    return next(iter(get_close_matches(name, sorted({*known} - {name}), 1)), "")
