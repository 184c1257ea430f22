"""The line of the user's file in which a named mistake most likely stands. A search in the text: it never judges."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.mistakes import CATALOGUE

_GOES_BACKWARD = re.compile(r"back|grad|update|step")
_RESULTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "input": re.compile(r"_?(d|grad_?)_?(x|a|in|input|z_prev|prev)"),
        "weight": re.compile(r"_?(d|grad_?)_?(w|f|k|theta)"),
        "bias": re.compile(r"_?(d|grad_?)_?b"),
    }
)


def likely_line(source: str, finding_id: str, function_line: int | None, gradient: str = "") -> int | None:
    """The one line of a function that looks like the mistake.

    Args:
        source: text of the user's file.
        finding_id: id of the catalogue.
        function_line: where the function or class that was judged is defined; None searches the whole file. Of a
            class only the methods are searched whose names speak of a backward pass.
        gradient: a line that clearly computes another one is not it.

    Returns:
        None where no line looks like it, where several do, or where nothing is known to look for.
    """
    mistake, body = CATALOGUE.get(finding_id), Code(source, function_line).definition
    looks_like = None if mistake is None else mistake.line
    if looks_like is None or body is None:
        return None
    nodes = (node for node in _searched(body) if isinstance(node, ast.expr | ast.stmt) and looks_like(node))
    others = {line for name, pattern in _RESULTS.items() if name != gradient for line in _assigning(body, pattern)}
    lines = {node.lineno for node in nodes} - (others if gradient in _RESULTS else set())
    return lines.pop() if len(lines) == 1 else None


def _assigning(body: ast.AST, pattern: re.Pattern[str]) -> Iterator[int]:
    """The lines of the statements that assign to such a name only, or add to it."""
    for node in _searched(body):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(pattern.match(_root(target)) for target in targets):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _root(target: ast.AST) -> str:
    """dx of dx[:, i], dW of self.dW."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return str(getattr(target, "attr", getattr(target, "id", ""))).lower()


def _searched(body: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(body, ast.ClassDef):
        yield from ast.walk(body)
        return
    for node in body.body:
        if isinstance(node, ast.FunctionDef) and _GOES_BACKWARD.search(node.name):
            yield from ast.walk(node)
