"""A parameter that is a dict of settings: its keys are read off the code, their values are usual ones."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.model.syntax import is_name
from gradcheck_cli.targets.functions.inputs.proposals import constant
from gradcheck_cli.targets.functions.spelling import is_target, tokens

# What is called with whole numbers: `a.reshape(k, p, -1)`, `range(p)`.
_SHAPED = ("reshape", "view", "range")
# What stands beside places, a number for each row.
_BESIDE = (0.5, 1.5, 0.75)
# What makes arrays of so many numbers.
_MAKERS = ("zeros", "ones", "eye", "identity", "randn", "rand", "empty")


def keys_read(source: str, name: str) -> dict[str, Any]:
    """The keys of `name` that the code reads, with the default's syntax where it says one; {} where it is no dict."""
    if not source:
        return {}
    found: dict[str, Any] = {}
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Subscript) and is_name(node.value, name) and isinstance(node.ctx, ast.Load):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                found.setdefault(node.slice.value, None)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            first = node.args[:1]
            if is_name(node.func.value, name) and first and isinstance(first[0], ast.Constant):
                found.setdefault(str(first[0].value), node.args[1] if len(node.args) > 1 else None)
    return found


def defaults_read(source: str, name: str) -> dict[str, Any]:
    """The keys that the code has a value for where they are not there: `param.get("gain", 0.5)`."""
    return {key: node.value for key, node in keys_read(source, name).items() if isinstance(node, ast.Constant)}


def settings(source: str, name: str) -> dict[str, Any] | None:
    """A dict to hand in; None where the parameter is none. What has a default is left to it."""
    keys = keys_read(source, name)
    if not keys:
        return None
    return {key: _usual(key) for key, default in keys.items() if default is None or key in ("mode", "p")}


def _usual(key: str) -> Any:
    return constant(tokens(key))


# Fewer that are read one by one tell no length.
_SEVERAL = 2


def number_of_names(source: str, name: str) -> int:
    """Into how many names the code takes a parameter apart: `kernel_h, kernel_w = kernel_size`; 0 where it does not.

    Also as an array: `x, y, z = np.asarray(point)`.
    """
    for node in syntax.nodes_in(source):
        into = node.targets[0] if isinstance(node, ast.Assign) and is_name(_as_it_is(node.value), name) else None
        if isinstance(into, ast.Tuple | ast.List):
            return len(into.elts)
    return 0


def entries_read(source: str, name: str) -> tuple[int, bool]:
    """So many entries of a vector are read by their numbers, and whether slices are among them.

    8 of `cam[:3]`, `cam[3:6]`, `f, k = cam[6:]`, which is all of it; 2 of `at[0]`, `at[1]`, which may be rows, and 0 of
    a first one alone, which may be the first of any, and where others are read.
    """
    most, is_whole = 0, False
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.Subscript) and is_name(node.value, name):
            last = _last_of(node.slice)
            if last is None:
                into = next((each for each in syntax.nodes_in(source) if _takes_apart(each, node)), None)
                is_open = isinstance(node.slice, ast.Slice) and into is not None
                start = getattr(getattr(node.slice, "lower", None), "value", None)
                if not is_open or not isinstance(start, int):
                    return 0, False
                last = start + len(getattr(into.targets[0], "elts", ()))  # type: ignore[union-attr]
            most, is_whole = max(most, last), is_whole or isinstance(node.slice, ast.Slice)
    return (most if is_whole or most >= _SEVERAL else 0), is_whole


def _last_of(place: ast.expr) -> int | None:
    """Behind the last entry that a number or a slice of numbers means: 3 of `[2]` and of `[:3]`; None of all else."""
    number = place.upper if isinstance(place, ast.Slice) else place
    value = getattr(number, "value", None)
    if isinstance(place, ast.Slice) and place.step is not None:
        return None
    if type(value) is not int or value < 0:
        return None
    return value if isinstance(place, ast.Slice) else value + 1


def _takes_apart(node: ast.AST, part: ast.expr) -> bool:
    return isinstance(node, ast.Assign) and node.value is part and isinstance(node.targets[0], ast.Tuple)


