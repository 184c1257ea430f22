"""Whether a target's text says that it takes kernels of one tap alone: by name, by what it refuses or reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise

from gradcheck_cli.model.syntax import identifier
from gradcheck_cli.targets.conventions.names import constructor_roles, function_roles

_NAME = re.compile(r"point_?wise|(?<!\d)1_?x_?1(?!\d)|network_?in_?network", re.IGNORECASE)
_SIDES = frozenset(("kernel_size", "kernel_h", "kernel_w"))
# `W[0, 0]`: one zero may be an image or a channel, two in a row are a row and a column.
_ROW_AND_COLUMN = 2


def says_one_tap(name: str, nodes: Sequence[ast.AST], has_windows: bool) -> bool:
    """Whether the text means kernels of one tap.

    Args:
        name: of the target, with that of its class.
        nodes: those of its definition, and of its forward.
        has_windows: it reads windows of an array, and so has more taps than the one that it reads by number.
    """
    if _NAME.search(name) or any(map(_refuses_more, nodes)):
        return True
    return not has_windows and any(map(_reads_the_first, nodes))


def _reads_the_first(node: ast.AST) -> bool:
    """`W[0, 0, :, c]`, `W[:, :, 0, 0]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return False
    zeros = [isinstance(part, ast.Constant) and part.value == 0 and part.value is not False for part in node.slice.elts]
    pairs = pairwise(zeros)
    return "weight" in function_roles(identifier(node.value)) and sum(zeros) == _ROW_AND_COLUMN and any(map(all, pairs))


def _refuses_more(node: ast.AST) -> bool:
    """`assert kh == kw == 1`, `if k_h != 1: raise`, `assert W.shape[2:] == (1, 1)`."""
    if isinstance(node, ast.Assert):
        test, operator = node.test, ast.Eq
    elif isinstance(node, ast.If) and any(isinstance(each, ast.Raise) for each in node.body):
        test, operator = node.test, ast.NotEq  # type: ignore[assignment]
    else:
        return False
    compared = [part for each in ast.walk(test) for part in _compared_with_one(each, operator)]
    # A single number of a shape may be that of the channels.
    sizes = [part for part in compared if isinstance(part, ast.Subscript) and not isinstance(part.slice, ast.Slice)]
    return sum(map(_is_of_shape, sizes)) > 1 or any(map(_is_a_side, compared))


def _compared_with_one(node: ast.AST, operator: type[ast.cmpop]) -> list[ast.expr]:
    """What is compared with 1, or with (1, 1), by this operator."""
    if not isinstance(node, ast.Compare) or not all(isinstance(each, operator) for each in node.ops):
        return []
    sides = [node.left, *node.comparators]
    return sides if any(map(_is_all_ones, sides)) else []


def _is_a_side(node: ast.expr) -> bool:
    """`k_h`, `self.kernel_size`, `W.shape[2:]`."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice) and _is_of_shape(node)
    return isinstance(node, ast.Name | ast.Attribute) and bool(set(constructor_roles(identifier(node))[:1]) & _SIDES)


def _is_of_shape(node: ast.Subscript) -> bool:
    """`W.shape[...]`."""
    of = node.value
    return isinstance(of, ast.Attribute) and of.attr == "shape" and "weight" in function_roles(identifier(of.value))


def _is_all_ones(node: ast.expr) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    return bool(parts) and all(isinstance(part, ast.Constant) and part.value == 1 for part in parts)
