"""Every way to call what was loaded, the likeliest first: a Function, a function, a layer, a method of one."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gradcheck_cli.model import Case
from gradcheck_cli.model.conventions import FAMILIES, LAYOUTS
from gradcheck_cli.targets.conventions.as_closure import as_closures, engines, method_as_closures
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate, autograd_candidates
from gradcheck_cli.targets.conventions.base import Candidate, NotRecognisedError
from gradcheck_cli.targets.conventions.binding import Backend
from gradcheck_cli.targets.conventions.by_forward import proved, unusual, unusual_layouts
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.callees import callee_of, forward_beside, others, written_at
from gradcheck_cli.targets.conventions.calling import handed
from gradcheck_cli.targets.conventions.closure import closure_candidates
from gradcheck_cli.targets.conventions.construct import constructor_of
from gradcheck_cli.targets.conventions.function_search import function_candidates
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layer_search import Within, layer_candidates
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.layouts import LayerKind, able, every, usual
from gradcheck_cli.targets.conventions.methods import (
    all_names,
    backward_name,
    class_source,
    forward_names,
    is_unwritten,
    stores_state,
    unwritten,
)
from gradcheck_cli.targets.conventions.node_operator import BACKWARD, node_operator
from gradcheck_cli.targets.conventions.own_types import switched_types
from gradcheck_cli.targets.conventions.pairing import Pairing
from gradcheck_cli.targets.conventions.source import Source
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.torch_classes import has_setup_context, is_autograd_function

# Packages in which no backward is written by hand.
_WITHOUT_OTHERS = ("torch", "numpy")


def candidates(loaded: Loaded, wanted: Sequence[str], case: Case, within: Within | None = None) -> Iterator[Candidate]:
    """Those that `wanted`, the words of `--convention`, leaves.

    Args:
        within: of a class, the layouts to try, and until when; None for all of them.

    Raises:
        NotRecognisedError: there can be none, and why.
    """
    families = [word for word in wanted if word in FAMILIES]
    layouts = [word for word in wanted if word in LAYOUTS]
    for candidate in _all_candidates(loaded, layouts, case, within or Within(every(LayerKind.of(case.spec)))):
        family = "class" if isinstance(candidate, LayerCandidate) else candidate.family
        if not families or family in families:
            yield candidate


def _all_candidates(loaded: Loaded, layouts: Sequence[str], case: Case, within: Within) -> Iterator[Candidate]:
    kind = LayerKind.of(case.spec)
    common = able(_ordered(usual(kind), layouts), case.spec)
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if is_autograd_function(owner):
        yield from _autograd(loaded, owner, common)
        yield from proved(_autograd(loaded, owner, unusual(case.spec)), case)
    elif owner is None:
        yield from _function(loaded, None, loaded.name, common, case)
    else:
        within = replace(within, layouts=_ordered(within.layouts, layouts))
        yield from _class(loaded, owner, common, within, case)


def _autograd(loaded: Loaded, owner: type, layouts: Sequence[Layout]) -> Iterator[AutogradCandidate]:
    forward = callee_of(loaded, owner, "forward", skip=0 if has_setup_context(owner) else 1)
    source = Source(loaded.node(owner.__qualname__) or loaded.node(owner.__name__))
    yield from autograd_candidates(owner, forward, source, layouts)


def _ordered(orders: Sequence[Layout], names: Sequence[str]) -> list[Layout]:
    return [layout for layout in orders if not names or layout.x in names]


def _class(loaded: Loaded, owner: type, common: Sequence[Layout], within: Within, case: Case) -> Iterator[Candidate]:
    """An operation of a type; static methods as functions; else a layer; else a method that is handed everything."""
    source = class_source(owner, loaded.node)
    operations = list(method_as_closures(loaded, owner, loaded.name)) if _is_operation(loaded) else []
    for operation in operations:
        yield from closure_candidates(
            operation, lambda _: Source(None), common, _backends(loaded, operation), square=True
        )
    if operations:
        return
    operator = node_operator(owner, source, vars(loaded.module))
    if operator is not None:
        yield from layer_candidates(operator, source, BACKWARD, within, case, vars(loaded.module))
        return
    backward = loaded.name if loaded.owner is not None else backward_name(owner, source)
    static = backward and isinstance(_static(owner, backward), staticmethod | classmethod)
    if static:
        yield from _function(loaded, owner, backward, common, case)
        return
    is_module = hasattr(owner, "register_full_backward_hook")
    own = list(engines(loaded, source)) if not backward and not is_module else []
    if not backward and not is_module and not own:
        names = ", ".join(all_names(owner)) or "no method"
        raise NotRecognisedError("run", f"{owner.__name__} has no backward (it has: {names})")
    if backward and is_unwritten(source, backward):
        raise unwritten(owner, backward)
    if backward and not stores_state(source, backward):
        if _is_given_its_geometry(owner, source, vars(loaded.module)):
            with suppress(NotRecognisedError):  # it may as well be told everything at each call
                yield from layer_candidates(owner, source, backward, within, case, vars(loaded.module))
                return
        with suppress(NotRecognisedError):  # it may be a layer all the same
            yield from _stateless(loaded, owner, backward, common)
    yield from layer_candidates(owner, source, backward, within, case, vars(loaded.module), own)


def is_of_torch_alone(loaded: Loaded) -> bool:
    """Is the target a module of a file that brings no backward, neither a Function's nor one of another package's?"""
    scope, owner = vars(loaded.module), loaded.target if isinstance(loaded.target, type) else loaded.owner
    if not hasattr(owner, "register_full_backward_hook") or backward_name(owner, class_source(owner, loaded.node)):
        return False
    values = (value for name, value in scope.items() if name[0] != "_")
    return not any(is_autograd_function(value) or _is_from_elsewhere(value, scope) for value in values)


def _is_from_elsewhere(value: object, scope: Mapping[str, Any]) -> bool:
    """Neither the file's own, nor torch's, numpy's or Python's."""
    module = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
    root = str(module or "builtins").partition(".")[0]
    return module != scope.get("__name__") and root not in (*_WITHOUT_OTHERS, *sys.stdlib_module_names)


def _is_operation(loaded: Loaded) -> bool:
    """A method was named, and it is handed no gradient."""
    if loaded.owner is None:
        return False
    callee = callee_of(loaded, loaded.owner, loaded.name)
    return not any(callee.source.roles(item.name)[:1] == ["grad_output"] for item in callee.parameters)


def _is_given_its_geometry(owner: type, source: Source, scope: Mapping[str, Any]) -> bool:
    """Whether its constructor takes a stride or a padding, and its forward the weights: it is an operator."""
    slots = constructor_of(owner, source, scope).slots
    forwards = forward_names(owner, source)
    named = {role for slot in slots for role in slot.roles()[:1]}
    return bool(named & {"stride", "padding"}) and bool(forwards) and bool(handed(owner, forwards[0], source))


def _stateless(loaded: Loaded, owner: type, backward: str, common: Sequence[Layout]) -> Iterator[Candidate]:
    try:
        instance = owner()
    except Exception:
        if not _needs_no_state(owner, Source(loaded.node(f"{owner.__name__}.{backward}"))):
            return
        instance = object.__new__(owner)
    yield from _function(loaded, instance, backward, common, None)


def _needs_no_state(owner: type, source: Source) -> bool:
    """Whether a method takes nothing from `self` but what its class has: it can run without `__init__`."""
    held = source.held_by("self")
    return held is not None and all(hasattr(owner, name) for name in held)


def _function(
    loaded: Loaded, owner: Any, name: str, layouts: Sequence[Layout], case: Case | None
) -> Iterator[Candidate]:
    """A function by its names; then by what it leaves, hands out or shares with another function of its file.

    Raises:
        NotRecognisedError: none of its arguments can be dE/dO, and it hands out no backward.
    """
    callee = callee_of(loaded, owner, name)
    backends = _backends(loaded, callee)

    def locate(function: Any) -> Source:
        return Source(written_at(loaded, function))

    if callee.source.returned_function().node is not None:
        yield from closure_candidates(callee, locate, layouts, backends)
        if case is not None:
            yield from proved(closure_candidates(callee, locate, unusual(case.spec), backends), case)
        return
    adapted = list(as_closures(loaded, callee)) if owner is None else []
    for one in adapted:
        yield from closure_candidates(one, locate, layouts, backends, square=True)
    if adapted and inspect.isgeneratorfunction(callee.function):
        return
    forward = forward_beside(loaded, owner, name)
    pairing = Pairing(callee, layouts, backends, case) if owner is None and case is not None else None
    known = [forward] if forward is not None else others(loaded, name)
    if pairing is not None:
        yield from pairing.linked(known, vars(loaded.module))
    try:
        yield from function_candidates(callee, forward, layouts, backends)
    except NotRecognisedError:
        if callee.source.returns_several():
            yield from closure_candidates(callee, locate, layouts, backends)
        raise
    if forward is not None and case is not None:
        for layout in unusual_layouts(callee, forward, backends, case):
            yield from function_candidates(callee, forward, [layout], backends)
    if pairing is not None and forward is None:
        yield from pairing.with_cache(known)


def _backends(loaded: Loaded, callee: Callee) -> tuple[Backend, ...]:
    """What it may want, the likeliest first: numpy, what the user's module imported, a type of its own with a switch.

    Of such a type what does not ask for its gradient gets none: `if weight.requires_grad`.
    """
    names = vars(loaded.module)
    if any(_comes_from(value, "jax") for value in names.values()):
        return (sys.modules["jax.numpy"].asarray, "numpy")
    if switched := [own.made for own in switched_types(names, callee.source)]:
        return (*switched, "numpy")
    if "torch" not in names and "F" not in names and not any(_comes_from(value, "torch") for value in names.values()):
        return ("numpy",)
    return ("torch", "numpy") if callee.source.mentions("torch", "F") or "np" not in names else ("numpy", "torch")


def _comes_from(value: Any, package: str) -> bool:
    """A module of the package, or something that it defines."""
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", "")
    return str(name).partition(".")[0] == package


def _static(owner: type, name: str) -> Any:
    return next((vars(kind)[name] for kind in owner.__mro__ if name in vars(kind)), None)
