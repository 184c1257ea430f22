"""Which entry of what a backward hands back is the gradient of which argument."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeGuard

import numpy as np

from gradcheck_cli.model import Array, ReturnedEntry, syntax
from gradcheck_cli.targets.functions.form import as_array, entry_of, is_listed
from gradcheck_cli.targets.functions.spelling import (
    LOSS_WORDS,
    belongs_to,
    is_between_layers,
    is_target,
    looks_like_gradient,
    tokens,
)

# What such a method gives is what it is called on; x.t().mm(d) is no longer x.
_RESHAPES = ("reshape", "view", "ravel", "flatten", "squeeze", "copy", "clone", "astype", "detach", "contiguous")

# What makes arrays of so many rows, or goes through so many.
_OF_LENGTHS = ("range", "arange", "zeros", "ones", "empty", "full", "eye", "reshape", "repeat", "tile", "broadcast_to")
_DIVISIONS = (ast.Div, ast.FloorDiv, ast.Mod)
# What makes one number of the losses of all samples, or a plain number of that.
_TOTALS = ("float", "mean", "sum", "item", "average")


# A sum with a second argument is one over an axis.
_WITH_AXIS = 2


def entries_of(result: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    """(name, value) of each entry of a return: the keys of a dict, else the names that the return statement says.

    A list of numbers that the return statement does not spell out is one array.
    """
    if isinstance(result, Mapping):
        return _of_mapping(result)
    if is_listed(result) and len(names) < 2:
        return [(names[0] if names else "", result)]
    values = list(result) if isinstance(result, tuple | list) else [result]
    values = values if len(values) == len(names) else _flat(values, len(names))
    named = list(zip(names, values, strict=True)) if len(values) == len(names) else [("", value) for value in values]
    return [inner for name, value in named for inner in _inside(name, value)]


def _flat(values: list[Any], count: int) -> list[Any]:
    """The values of `return (dw, db), dx` one by one, where they are as many then; else as they are."""
    flat = [inner for value in values for inner in (value if isinstance(value, tuple) else [value])]
    return flat if len(flat) == count else values


def _inside(name: str, value: Any) -> list[tuple[str, Any]]:
    """A dict, a list or a tuple of gradients beside others, one by one."""
    if (
        isinstance(value, list | tuple)
        and value
        and not is_listed(value)
        and all(as_array(inner) is not None for inner in value)
    ):
        return [(f"{name}.{place}", inner) for place, inner in enumerate(value)]
    return _of_mapping(value) if isinstance(value, Mapping) else [(name, value)]


def _of_mapping(result: Mapping[Any, Any], before: str = "") -> list[tuple[str, Any]]:
    """Each entry by its key; of a dict in a dict by both, "norm_scale"."""
    found: list[tuple[str, Any]] = []
    for key, value in result.items():
        name = f"{before}{key}"
        found += _of_mapping(value, f"{name}_") if isinstance(value, Mapping) else _inside(name, value)
    return found


def by_place(entries: Sequence[tuple[str, Any]], parameters: Sequence[str]) -> list[tuple[str, Any]]:
    """Entries without a name, one for each parameter of the forward, settings too: the first is of the first."""
    if len(entries) == len(parameters) > 1 and not any(belongs_to(name, parameters) for name, _ in entries if name):
        return [(name, value) for name, (_, value) in zip(parameters, entries, strict=True)]
    return list(entries)


def gradients_among(entries: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What is called a gradient, where anything is: a last state that is returned beside them is none."""
    named = [(name, value) for name, value in entries if looks_like_gradient(name)]
    return named or list(entries)


def returned_names(node: ast.AST | None, source: str = "", *, flat: bool = False) -> list[str]:
    """What the last return statement of a function calls what it gives; "" for what has no name.

    Args:
        source: the text of the functions that it uses: what `return norm(x, 1)` gives is said there.
        flat: those of what stands in parentheses in it, `return (dw, db), dx`, one by one.
    """
    names = list(_last_return(node))
    if flat and "" in names:
        names = list(_last_return(node, flat=True))
    if names != [""] or not source:
        return names
    called = next((each.value.func for each in _returns(node) if isinstance(each.value, ast.Call)), None)
    name = called.id if isinstance(called, ast.Name) else ""
    inner = (each for each in syntax.parse(source).body if isinstance(each, ast.FunctionDef) and each.name == name)
    return list(_last_return(next(inner, None))) or names


