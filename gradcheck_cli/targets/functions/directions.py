"""Which two methods of a file's classes are its forward and its backward, in whatever language: told by what they do.

A loop goes through the layers with one and through them in reverse with the other. Or one keeps what the other reads,
and the other is linear in the one thing that it is handed, as every backward is in G.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.linearity import is_linear_in
from gradcheck_cli.targets.functions.spelling import BACKWARD_WORDS, FORWARD_WORDS, tokens

# The object, and what it is handed.
_OF_ONE = 2
Directions = tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)  # asked of each class of a file
def directions_in(source: str) -> Directions:
    """The pairs of method names that the classes of a text share, the surest first.

    Raises:
        SyntaxError, ValueError, RecursionError: as `ast.parse`.
    """
    return directions_of(syntax.parse(source))


def directions_of(tree: ast.Module) -> Directions:
    """The same of a tree."""
    classes = [_methods(node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    looped = [pair for pair in _looped(tree) if any(set(pair) <= methods.keys() for methods in classes)]
    kept = [pair for methods in classes for pair in _kept(methods)]
    return tuple(dict.fromkeys([*looped, *kept]))


def directions_by_words(names: Iterable[str]) -> tuple[str, str]:
    """(forward, backward) of names that say nothing but their direction, in any language that is known; "" for none."""
    known = [(name, set(tokens(name))) for name in names]
    fore = next((name for name, words in known if words and words <= FORWARD_WORDS), "")
    back = next((name for name, words in known if words and words <= BACKWARD_WORDS), "")
    return fore, back


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}


def _looped(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """`for layer in layers: x = layer.heen(x)`, and `for layer in reversed(layers): g = layer.terug(g)`."""
    there: list[tuple[str, str]] = []
    back: list[tuple[str, str]] = []
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For)):
        reversed_ = _reversed(loop.iter)
        name = syntax.identifier(loop.target)
        gone = reversed_ if reversed_ is not None else loop.iter
        called = [(syntax.identifier(gone), method) for method in _handed_on(loop, name)]
        (there if reversed_ is None else back).extend(called)
    for layers, fore in there:
        yield from ((fore, other) for again, other in back if again == layers and other != fore)


def _reversed(node: ast.expr) -> ast.expr | None:
    """What is gone through from behind; None for what is not."""
    if syntax.called(node) == "reversed" and isinstance(node, ast.Call) and node.args:
        return node.args[0]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and ast.unparse(node.slice) == "::-1":
        return node.value
    return None


def _handed_on(loop: ast.For, name: str) -> Iterator[str]:
    """The methods of a loop's own thing that are handed what they gave the last time: `x = layer.heen(x)`."""
    for node in (each for each in ast.walk(loop) if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call)):
        call = node.value
        assert isinstance(call, ast.Call)
        is_own = isinstance(call.func, ast.Attribute) and syntax.identifier(call.func.value) == name
        given = {syntax.identifier(each) for each in call.args}
        if name and is_own and given & {syntax.identifier(target) for target in node.targets}:
            yield syntax.identifier(call.func)


def _kept(methods: Mapping[str, ast.FunctionDef]) -> list[tuple[str, str]]:
    """The one pair of which the second is linear in what it is handed and reads what the first keeps."""
    open_ones = {name: node for name, node in methods.items() if not name.startswith("_")}
    found = [
        (fore, back)
        for fore, first in open_ones.items()
        for back, second in open_ones.items()
        if first.lineno < second.lineno and _is_forward(first) and _sets(first) & _reads(second)
        if _is_backward(second)
    ]
    return found if len(found) == 1 else []


def _is_forward(node: ast.FunctionDef) -> bool:
    """It is handed one thing, and gives another: `fit(X, y)` is handed two, and `fit(X)` gives the object."""
    given = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value is not None]
    own = node.args.args[0].arg if node.args.args else ""
    needed = len(node.args.args) - len(node.args.defaults)
    return needed == _OF_ONE and bool(given) and all(syntax.identifier(each) != own for each in given)


def _is_backward(node: ast.FunctionDef) -> bool:
    return len(node.args.args) - len(node.args.defaults) == _OF_ONE and is_linear_in(node, node.args.args[1].arg)


def _sets(node: ast.FunctionDef) -> set[str]:
    return {each.attr for each in _attributes(node) if isinstance(each.ctx, ast.Store)}


def _reads(node: ast.FunctionDef) -> set[str]:
    return {each.attr for each in _attributes(node) if isinstance(each.ctx, ast.Load)}


def _attributes(node: ast.FunctionDef) -> Iterator[ast.Attribute]:
    """Of the object itself."""
    own = node.args.args[0].arg if node.args.args else ""
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == own:
            yield each
