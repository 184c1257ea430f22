"""Whether a target is written for pictures or for lines: what its text says, and what it is tried on first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.conventions import LINES, PICTURES
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.use import identifier
from gradcheck_cli.targets.load import Loaded

# How names say it: Conv1d, conv_1d_backward, temporal_conv, CausalConv.
_SAYS_LINE = re.compile(r"1_?d(?![a-z])|temporal|causal|tcn|wavenet", re.IGNORECASE)
_SAYS_PICTURE = re.compile(r"2_?d(?![a-z])", re.IGNORECASE)


def axes_to_try(loaded: Loaded, wanted: Sequence[str]) -> list[tuple[ConvSpec, ...]]:
    """The geometries to try it on, of each kind that the words of `--convention` leave; the likelier kind first."""
    pictures, lines = set(wanted) & set(PICTURES), set(wanted) & set(LINES)
    if lines and not pictures:
        return [probes.LINES]
    if pictures and not lines:
        return [probes.PICTURES]
    both: list[tuple[ConvSpec, ...]] = [probes.PICTURES, probes.LINES]
    return both[::-1] if _looks_like_lines(loaded) else both


def _looks_like_lines(loaded: Loaded) -> bool:
    """A name or a call that says so; else shapes that are taken apart into three, where nothing has four axes."""
    name = loaded.name if loaded.owner is None else f"{loaded.owner.__name__}.{loaded.name}"
    if _SAYS_LINE.search(name) or _SAYS_PICTURE.search(name):
        return bool(_SAYS_LINE.search(name))
    node = loaded.node(name) or loaded.node(name.rpartition(".")[0])
    if node is None:
        return False
    if any(_is_of_lines(each) for each in ast.walk(node)):
        return True
    # `g[:, :, t]` may be a row of four axes.
    return 3 in set(_taken_apart(node)) and 4 not in {*_taken_apart(node), *_indexed(node)}


def _is_of_lines(node: ast.AST) -> bool:
    """`F.conv1d`, or numpy's own correlation, which knows one axis only."""
    if not isinstance(node, ast.Attribute):
        return False
    of_numpy = identifier(node.value) in ("np", "numpy") and node.attr in ("correlate", "convolve")
    return of_numpy or node.attr.lower() == "conv1d"


def _taken_apart(node: ast.AST) -> Iterator[int]:
    """Into how many names shapes are taken apart."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Tuple) and _is_shape(each.value):
            yield len(each.targets[0].elts)


def _indexed(node: ast.AST) -> Iterator[int]:
    """With how many numbers arrays are indexed."""
    for each in ast.walk(node):
        if isinstance(each, ast.Subscript) and isinstance(each.slice, ast.Tuple):
            yield len(each.slice.elts)


def _is_shape(node: ast.AST) -> bool:
    return identifier(node) == "shape" or (isinstance(node, ast.Call) and identifier(node.func) == "size")