def returns_a_total(node: ast.AST | None) -> bool:
    """Is the first thing that a function returns made of what adds up or averages all of something?"""
    value = max(_returns(node), key=lambda inner: inner.lineno).value if _returns(node) else None
    first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
    calls = [each for each in ast.walk(first) if isinstance(each, ast.Call)] if first is not None else []
    return any(syntax.called(each) in _TOTALS and not each.keywords and len(each.args) < _WITH_AXIS for each in calls)


def counts_with(node: ast.AST | None, name: str) -> bool:
    """Does a function divide by a name, or make shapes and ranges with it? Where nobody can tell, it does."""
    if node is None:
        return True
    divisors = [
        each.right for each in ast.walk(node) if isinstance(each, ast.BinOp) and isinstance(each.op, _DIVISIONS)
    ]
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and syntax.called(each) in _OF_LENGTHS]
    parts = [part for each in (*divisors, *(arg for call in calls for arg in call.args)) for part in ast.walk(each)]
    return any(isinstance(part, ast.Name) and part.id == name for part in parts)


def parameter_names(node: ast.AST | None) -> list[str]:
    """What a definition calls its parameters, without those by name alone; [] of what is no function."""
    arguments = getattr(node, "args", None)
    return [item.arg for item in arguments.args] if isinstance(arguments, ast.arguments) else []


def texts_of(node: ast.AST | None) -> list[str]:
    """The names and the texts in a function: what its gradients are called."""
    found = ast.walk(node) if node is not None else ()
    named = (getattr(inner, "id", getattr(inner, "value", "")) for inner in found)
    return list(dict.fromkeys(text for text in named if isinstance(text, str) and text.isidentifier()))


def named_gradients(node: ast.AST | None, names: Sequence[str]) -> set[str]:
    """The arguments whose gradients have a name in a backward; all where it returns as many things as there are."""
    if len(returned_names(node)) >= len(names):
        return set(names)
    return {belongs_to(text, names) for text in texts_of(node) if text not in names}


def _returns(node: ast.AST | None) -> list[ast.Return]:
    return [inner for inner in ast.walk(node) if _gives(inner)] if node is not None else []


@lru_cache(maxsize=1_000)  # asked at each call of a function, of which there are thousands
def _last_return(node: ast.AST | None, *, flat: bool = False) -> tuple[str, ...]:
    returns = _returns(node)
    if not returns:
        return ()
    value = max(returns, key=lambda inner: inner.lineno).value
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    if flat:
        parts = [inner for part in parts for inner in (part.elts if isinstance(part, ast.Tuple) else [part])]
    return tuple(_name(part) for part in parts)


def written_as_none(source: str, owner: str) -> frozenset[int]:
    """The places at which every return statement of a class's backward has a None, written there or under a name.

    Args:
        source: which holds the class.
        owner: its name.
    """
    methods = _methods(source, owner, "backward")
    places = [
        _nones(inner.value, _only_none(method)) for method in methods for inner in ast.walk(method) if _gives(inner)
    ]
    return frozenset(set.intersection(*places)) if places else frozenset()


def names_of_rest(source: str, owner: str) -> list[str]:
    """What a class's forward calls the parts of its *args, where it takes them apart at once: `x, gate = args`."""
    for method in _methods(source, owner, "forward"):
        rest = method.args.vararg
        for inner in ast.walk(method) if rest is not None else ():
            if not isinstance(inner, ast.Assign) or not isinstance(inner.targets[0], ast.Tuple):
                continue
            parts = inner.targets[0].elts
            if isinstance(inner.value, ast.Name) and rest is not None and inner.value.id == rest.arg:
                return [part.id for part in parts if isinstance(part, ast.Name)]
    return []


def _methods(source: str, owner: str, name: str) -> list[ast.FunctionDef]:
    return [
        item
        for node in syntax.nodes_in(source)
        if isinstance(node, ast.ClassDef) and node.name == owner
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == name
    ]


