"""What a constructor leaves to be set later, and the methods read: `self.W = None`, or the data that `fit` keeps."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.parameters import words_compared
from gradcheck_cli.targets.functions.inputs.proposals import REAL, proposals
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.making import Weights, data_axes
from gradcheck_cli.targets.functions.spelling import PREDICTED_WORDS, in_order, is_target, tokens

# Ways to fill all of them, the likeliest first: each is a form of its own, with all its tries.
MOST = 12
# What is compared has one shape: a row for each sample.
_ALIKE = "n d"
# What makes arrays of zeros or random numbers: handed one length after the other, or a shape.
_BY_LENGTHS = in_order("randn rand")
_BY_SHAPE = in_order("zeros ones empty full standard_normal random")


def left_open(owner: type, instance: Any, source: str, methods: Sequence[str]) -> list[str]:
    """The attributes that methods read before they set them, and that a new object has not, or has as None.

    Args:
        source: the text of the class.
        methods: called on a new object, in this order.
    """
    written = _methods_of(owner, source)
    seen: dict[str, bool] = {}
    for name in methods:
        _events(name, written, seen, set())
    if any("__getattr__" in vars(kind) for kind in owner.__mro__):  # it makes up what it has not
        return []
    is_open = [name for name, is_read in seen.items() if is_read and getattr(instance, name, None) is None]
    # What is compared with words, `activation=None` beside `self.activation == "relu"`, is left out and no array.
    return [name for name in is_open if not words_compared(source, name)]


def fillings(names: Sequence[str], source: str) -> Iterator[Mapping[str, Any]]:
    """Attribute -> what it is set to; the likeliest first. None where one of them is called like no array.

    Args:
        source: the text of the class, which may say with how many axes another method makes it.
    """
    yield from _alike(names)
    ranks = _ranks_set(source)
    compared = [name for name in names if is_target(name) or set(tokens(name)) & PREDICTED_WORDS]
    if 1 < len(compared) == len(names) and any(map(is_target, names)) and not ranks.keys() & set(names):
        yield dict.fromkeys(names, Weights(_ALIKE))
    listed = [sorted(_options(name), key=partial(_is_beside, ranks.get(name))) for name in names]
    if all(listed):
        for places in itertools.islice(by_rank([len(options) for options in listed]), MOST):
            yield {name: options[place] for name, options, place in zip(names, listed, places, strict=True)}


def _alike(names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """What is predicted and what it is compared with, where that is all: both in rows of several, and in one row."""
    predicted = [name for name in names if set(tokens(name)) & PREDICTED_WORDS]
    if len(predicted) == 1 and all(is_target(name) for name in names if name not in predicted):
        yield from (dict.fromkeys(names, Weights(axes)) for axes in ("n d", "n"))


def _options(name: str) -> list[Any]:
    if data_axes(name):
        return [Weights(axes) for axes in data_axes(name)]
    found = proposals(name.strip("_"))
    if found[0].kind == "constant":
        return [found[0].value]
    return [Weights(each.axes) for each in found if each.kind in REAL]


def _is_beside(rank: int | None, option: Any) -> bool:
    """Has it another number of axes than the class says?"""
    return rank is not None and isinstance(option, Weights) and len(option.axes.split()) != rank


def _ranks_set(source: str) -> dict[str, int]:
    """Attribute -> the number of axes with which some method makes it: `self.w = np.zeros(n)`, `self.b = 0.0`."""
    found: dict[str, int] = {}
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                rank = _rank_of(node.value) if isinstance(target, ast.Attribute) else None
                if isinstance(target, ast.Attribute) and rank is not None:
                    found.setdefault(target.attr, rank)
    return found


def _rank_of(node: ast.expr) -> int | None:
    """Of a number, and of what is filled or drawn in a shape that is written out; None of all else."""
    if isinstance(node, ast.Constant):
        return 0 if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.BinOp):  # 0.01 * np.random.randn(n, m)
        ranks = [rank for rank in (_rank_of(node.left), _rank_of(node.right)) if rank is not None]
        return max(ranks, default=None)
    if not isinstance(node, ast.Call) or not node.args:
        return None
    name = getattr(node.func, "attr", "")
    if name in _BY_LENGTHS:
        return len(node.args)
    if name in _BY_SHAPE:
        return len(node.args[0].elts) if isinstance(node.args[0], ast.Tuple | ast.List) else 1
    return None


def _methods_of(owner: type, source: str) -> dict[str, ast.FunctionDef]:
    """The definitions of what an object of the class is asked by, its own before those of its bases."""
    classes = {node.name: node for node in syntax.parse(source).body if isinstance(node, ast.ClassDef)}
    found: dict[str, ast.FunctionDef] = {}
    for kind in owner.__mro__:
        body = classes[kind.__name__].body if kind.__name__ in classes else []
        for node in body:
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, node)
    return found


def _events(name: str, written: Mapping[str, ast.FunctionDef], seen: dict[str, bool], entered: set[str]) -> None:
    """Attribute -> whether it is read before it is set, in the order in which the method's text has them."""
    node = written.get(name)
    if node is None or name in entered or not node.args.args:
        return
    entered.add(name)
    own = node.args.args[0].arg
    for inner in _in_order(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == own:
            if inner.attr in written:
                _events(inner.attr, written, seen, entered)
            else:
                seen.setdefault(inner.attr, not isinstance(inner.ctx, ast.Store))


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Every node, an assignment's right side before its left one; `self.w -= d` reads what it sets."""
    if isinstance(node, ast.AugAssign):
        yield from _in_order(node.value)
        yield from (_read(inner) for inner in _in_order(node.target))
        return
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Assign):
        children = [node.value, *node.targets]
    yield node
    for child in children:
        yield from _in_order(child)


def _read(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Attribute):
        return ast.Attribute(value=node.value, attr=node.attr, ctx=ast.Load())
    return node
