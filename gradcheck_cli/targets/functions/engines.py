"""Engines, told by their syntax: a class whose operators build a graph that its backward walks, as micrograd's Value.

Each of its operations is a layer of its own, and so is the walk: nothing is executed here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.spelling import BACKWARD_WORDS, in_order, tokens, word_set

# Either of them is needed to build anything.
_BUILDS = word_set("__add__ __mul__")
_OPERATORS = in_order("__add__ __sub__ __mul__ __truediv__ __pow__ __matmul__ __neg__")
_WALKS = in_order("backward backprop backpropagate back_propagate backpropagation back_propagation back grad")
# What copies a node, or looks at it, and is no operation.
_ASIDE = word_set("detach copy clone zero_grad zerograd item numpy zeros ones rand randn to astype data grad")
Functions = Mapping[str, ast.FunctionDef]


def walk_of(node: ast.AST | None) -> str:
    """The method of an engine that goes back through its graph; "" where a class is no engine."""
    methods = methods_of(node)
    if not _BUILDS & methods.keys() or any(name in methods for name in ("forward", "__call__")):
        return ""
    named = [name for name in _WALKS if name in methods]
    others = [name for name in methods if not name.startswith("_") and "back" in name.lower()]
    return next((name for name in [*named, *others] if _asks_nothing(methods[name])), "")


def operations_of(node: ast.AST | None) -> list[str]:
    """The operations that an engine writes itself: those that make a node; where others make them all that lead there.

    What is written in other operations, as a - b = a + (-b), is theirs.
    """
    methods, title = methods_of(node), getattr(node, "name", "")
    walk = walk_of(node)
    own = {name: method for name, method in methods.items() if _may_be_operation(name, method) and name != walk}
    makes = [name for name, method in own.items() if _makes_node(method, title)]
    return makes or [name for name, method in own.items() if _leads_on(method)]


def rows_of(found: Mapping[str, ast.AST]) -> list[str]:
    """Of all engines of a file: each operation, and the walk where there is enough to build a graph of.

    Args:
        found: definitions by name, methods as "Class.method".
    """
    rows: list[str] = []
    for name, node in found.items():
        walk = walk_of(node)
        if walk:
            rows += [f"{name}.{operation}" for operation in operations_of(node)]
            rows += [f"{name}.{walk}"] if methods_of(node).keys() >= _BUILDS else []
    return rows


def methods_of(node: ast.AST | None) -> Functions:
    """The methods that stand in a class; none of what is no class."""
    body = node.body if isinstance(node, ast.ClassDef) else ()
    return {item.name: item for item in body if isinstance(item, ast.FunctionDef)}


def is_handed_node(method: ast.AST | None, name: str, title: str, data: str) -> bool:
    """Is an argument of a walk a node of the engine, as `backward(grad: Tensor)`, and no array?"""
    for inner in ast.walk(method) if method is not None else ():
        if isinstance(inner, ast.Attribute) and inner.attr == data and getattr(inner.value, "id", "") == name:
            return True
        if isinstance(inner, ast.Assign) and any(getattr(target, "id", "") == name for target in inner.targets):
            return _is_made(inner.value, title)
    return False


def takes_arrays(text: str) -> bool:
    """Does the code of an engine look at shapes or multiply matrices? Else its nodes are single numbers."""
    said = word_set("shape reshape asarray ndarray zeros_like ones_like matmul dot transpose axis keepdims")
    tree = syntax.nodes_in(text)
    names = {getattr(inner, "attr", getattr(inner, "arg", "")) for inner in tree}
    return bool(said & names) or "np.array(" in text


def _asks_nothing(method: ast.FunctionDef) -> bool:
    """A walk needs nothing but the node where it begins, and at most the gradient there."""
    needed = method.args.args[1 : len(method.args.args) - len(method.args.defaults)]
    return all(set(tokens(item.arg)) & (BACKWARD_WORDS | {"grad", "g", "seed", "dout"}) for item in needed)


def _may_be_operation(name: str, method: ast.FunctionDef) -> bool:
    if name.startswith("_"):
        return name in _OPERATORS
    return not method.decorator_list and name.lower() not in _ASIDE and not set(tokens(name)) & BACKWARD_WORDS


def _makes_node(method: ast.FunctionDef, title: str) -> bool:
    """It makes a node that knows more than its number: what it was made of, or how to go back."""
    if any(isinstance(inner, ast.FunctionDef | ast.Lambda) for inner in ast.walk(method) if inner is not method):
        return True
    calls = [inner for inner in ast.walk(method) if isinstance(inner, ast.Call) and _is_made(inner, title)]
    return any(len(call.args) + len(call.keywords) > 1 for call in calls)


def _is_made(call: ast.AST, title: str) -> bool:
    """Value(...), type(self)(...), self.__class__(...)"""
    func = call.func if isinstance(call, ast.Call) else None
    is_type = isinstance(func, ast.Call) and getattr(func.func, "id", "") == "type"
    return is_type or getattr(func, "id", "") == title or getattr(func, "attr", "") == "__class__"


def _leads_on(method: ast.FunctionDef) -> bool:
    """It returns what another function makes of the object itself: `return tensor_sum(self)`."""
    return any(_is_of_itself(item.value) for item in _returns(method))


def _is_of_itself(value: ast.AST | None) -> bool:
    handed = [getattr(item, "id", "") for item in value.args] if isinstance(value, ast.Call) else []
    return "self" in handed


def _returns(method: ast.FunctionDef) -> Iterator[ast.Return]:
    return (inner for inner in ast.walk(method) if isinstance(inner, ast.Return))