def _gives(node: ast.AST) -> TypeGuard[ast.Return]:
    return isinstance(node, ast.Return) and node.value is not None


def _nones(value: ast.expr | None, names: frozenset[str]) -> set[int]:
    parts = value.elts if isinstance(value, ast.Tuple) else []
    return {place for place, part in enumerate(parts) if _is_none(part) or getattr(part, "id", "") in names}


def _is_none(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _only_none(method: ast.AST) -> frozenset[str]:
    """The names that are assigned None and nothing else: `grad_alpha = None`."""
    given: dict[str, list[bool]] = {}
    for node in ast.walk(method):
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            continue
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                given.setdefault(name.id, []).append(_is_none(node.value))
    return frozenset(name for name, nones in given.items() if all(nones))


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Tuple):
        return ""
    if isinstance(node, ast.Call) and (total := _total_of(node)):
        return total
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):  # dx.reshape(x.shape), np.outer(y, x)
        return _name(node.func.value) if node.func.attr in _RESHAPES else _gradient_name(node.func.value)
    if isinstance(node, ast.UnaryOp):
        return _gradient_name(node.operand)
    if isinstance(node, ast.BinOp):  # dx / n
        return _gradient_name(node.left) or _gradient_name(node.right)
    return ""


def _total_of(node: ast.Call) -> str:
    """The loss that a call adds up or makes a plain number of: float(np.mean(loss)), losses.sum(); "" of another."""
    if syntax.called(node) not in _TOTALS:
        return ""
    name = _name(node.args[0]) if node.args else _name(getattr(node.func, "value", None))
    return name if LOSS_WORDS & set(tokens(name)) and not looks_like_gradient(name) else ""


def _gradient_name(node: ast.AST) -> str:
    """Of a part of an expression only a gradient's name tells what the whole is."""
    name = _name(node)
    return name if looks_like_gradient(name) else ""


def unstacked(entries: Sequence[tuple[str, Any]], arguments: Mapping[str, Array]) -> list[tuple[str, Any]]:
    """One array that holds the gradients of several arguments, taken apart; the entries as they are where it is none.

    `np.array([d_mu, d_sigma])`, `np.concatenate((dX.ravel(), dT.ravel()))`, `np.vstack((dX, dT))`: those of the first
    arguments, in their order.
    """
    names = list(arguments)
    array = as_array(entries[0][1]) if len(entries) == 1 else None
    if array is None or belongs_to(entries[0][0], names) or any(array.shape == arguments[name].shape for name in names):
        return list(entries)
    for count in range(2, len(names) + 1):
        parts = [arguments[name] for name in names[:count]]
        ends = np.cumsum([len(part) if array.ndim > 1 and part.ndim else part.size for part in parts])
        if array.ndim and ends[-1] == len(array) and (array.ndim == 1 or _are_rows(parts, array)):
            pieces = np.split(array, ends[:-1])
            return [
                (name, np.reshape(piece, arguments[name].shape)) for name, piece in zip(names, pieces, strict=False)
            ]
    return list(entries)


def rejoined(entries: Sequence[tuple[str, Any]], arguments: Mapping[str, Array]) -> list[tuple[str, Any]]:
    """The gradients of all parts of a vector one behind the other; the entries as they are where they are none.

    `return J, Theta1_grad, Theta2_grad` of weights that come unrolled: in the order in which they are returned.
    """
    parts = [as_array(value) for _, value in entries]
    vectors = [name for name, array in arguments.items() if array.ndim == 1]
    if (
        len(parts) < 2
        or any(part is None for part in parts)
        or any(belongs_to(name, list(arguments)) for name, _ in entries)
    ):
        return list(entries)
    arrays = [part for part in parts if part is not None]
    whole = [name for name in vectors if arguments[name].size == sum(part.size for part in arrays)]
    if len(whole) != 1 or any(part.shape == array.shape for part in arrays for array in arguments.values()):
        return list(entries)
    return [(whole[0], np.concatenate([part.ravel() for part in arrays]))]


def _are_rows(parts: Sequence[Array], array: Array) -> bool:
    return all(part.ndim == array.ndim and part.shape[1:] == array.shape[1:] for part in parts)


