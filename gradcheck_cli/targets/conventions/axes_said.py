"""How many axes a target's text says that its arrays have, and on which probes such arrays are handed over first."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.callees import callee_of, forward_beside
from gradcheck_cli.targets.conventions.function_search import KINDS
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.layouts import LayerKind, able, usual
from gradcheck_cli.targets.conventions.methods import backward_name, class_source, forward_names
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.load import Loaded

# Of the functions whose text counts, what each needs for its parameters to have a meaning.
_NEEDED = (("grad_output", "x", "weight"), ("x", "weight"))


def agreeing_first(loaded: Loaded, specs: Sequence[ConvSpec]) -> tuple[ConvSpec, ...]:
    """The geometries, first those on which some usual layout hands over arrays with as many axes as the text says.

    A target for one image raises on every batch, in each of hundreds of ways to call it: that is time lost.
    """
    if not axes_said(loaded) or not specs:
        return tuple(specs)
    # Those of one list are of one kind; its table of layouts is long.
    fitting = agreeing(loaded, LayerKind.of(specs[0]))
    return tuple(sorted(specs, key=lambda spec: not able(fitting, spec)))


def agreeing(loaded: Loaded, kind: LayerKind) -> list[Layout]:
    """The usual layouts of a kind that hand over arrays with as many axes as the text says; all where it says none."""
    said = axes_said(loaded)
    return [layout for layout in usual(kind) if _fits(layout, said)]


def axes_said(loaded: Loaded) -> Mapping[str, int]:
    """kind ("x", "weight", "output") -> its number of axes, where told: by a function and its forward, or a class."""
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if owner is not None:
        return _of_class(owner, class_source(owner, loaded.node))
    callees = (callee_of(loaded, None, loaded.name), forward_beside(loaded, None, loaded.name))
    found: dict[str, int] = {}
    for callee, needed in zip(callees, _NEEDED, strict=True):
        found = (_of_callee(callee, needed) if callee is not None else {}) | found
    return found


def _of_callee(callee: Callee, needed: tuple[str, ...]) -> dict[str, int]:
    meanings = callee.assignments(*needed)[:1]
    uses = ((KINDS[role], callee.source.use(name)) for one in meanings for name, role in one.items() if role in KINDS)
    return {kind: use.axes for kind, use in uses if use.axes}


def _of_class(owner: type, source: Source) -> dict[str, int]:
    """Of what its forward is handed first, and of the weights that it keeps."""
    found: dict[str, int] = {}
    with suppress(NotRecognisedError, IndexError):  # no forward, or several that are as likely: nothing is said
        forward = source.method(forward_names(owner, source, backward_name(owner, source))[0])
        first = _first_argument(forward.node)
        kept = _kept_as(forward.node, first)
        found["x"] = forward.use(first).axes or (source.use(kept).axes if kept else 0)
    attributes = {node.attr for node in source.walk() if isinstance(node, ast.Attribute)}
    weights = (source.use(name).axes for name in sorted(attributes) if function_roles(name)[:1] == ["weight"])
    found["weight"] = max(weights, default=0)
    return {kind: axes for kind, axes in found.items() if axes}


def _first_argument(node: ast.AST | None) -> str:
    names = [each.arg for each in node.args.args] if isinstance(node, ast.FunctionDef) else []
    return next((name for name in names if name not in ("self", "cls")), "")


def _kept_as(node: ast.AST | None, name: str) -> str:
    """The attribute in which a method keeps its argument as it is, `self.input = input`; "" where it does not."""
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Name) and each.value.id == name:
            return next((target.attr for target in each.targets if isinstance(target, ast.Attribute)), "")
    return ""


def _fits(layout: Layout, said: Mapping[str, int]) -> bool:
    return all(layout.axes(kind) == count for kind, count in said.items())
