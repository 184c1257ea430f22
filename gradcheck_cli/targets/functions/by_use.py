"""Which methods of a class are a pair where no name says it: told by what one keeps and the other reads.

Or by what they take: `output(x)` beside `derivative(x)`.
"""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any, TypeGuard

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.reading import parameter_names
from gradcheck_cli.targets.functions.spelling import belongs_to, goes_backward, is_upstream, looks_like_gradient


def methods_by_use(owner: Any) -> tuple[str, str]:
    """(forward, backward) of a class: the second reads what the first keeps, or is its derivative by name.

    ("", "") where that is not one pair.
    """
    return _pair_by_use([_used_by(owner, name, method) for name, method in _written(owner)])


def goes_by_use(methods: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]) -> bool:
    """The same of a class that is read and not made: has it one pair of such methods?"""
    return _pair_by_use([_read_in(node) for name, node in methods.items() if not name.startswith("_")]) != ("", "")


@dataclass(frozen=True)
class _Method:
    """What a method is called with behind the object but for switches, which attributes it sets and which it reads.

    `names` are its variables, its parameters among them; `gives` says whether it returns anything.
    """

    name: str
    line: int
    parameters: tuple[str, ...]
    sets: frozenset[str]
    reads: frozenset[str]
    names: tuple[str, ...]
    gives: bool

    @property
    def takes_gradient(self) -> bool:
        """Is one of its parameters called as gradients are?"""
        return any(is_upstream(name) or looks_like_gradient(name) for name in self.parameters)

    def is_handed_a_gradient_of(self, other: _Method) -> bool:
        """Is it, or is one called as the gradient of something in another method, as `dchu` beside `return chu`?"""
        of_other = (belongs_to(name, other.names) not in ("", name) for name in self.parameters)
        return self.takes_gradient or any(of_other)


def _pair_by_use(methods: Sequence[_Method]) -> tuple[str, str]:
    found = [
        (fore.name, back.name)
        for fore in methods
        for back in methods
        if fore.line < back.line and fore.parameters and back.is_handed_a_gradient_of(fore)
        if fore.sets & back.reads
    ]
    return found[0] if len(found) == 1 else _of_what_is_kept(methods) or _derivative_among(methods)


def _of_what_is_kept(methods: Sequence[_Method]) -> tuple[str, str] | None:
    """What says that it is a derivative and is handed nothing, behind the only method that keeps what it reads."""
    found = [
        (fore.name, back.name)
        for back in methods
        for fore in methods
        if goes_backward(back.name) and not goes_backward(fore.name) and not back.parameters
        if fore.line < back.line and fore.parameters and fore.gives and fore.sets & back.reads
    ]
    return found[0] if len(found) == 1 else None


def _derivative_among(methods: Sequence[_Method]) -> tuple[str, str]:
    """What says that it is a derivative, beside the only other method that takes the same, without a G among it."""
    found = [
        (fore.name, back.name)
        for back in methods
        for fore in methods
        if goes_backward(back.name) and not goes_backward(fore.name) and not back.takes_gradient
        if back.parameters and set(back.parameters) == set(fore.parameters)
    ]
    return found[0] if len(found) == 1 else ("", "")


def is_static(owner: Any, name: str) -> bool:
    """Is a method a plain function that merely stands in a class?"""
    return isinstance(inspect.getattr_static(owner, name), staticmethod)


def _used_by(owner: Any, name: str, method: FunctionType) -> _Method:
    code = method.__code__
    given = code.co_varnames[0 if is_static(owner, name) else 1 : code.co_argcount]
    switches = _with_a_switch(given, method.__defaults__ or ())
    attributes = {kind: frozenset(_attributes(code, kind)) for kind in ("STORE_ATTR", "LOAD_ATTR")}
    parameters = tuple(each for each in given if each not in switches)
    kept, read = attributes["STORE_ATTR"], attributes["LOAD_ATTR"]
    return _Method(name, code.co_firstlineno, parameters, kept, read, code.co_varnames, _gives(code))


def _gives(code: CodeType) -> bool:
    """Does it return anything but None?"""
    steps = list(dis.get_instructions(code))
    returned = ((before, step) for before, step in pairwise(steps) if step.opname.startswith("RETURN_"))
    # What is returned is loaded before, or stands in the step itself (since Python 3.12).
    return any(
        (step.argval is not None) if step.opname == "RETURN_CONST" else not _loads_none(before)
        for before, step in returned
        if step.opname != "RETURN_GENERATOR"
    )


def _loads_none(step: dis.Instruction) -> bool:
    return step.opname == "LOAD_CONST" and step.argval is None


def _read_in(node: ast.FunctionDef | ast.AsyncFunctionDef) -> _Method:
    attributes = [inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
    sets = frozenset(inner.attr for inner in attributes if isinstance(inner.ctx, ast.Store))
    reads = frozenset(inner.attr for inner in attributes if isinstance(inner.ctx, ast.Load))
    has_no_self = any(getattr(item, "id", "") == "staticmethod" for item in node.decorator_list)
    given = parameter_names(node)[0 if has_no_self else 1 :]
    switches = _with_a_switch(given, [getattr(default, "value", None) for default in node.args.defaults])
    own = {
        inner.id: None for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    parameters = tuple(each for each in given if each not in switches)
    gives = any(isinstance(inner, ast.Return) and inner.value is not None for inner in ast.walk(node))
    return _Method(node.name, node.lineno, parameters, sets, reads, (*given, *own), gives)


def _with_a_switch(names: Sequence[str], defaults: Sequence[object]) -> set[str]:
    """Those of the last names whose default is yes or no, as `retain_grad=False`: no gradients."""
    pairs = zip(reversed(names), reversed(defaults), strict=False)
    return {name for name, default in pairs if isinstance(default, bool)}


def _written(owner: Any) -> Iterator[tuple[str, FunctionType]]:
    """The methods that somebody wrote, without those that Python calls, and each once."""
    names = dict.fromkeys(name for kind in owner.__mro__ for name in vars(kind) if not name.startswith("_"))
    for name in names:
        if isinstance(held := getattr(owner, name), FunctionType):
            yield name, held


@lru_cache(maxsize=64)  # asked at each call of an object's backward
def rates_by_use(method: Any) -> frozenset[str]:
    """The attributes that multiply what a method takes from others: `self.oran` of `self.w -= self.oran * d_w`."""
    try:
        tree = syntax.parse(textwrap.dedent(inspect.getsource(method)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return frozenset()
    taken = [node for node in ast.walk(tree) if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub)]
    products = [node.value for node in taken if isinstance(node.target, ast.Attribute) and _is_product(node.value)]
    sides = [side for each in products for side in (each.left, each.right)]
    return frozenset(side.attr for side in sides if isinstance(side, ast.Attribute))


def _is_product(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def stores_attributes(code: Any) -> bool:
    """Does a method set an attribute of anything?"""
    return bool(_attributes(code, "STORE_ATTR"))


def _attributes(code: Any, opname: str) -> set[str]:
    return {str(step.argval) for step in dis.get_instructions(code) if step.opname == opname}