def owners(entries: Sequence[tuple[str, Any]], arguments: Mapping[str, Array]) -> list[str]:
    """The argument that each entry is the gradient of; "" for none.

    Names decide where they tell; then the order of the arguments where as many entries as arguments are left; then
    shapes that only one argument has.
    """
    # A loss gives the gradient of its prediction, in whatever order it takes that and the target.
    arguments = dict(sorted(arguments.items(), key=lambda item: is_target(item[0]))) if len(entries) < 2 else arguments
    names = list(arguments)
    found = [
        name if name in names else belongs_to(name, names) or _of_list(name, value, arguments) if name else ""
        for name, value in entries
    ]
    found = [name if found.index(name) == place else "" for place, name in enumerate(found)]
    left = [name for name in names if name not in found]
    open_places = [place for place, name in enumerate(found) if not name]
    if len(open_places) == len(left) and _in_order(entries, open_places, left, arguments):
        for place, name in zip(open_places, left, strict=True):
            found[place] = name
        return found
    return _by_shape(entries, found, open_places, arguments)


def of_list(path: str, shape: tuple[int, ...], names: Mapping[str, tuple[int, ...]]) -> str:
    """The parameter at the same place of the list that a list of gradients is of: `b.1` for `db.1`; "" for none.

    By the list's name, else by the only list with a parameter of this shape at this place.

    Args:
        path: of the gradient.
        names: the parameters' names and shapes.
    """
    title, _, place = path.rpartition(".")
    mine = [name for name in names if name.rpartition(".")[2] == place and "." in name and place.isdigit()]
    lists = [name.rpartition(".")[0] for name in mine]
    if not title or title in lists or not (looks_like_gradient(title) or belongs_to(title, lists)):
        return ""
    named = belongs_to(title, lists)
    fitting = [name for name in mine if names[name] == shape]
    return f"{named}.{place}" if named else fitting[0] if len(fitting) == 1 else ""


def _of_list(name: str, value: Any, arguments: Mapping[str, Array]) -> str:
    shape = _shape(value)
    return "" if shape is None else of_list(name, shape, {own: array.shape for own, array in arguments.items()})


def claimed(
    names: Sequence[str], entries: Sequence[tuple[str, Any]]
) -> tuple[dict[str, Array], tuple[ReturnedEntry, ...]]:
    """(argument -> gradient, every entry as returned) of a return; a gradient without numbers is left out.

    Args:
        names: whose gradient each entry is, see `owners`.
    """
    whole = [(name, called, value) for name, (called, value) in zip(names, entries, strict=True)]
    gradients = {name: array for name, _, value in whole if name and (array := as_array(value)) is not None}
    return gradients, tuple(replace(entry_of(name, value), called=called) for name, called, value in whole)


def _in_order(
    entries: Sequence[tuple[str, Any]], places: Sequence[int], left: Sequence[str], arguments: Mapping[str, Array]
) -> bool:
    """Do the shapes speak for the order, or at least for no other one and the names for none?"""
    shapes = [_shape(entries[place][1]) for place in places]
    wanted = [arguments[name].shape for name in left]
    are_between = any(is_between_layers(entries[place][0]) for place in places)
    return shapes == wanted or (sorted(map(str, shapes)) != sorted(map(str, wanted)) and not are_between)


def _by_shape(
    entries: Sequence[tuple[str, Any]], found: list[str], places: Sequence[int], arguments: Mapping[str, Array]
) -> list[str]:
    for place in places:
        shape = _shape(entries[place][1])
        free = [name for name, array in arguments.items() if name not in found and array.shape == shape]
        if is_between_layers(entries[place][0]):  # what is compared with has the shape of dZ3, and no gradient
            free = [name for name in free if not is_target(name)]
        # In the order of the arguments: without a name and with the same shape, the first one is meant.
        if free and shape is not None:
            found[place] = free[0]
    if len(places) == 1 and len(entries) == 1 and not found[places[0]] and arguments:
        found[places[0]] = next(iter(arguments))
    return found


def _shape(value: Any) -> tuple[int, ...] | None:
    array = as_array(value)
    return None if array is None else array.shape
