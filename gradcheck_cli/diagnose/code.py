"""The text of the user's file, as far as the diagnosis reads it: names, one line, one definition. It never judges."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator
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
        return next((node for node in found if _begins(node) <= (self.defined or 0) <= node.lineno), None)

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

    def nearest(self, name: str, line: int | None) -> str:
        """The name that is known at this line and most like `name`; "" where none is like it."""
        scope = self.function(line)
        known = _names(scope) if scope is not None else set()
        known |= _names(self.tree, depth=1) if self.tree is not None else set()
        return _closest(name, known) or _closest(name, set(dir(builtins)), 0.8)

    def nearest_attribute(self, name: str) -> str:
        """The attribute that some line of the file sets and that is most like `name`."""
        nodes = ast.walk(self.tree) if self.tree is not None else ()
        stored = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
        return _closest(name, stored)

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


def _begins(node: Definition) -> int:
    """The line of the first decorator, or of the definition."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


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


def _closest(name: str, known: set[str], alike: float = 0.6) -> str:
    """Sorted, so that the same file gives the same answer."""
    return next(iter(get_close_matches(name, sorted(known - {name}), 1, alike)), "")
