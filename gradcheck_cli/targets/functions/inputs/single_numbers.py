"""Parameters that are single numbers, as code tells: what scales a total, and what gets a gradient that is added up."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.model.syntax import is_name
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction
from gradcheck_cli.targets.functions.inputs.proposals import REAL, Proposal
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import belongs_to

_KEYS = ("k", "kk")


def beside_no_query(item: Parameter, names: Sequence[str], likeliest: Proposal) -> list[Proposal]:
    """What is no key of anything may be a number: a stiffness, a step."""
    is_one = item.name.lower() in _KEYS and not {"q", "query", "v"} & {name.lower() for name in names}
    return [replace(likeliest, axes="")] if is_one else []


def number_of(form: WrittenFunction, item: Parameter, likeliest: Proposal, is_of_loss: bool) -> Proposal | None:
    """One number, of what the code makes a total with, or whose gradient is a total beside it; None of anything else.

    Args:
        likeliest: what it is by its name.
        is_of_loss: the form gives one number.
    """
    if item.has_default or item.is_state or likeliest.kind not in (*REAL, "constant"):
        return None
    is_scale = is_of_loss and likeliest.kind in REAL and scales_a_total(form.source, item.name)
    is_one = is_scale or item.name in gradients_of_numbers(form)
    return Proposal("positive" if likeliest.kind == "constant" else likeliest.kind) if is_one else None


def gradients_of_numbers(form: WrittenFunction) -> frozenset[str]:
    """The arguments of which the backward's text says that they are numbers."""
    names = tuple(item.name for item in form.parameters)
    if form.kind == "autograd-function":
        return totalled(form.source, form.backward, names)
    return begun_as_numbers(form.back.source, form.back.name, names) if isinstance(form, PairForm) else frozenset()


@lru_cache(maxsize=64)
def begun_as_numbers(source: str, name: str, arguments: tuple[str, ...]) -> frozenset[str]:
    """The arguments whose gradients a backward begins as a plain number, adds to and returns: `gc = 0.0`.

    Args:
        source: which holds the backward.
        name: of the backward.
        arguments: of the forward.
    """
    found = (each for each in syntax.nodes_in(source) if isinstance(each, ast.FunctionDef) and each.name == name)
    node = next(found, None)
    given = set(returned_names(node))
    begun = [
        target.id
        for each in (ast.walk(node) if node is not None else ())
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant) and each.value.value == 0
        for target in each.targets
        if isinstance(target, ast.Name) and target.id in given
    ]
    return frozenset(owner for each in begun if (owner := belongs_to(each, arguments)) not in ("", each))


@lru_cache(maxsize=64)
def totalled(source: str, owner: str, arguments: tuple[str, ...]) -> frozenset[str]:
    """The arguments whose gradients are totals beside themselves, `-(dz * x).sum() / tau ** 2`: a number's alone are.

    A total without the argument in it has no axes, whatever the argument has, and is seen by its shape.

    Args:
        source: which holds the class of a Function.
        owner: its name.
        arguments: of its forward, by place.
    """
    classes = (each for each in syntax.nodes_in(source) if isinstance(each, ast.ClassDef) and each.name == owner)
    methods = [each for node in classes for each in node.body if isinstance(each, ast.FunctionDef)]
    backward = next((each for each in methods if each.name == "backward"), None)
    returns = [] if backward is None else [each.value for each in ast.walk(backward) if isinstance(each, ast.Return)]
    whole = returns[-1] if returns else None
    parts = whole.elts if isinstance(whole, ast.Tuple) else [whole]
    found = {name: _assigned(backward, part) for name, part in zip(arguments, parts, strict=False)}
    return frozenset(name for name, value in found.items() if any(_is_scaled_total(each, name) for each in value))


def _assigned(function: ast.AST | None, part: ast.AST | None) -> list[ast.expr]:
    """What is returned in one place; of a name all that it is given."""
    if function is None or not isinstance(part, ast.expr):
        return []
    if not isinstance(part, ast.Name):
        return [part]
    given = (each for each in ast.walk(function) if isinstance(each, ast.Assign))
    return [each.value for each in given if any(is_name(target, part.id) for target in each.targets)]


def _is_scaled_total(value: ast.expr, name: str) -> bool:
    factors = list(_factors(value))
    totals = [each for each in factors if _is_total(each)]
    return bool(totals) and any(is_name(each, name) for each in factors)


def scales_a_total(source: str, name: str) -> bool:
    """Is a total multiplied with a parameter, or divided by it: `-K / (2 * n) * np.sum(A * np.cos(d))`?

    An array would make several numbers of that one.
    """
    products = (node for node in syntax.nodes_in(source) if isinstance(node, ast.BinOp))
    chains = (list(_factors(node)) for node in products if isinstance(node.op, ast.Mult | ast.Div))
    return any(
        any(is_name(each, name) for each in chain) and any(_is_total(each) and not _has(each, name) for each in chain)
        for chain in chains
    )


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """What a product is made of, what it is divided by too: a power as what is raised."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield from _factors(node.left)
        yield from _factors(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _factors(node.operand)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left
    else:
        yield node


def _is_total(node: ast.expr) -> bool:
    """`np.sum(x)`, `x.mean()`: of all entries, along no axis."""
    if not isinstance(node, ast.Call) or syntax.called(node) not in ("sum", "mean", "nansum"):
        return False
    is_of_module = getattr(getattr(node.func, "value", None), "id", "") in ("np", "numpy", "torch", "math", "")
    return not node.keywords and len(node.args) <= is_of_module


def _has(node: ast.AST, name: str) -> bool:
    return any(is_name(each, name) for each in ast.walk(node))