def _as_it_is(node: ast.expr) -> ast.expr:
    """What an array is made of: `point` of `np.asarray(point, dtype=float)`."""
    is_made = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("asarray", "array", "ravel", "flatten")
    return node.args[0] if is_made and isinstance(node, ast.Call) and node.args else node


def goes_through_steps(source: str, name: str) -> bool:
    """Does the code multiply one step of a sequence after the other by weights: `X[:, t] @ W`, `xt = X[:, t, :]`?"""
    tree = syntax.nodes_in(source)
    steps = [node for node in tree if isinstance(node, ast.Subscript) and is_name(node.value, name) and _is_step(node)]
    assigned = (node for node in tree if isinstance(node, ast.Assign) and node.value in steps)
    named = {target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)}
    products = (node for node in tree if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult))
    calls = (
        node for node in tree if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("dot", "matmul")
    )
    factors = [*(node.left for node in products), *(node.args[0] for node in calls if node.args)]
    return any(factor in steps or getattr(factor, "id", "") in named for factor in factors)


def _is_step(node: ast.Subscript) -> bool:
    """`[:, t]` and `[:, t, :]`: all samples, and of each what a name counts."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
    others = [*parts[:1], *parts[2:]]
    is_whole = all(isinstance(part, ast.Slice) and part.lower is part.upper is None for part in others)
    return len(parts) in (2, 3) and is_whole and isinstance(parts[1], ast.Name)


def zipped(source: str, name: str) -> bool:
    """Does the code go through a parameter and another one side by side: `for t, p in zip(truth, pred)`?

    Also in a helper of its file that it hands both to, as `dot(x, beta)`.
    """
    tree = syntax.nodes_in(source)
    helpers = {"zip", *(node.name for node in tree if isinstance(node, ast.FunctionDef) and _zips_its_own(node))}
    calls = (node for node in tree if isinstance(node, ast.Call) and getattr(node.func, "id", "") in helpers)
    pairs = (call.args for call in calls if len(call.args) > 1)
    return any(
        any(is_name(one, name) for one in args) and all(isinstance(one, ast.Name) for one in args) for args in pairs
    )


def names_of_a_row(source: str, name: str) -> int:
    """Into how many names a row is taken apart where rows are gone through side by side with another's entries.

    So 3 of `for (a, al, d), th in zip(table, q)`; 0 where it is not.
    """
    for node in syntax.nodes_in(source):
        if not isinstance(node, ast.For | ast.comprehension) or syntax.called(node.iter) != "zip":
            continue
        if not isinstance(node.target, ast.Tuple):
            continue
        for part, given in zip(node.target.elts, getattr(node.iter, "args", ()), strict=False):
            if is_name(given, name) and isinstance(part, ast.Tuple):
                return len(part.elts)
    return 0


def _zips_its_own(node: ast.FunctionDef) -> bool:
    """Does a function go through two of its own parameters side by side?"""
    own = {item.arg for item in node.args.args}
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "zip")
    return any(sum(getattr(each, "id", "") in own for each in call.args) > 1 for call in calls)


def words_compared(source: str, name: str) -> list[str]:
    """The words that the code knows a parameter by, in order.

    `activation == "relu"`, `case "relu":`, `{"relu": relu}[activation]`, also where the table stands under a name, and
    `Literal["relu", "tanh"]` beside it; also by an attribute that is nothing but it, `self.act = activation`.
    """
    nodes = syntax.nodes_in(source)
    names = {name} | {f"self.{each}" for each in (name, *_attributes_of(nodes, name))}
    tables = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    said = (inner for node in nodes for part in _known_by(node, names, tables) for inner in ast.walk(part))
    words = (inner.value for inner in said if isinstance(inner, ast.Constant))
    return list(dict.fromkeys(word for word in words if isinstance(word, str)))


def _attributes_of(nodes: Sequence[ast.AST], name: str) -> list[str]:
    """The attributes that are nothing but a parameter: `self.act = activation.lower()`."""
    made = (node for node in nodes if isinstance(node, ast.Assign) and is_name(_as_said(node.value), name))
    return [target.attr for node in made for target in node.targets if isinstance(target, ast.Attribute)]


def _known_by(node: ast.AST, names: Set[str], tables: Mapping[str, ast.Dict]) -> Sequence[ast.AST]:
    """The parts of a piece of code that hold what a parameter may be, or what it is asked to be.

    Args:
        names: what it is called: itself, and `self.` with an attribute.
    """

    def is_it(part: ast.AST) -> bool:
        said = _as_said(part)
        return isinstance(said, ast.Name | ast.Attribute) and ast.unparse(said) in names

    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return sides if any(map(is_it, sides)) else ()
    if isinstance(node, ast.Match):
        subjects = node.subject.elts if isinstance(node.subject, ast.Tuple) else [node.subject]
        return [case.pattern for case in node.cases] if any(map(is_it, subjects)) else ()
    if isinstance(node, ast.Subscript) and is_it(node.slice):
        return _keys_of(node.value, tables)
    if isinstance(node, ast.Call) and syntax.called(node) == "get" and node.args and is_it(node.args[0]):
        return _keys_of(getattr(node.func, "value", node), tables)
    if isinstance(node, ast.arg) and node.arg in names and node.annotation is not None:
        return [node.annotation] if "Literal" in ast.unparse(node.annotation) else ()
    return ()


def _as_said(node: ast.AST) -> ast.AST:
    """What a method is called on that changes the letters alone: `kind.lower()`."""
    changes = isinstance(node, ast.Call) and syntax.called(node) in ("lower", "upper", "strip")
    return getattr(node.func, "value", node) if isinstance(node, ast.Call) and changes else node


def _keys_of(node: ast.AST, tables: Mapping[str, ast.Dict]) -> Sequence[ast.AST]:
    table = tables.get(node.id) if isinstance(node, ast.Name) else node
    return [key for key in table.keys if key is not None] if isinstance(table, ast.Dict) else ()


def sizes_arrays(source: str, name: str) -> bool:
    """Does the code make arrays of that length: `np.eye(dim)`, `np.random.randn(n, n)`, `np.zeros((size, 1))`?"""
    calls = (node for node in syntax.nodes_in(source) if isinstance(node, ast.Call))
    makes = (call for call in calls if getattr(call.func, "attr", "") in _MAKERS)
    given = [each for call in makes for each in call.args]
    given += [part for each in given if isinstance(each, ast.Tuple) for part in each.elts]
    return any(is_name(each, name) for each in given) and not _is_taken_apart(source, name)


def _is_taken_apart(source: str, name: str) -> bool:
    """Is it a shape: `np.zeros(shape)` beside `shape[0]`, or `*shape`?"""
    nodes = syntax.nodes_in(source)
    return any(
        isinstance(node, ast.Subscript | ast.Starred | ast.Attribute) and is_name(node.value, name) for node in nodes
    )


def is_looked_up(source: str, name: str, others: Sequence[str]) -> bool:
    """Does another parameter choose rows of it: `table[word]`, `W[ids]`?"""
    nodes = syntax.nodes_in(source)
    chosen = (node.slice for node in nodes if isinstance(node, ast.Subscript) and is_name(node.value, name))
    return any(isinstance(each, ast.Name) and each.id in others for each in chosen)


def rows_of_places(source: str, name: str) -> tuple[tuple[float, ...], ...]:
    """Rows as `for i, j, w in pairs` goes through them: places in what has three rows or more, and other numbers.

    Each place stands in several rows, as an atom has several bonds, and no row has one twice. () where it is none.
    """
    places = _rows_gone_through(source, name)
    count = max(len(_BESIDE), sum(places))
    rows = range(len(_BESIDE)) if places else ()
    return tuple(
        tuple((row + step) % count if is_place else _BESIDE[row] for step, is_place in enumerate(places))
        for row in rows
    )


def _rows_gone_through(source: str, name: str) -> list[bool]:
    """Of each name of `for i, j, w in pairs`: does it choose a row of something, `x[i]`? [] where none of them does."""
    for node in syntax.nodes_in(source):
        target = node.target if isinstance(node, ast.For | ast.comprehension) and is_name(node.iter, name) else None
        if isinstance(target, ast.Tuple | ast.List) and all(isinstance(each, ast.Name) for each in target.elts):
            chosen = _choosing(source)
            found = [getattr(each, "id", "") in chosen for each in target.elts]
            return found if any(found) else []
    return []


def _choosing(source: str) -> set[str]:
    """The names by which something is indexed."""
    slices = (node.slice for node in syntax.nodes_in(source) if isinstance(node, ast.Subscript))
    parts = (part for each in slices for part in (each.elts if isinstance(each, ast.Tuple) else [each]))
    return {part.id for part in parts if isinstance(part, ast.Name)}


def gives_places(source: str, name: str) -> bool:
    """Does the code go through a parameter and choose by each of its entries: `for i in ranking: total += s[i]`?"""
    for loop in (node for node in syntax.nodes_in(source) if isinstance(node, ast.For) and is_name(node.iter, name)):
        each = syntax.identifier(loop.target)
        chosen = (node.slice for node in ast.walk(loop) if isinstance(node, ast.Subscript))
        if each and any(is_name(place, each) for place in chosen):
            return True
    return False


@lru_cache(maxsize=16)
def chosen_from(source: str) -> frozenset[str]:
    """The names of which entries are chosen by others: `U[idx]`, `U[[first, *rest]]`."""
    subscripts = (node for node in syntax.nodes_in(source) if isinstance(node, ast.Subscript))
    return frozenset(
        node.value.id
        for node in subscripts
        if isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Name | ast.List)
    )


def is_sorted_by(source: str, name: str) -> bool:
    """Does the code put rows in the order of a parameter: `np.argsort(-time)`? It has a number for each of them."""
    calls = (node for node in syntax.nodes_in(source) if isinstance(node, ast.Call))
    sorts = (call for call in calls if syntax.called(call) == "argsort")
    given = (each for call in sorts for each in (*call.args[:1], getattr(call.func, "value", None)))
    return any(is_name(each.operand if isinstance(each, ast.UnaryOp) else each, name) for each in given if each)


def stands_in_arithmetic(source: str, name: str) -> bool:
    """Is a parameter itself added, subtracted or multiplied: `y * np.log(p)`, `p - y`? Not in `cuts[y + 1]`."""
    nodes = syntax.nodes_in(source)
    places = {part for node in nodes if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)}
    sums = (node for node in nodes if isinstance(node, ast.BinOp) and node not in places)
    return any(is_name(node.left, name) or is_name(node.right, name) for node in sums)


def says_yes_or_no(source: str, name: str) -> bool:
    """Does the code ask whether an entry of a parameter is 1: `event[i] == 1`, `sorted_event = event[order]` before it?

    `x == 1` is asked of a number, and of what is kept from it; of what is compared with, `y == 1`, it is the same.
    """
    tree = syntax.nodes_in(source)
    parts = (node for node in tree if isinstance(node, ast.Assign) and _is_part_of(node.value, {name}))
    names = {name, *(target.id for node in parts for target in node.targets if isinstance(target, ast.Name))}
    compared = (node for node in tree if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq))
    found = {
        getattr(node.comparators[0], "value", None)
        for node in compared
        if _is_part_of(node.left, names) or (is_target(name) and is_name(node.left, name))
    }
    return bool(found) and found <= {0, 1} and 1 in found


def _is_part_of(node: ast.AST, names: set[str]) -> bool:
    """`event[i]`."""
    return isinstance(node, ast.Subscript) and getattr(node.value, "id", "") in names


def is_count(source: str, name: str) -> bool:
    """Does the code divide lengths by it, with a whole result, or make a shape or a range of it?"""
    return name in _counts(source)


@lru_cache(maxsize=16)
def _counts(source: str) -> frozenset[str]:
    found: set[str] = set()
    for node in syntax.nodes_in(source):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
            found |= _names(node.right)
        elif isinstance(node, ast.Call) and syntax.called(node) in _SHAPED:
            arguments = node.args[1:] if getattr(getattr(node.func, "value", None), "id", "") == "np" else node.args
            found |= {name for each in arguments for name in _names(each)}
    return frozenset(found)


def _names(node: ast.AST) -> set[str]:
    """The names in sums and products, tuples of these too: no index and no attribute of anything."""
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.BinOp):
        return _names(node.left) | _names(node.right)
    return {name for each in node.elts for name in _names(each)} if isinstance(node, ast.Tuple | ast.List) else set()
