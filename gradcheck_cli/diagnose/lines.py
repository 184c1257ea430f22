"""The lines of the user's file that look like a mistake, or that compute another gradient. They never judge."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from gradcheck_cli.mistakes import CATALOGUE
from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.functions.spelling import belongs_to

_RESULTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "input": re.compile(r"_?(d|grad_?)_?(x|a|in|input|z_prev|prev)"),
        "weight": re.compile(r"_?(d|grad_?)_?(w|f|k|theta)"),
        "bias": re.compile(r"_?(d|grad_?)_?b"),
    }
)


def lines_like(body: ast.AST, mistakes: Collection[str]) -> set[int]:
    """The lines of a function on which something looks like one of these mistakes."""
    looks = [CATALOGUE[each].line for each in mistakes if each in CATALOGUE]
    nodes = [node for node in ast.walk(body) if isinstance(node, ast.expr | ast.stmt)]
    return {node.lineno for node in nodes for looks_like in looks if looks_like is not None and looks_like(node)}


def lines_of_others(body: ast.AST, gradient: str) -> set[int]:
    """The lines of the statements that by their names compute another gradient, and not this one."""
    others = [pattern for name, pattern in _RESULTS.items() if name != gradient]
    return {line for pattern in others for line in _assigning(body, pattern)} if gradient in _RESULTS else set()


def lines_feeding(body: ast.AST, gradients: Collection[str], names: Sequence[str]) -> set[int]:
    """The lines of the statements from which some gradients are made, as far as names tell, whatever the order.

    Args:
        gradients: the arguments of which; `names` are all arguments of which there are any.
    """
    made = [(node, _targets(node), _loads(node)) for node in ast.walk(body) if isinstance(node, _MAKES)]
    wanted = {name for _, targets, _ in made for name in targets if belongs_to(name, names) in gradients}
    lines: set[int] = set()
    size = -1
    while len(wanted) != size:
        size = len(wanted)
        for node, targets, loads in made:
            if targets & wanted:
                wanted |= loads
                lines |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


_MAKES = (ast.Assign, ast.AugAssign, ast.AnnAssign)


def _targets(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    parts = [part for each in targets for part in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])]
    return {_named(part) for part in parts}


def _loads(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> set[str]:
    """What stands on the right, and what is added to."""
    inner = ast.walk(node.value) if node.value is not None else ()
    read = {_named(each) for each in inner if isinstance(each, ast.Name | ast.Attribute)}
    return read | (_targets(node) if isinstance(node, ast.AugAssign) else set())


def _named(target: ast.AST) -> str:
    """dx of dx[:, i], dW of self.dW."""
    while isinstance(target, ast.Subscript | ast.Starred):
        target = target.value
    return identifier(target)


def _assigning(body: ast.AST, pattern: re.Pattern[str]) -> Iterator[int]:
    """The lines of the statements that assign to such a name only, or add to it."""
    for node in ast.walk(body):
        if not isinstance(node, ast.Assign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if all(pattern.match(_root(target)) for target in targets):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _root(target: ast.AST) -> str:
    """In small letters."""
    return _named(target).lower()
