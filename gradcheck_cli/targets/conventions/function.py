"""Plain functions and static methods, called by argument names, or with a cache that we fill or their forward makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.base import Returned, Session, changed, collect, to_numpy
from gradcheck_cli.targets.conventions.binding import Assignment, Form
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source, Structure

PADDING_MODES = ("same", "valid", "SAME", "VALID")
CACHE_ORDER = ("x", "weight", "bias", "params")
FROM_FORWARD = ("forward", "returned")


class StandInContext:
    """Given where a static forward and backward share a `ctx` that is not torch's."""

    def __init__(self) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.saved_data: dict[str, Any] = {}
        self.needs_input_grad = (True,) * 16

    def save_for_backward(self, *tensors: Any, **named: Any) -> None:
        """Keep what backward will ask for."""
        self.saved_tensors = tensors
        self.saved_data = named


@dataclass(frozen=True)
class Callee:
    """A function of the user's file, with its source."""

    function: Callable[..., Any]
    name: str
    source: Source
    skip: int = 0

    @cached_property
    def parameters(self) -> list[inspect.Parameter]:
        """Its named parameters."""
        return binding.parameters(self.function, self.skip)

    def default(self, name: str) -> Any:
        """The default of a parameter, None without one."""
        found = [item.default for item in self.parameters if item.name == name]
        return None if not found or found[0] is inspect.Parameter.empty else found[0]

    def named(self, role: str) -> str:
        """The parameter whose first role is `role`, "" without one."""
        return next((item.name for item in self.parameters if self.source.roles(item.name)[:1] == [role]), "")

    def assignments(self, *needed: str) -> list[dict[str, str]]:
        """Possible meanings of its parameters, see `binding.assignments`."""
        return binding.assignments(self.parameters, needed, self.source)


@dataclass(frozen=True)
class FunctionCandidate:
    """One way to call a function: which parameter gets what, in which layout.

    `forward` is the file's own forward; it makes the cache when `cache_from` is "forward".
    """

    callee: Callee
    assignment: Assignment
    form: Form
    forward: Callee | None = None
    cache_from: str = ""
    same: bool = False
    prior: int = 0

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How b is passed; "" when it is not."""
        return self.form.bias if "bias" in self._roles else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        return "cache" if "cache" in self.assignment.values() else "function"

    def why(self) -> str:
        """How it was told."""
        meaning = ", ".join(f"{name} = {role}" for name, role in self.assignment.items())
        trial = binding.by_trial(self.assignment)
        how = f"{', '.join(trial)} by trial, the rest by name" if trial else "by the names of its parameters"
        maker = self.forward.name if self.forward else ""
        cache = {
            "": "",
            "forward": f"; the cache is made by {maker}",
            "returned": f"; the rest is made by {maker}",
        }
        return f"{how} ({meaning}){cache.get(self.cache_from, '; the cache is filled as the function unpacks it')}"

    def notes(self) -> tuple[str, ...]:
        """Nothing special about a function."""
        return ("it always pads to keep the size",) if self.same else ()

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        return binding.refuses(spec, self.form, self._roles, self.same) or binding.square_only(
            spec, self.form, [self.callee.source]
        )

    def start(self, case: Case) -> Session:
        """Fresh arguments for each call."""

        def call() -> Returned:
            given = binding.values(case, self.form)
            output = self._run_forward(given) if self.cache_from in FROM_FORWARD else None
            arguments = self._arguments(self.callee, self.assignment, given)
            before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
            result = self._call(self.callee, arguments)
            after = {name: given[name] for name in before}
            names = result_names(result, self.callee.source)
            return Returned(collect(result), names, changed(before, after), output)

        return call

    def forward_output(self, case: Case) -> Array | None:
        """What the file's own forward gives, None without one or where it fails: evidence only."""
        if self.forward is None or self.cache_from == "filled":
            return None
        try:
            return self._run_forward(binding.values(case, self.form))
        except Exception:
            return None

    def turned(self) -> FunctionCandidate:
        """The same for a true convolution."""
        return replace(self, form=replace(self.form, layout=self.layout.turned()))

    @cached_property
    def _roles(self) -> set[str]:
        """Roles that reach the function, also through its cache and its parameter dict."""
        roles = set(self.assignment.values())
        source = self.callee.source
        for name, role in self.assignment.items():
            if role == "params":
                roles |= binding.parameter_keys(source, name)
        if self.cache_from in FROM_FORWARD and self.forward:
            roles |= self._forward_roles(self.forward)
        elif self.cache_from:
            roles |= _structure_roles(self._structure(), source)
        return roles

    def _forward_roles(self, forward: Callee) -> set[str]:
        assigned = forward.assignments("x", "weight")[0]
        roles = set(assigned.values())
        for name, role in assigned.items():
            if role == "params":
                roles |= binding.parameter_keys(forward.source, name) | binding.parameter_keys(self.callee.source, name)
        return roles

    def _structure(self) -> Structure:
        found = self.callee.source.structure(self._cache_name())
        return found if found is not None else CACHE_ORDER

    def _cache_name(self) -> str:
        return next(name for name, role in self.assignment.items() if role == "cache")

    def _run_forward(self, given: dict[str, Any]) -> Array | None:
        """Call the file's forward; its cache joins `given`, its output is returned."""
        assert self.forward is not None
        assigned = self.forward.assignments("x", "weight")[0]
        given["cache"] = context = StandInContext()
        result = self._call(self.forward, self._arguments(self.forward, assigned, given))
        output, cache = split_forward(result)
        given["cache"] = context if "cache" in assigned.values() else cache
        given["made"] = self._made(result)
        given["output"] = output
        return to_numpy(output)

    def _made(self, result: Any) -> dict[str, Any]:
        """What the forward returns, by the names that its `return` has for them."""
        names = self.forward.source.returns() if self.forward else []
        fits = isinstance(result, tuple | list) and len(result) == len(names)
        return dict(zip(names, result, strict=True)) if fits else {}

    def _arguments(self, callee: Callee, assigned: Assignment, given: dict[str, Any]) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name, role in assigned.items():
            if role == "params":
                arguments[name] = binding.parameter_dict(self._dict_source(callee, name), name, given)
            elif role == "made":
                arguments[name] = given["made"][name]
            elif role == "cache" and self.cache_from == "filled":
                arguments[name] = _fill(self._structure(), given, callee.source)
            elif given.get(role) is not None:
                arguments[name] = given[role]
            elif callee.default(name) is None:
                arguments[name] = None
        return arguments

    def _dict_source(self, callee: Callee, name: str) -> Source:
        """Forward and backward may each read half of the dict; the one that reads more spells it."""
        sources = [callee.source, self.callee.source]
        return max(sources, key=lambda source: len(source.keys(name)))

    def _call(self, callee: Callee, arguments: dict[str, Any]) -> Any:
        positional = [item for item in callee.parameters if item.kind is inspect.Parameter.POSITIONAL_ONLY]
        first = [arguments.pop(item.name) for item in positional if item.name in arguments]
        return callee.function(*first, **arguments)


def result_names(result: Any, source: Source) -> dict[str, str]:
    """Names of what was returned, also of what is None: dict keys as they are, positions by the `return` statement."""
    keys = list(collect(result, none=True))
    returned = source.returns()
    by_position = dict(zip(keys, returned, strict=True)) if len(returned) == len(keys) else {}
    return {key: key if not key.replace(".", "").isdigit() else by_position.get(key, "") for key in keys}


def split_forward(result: Any) -> tuple[Any, Any]:
    """(output, cache) of a forward that returns `out`, `(out, cache)` or `(out, x, w, ...)`."""
    if not isinstance(result, tuple | list) or not result:
        return result, None
    first, rest = result[0], list(result[1:])
    if to_numpy(first) is None or isinstance(first, list):
        arrays = [item for item in rest if to_numpy(item) is not None and not isinstance(item, list)]
        if arrays and isinstance(first, tuple | dict | list):
            return arrays[0], first
    return first, rest[0] if len(rest) == 1 else tuple(rest)


def function_candidates(
    callee: Callee, forward: Callee | None, layouts: Sequence[Layout], torch_first: Sequence[bool]
) -> Iterator[FunctionCandidate]:
    """Ways to call the function, the likeliest first."""
    for assigned in _assignments(callee, forward):
        for form in _forms(callee, forward, assigned, layouts, torch_first):
            for cache_from in _cache_sources(assigned, forward):
                plain = FunctionCandidate(callee, assigned, form, forward, cache_from, prior=_prior(callee, form))
                yield plain
                if "padding" not in plain._roles and "padding_h" not in plain._roles:
                    yield replace(plain, same=True)


def _assignments(callee: Callee, forward: Callee | None) -> Iterator[Assignment]:
    """Meanings of the parameters; names that the forward returns and that tell nothing else are made by it."""
    returned = forward.source.returns()[1:] if forward else []
    made = {item.name: "made" for item in callee.parameters if item.name in returned and _is_made(item.name)}
    if made:
        rest = [item for item in callee.parameters if item.name not in made]
        yield from ({**found, **made} for found in binding.assignments(rest, ("grad_output", "weight"), callee.source))
    yield from callee.assignments("grad_output", "x", "weight")


def _is_made(name: str) -> bool:
    return bool(name) and not set(function_roles(name)) & {"x", "weight", "bias", "grad_output", "cache"}


def _prior(callee: Callee, form: Form) -> int:
    hint = callee.source.axes_hint()
    last = form.layout.x.endswith("c")
    first = form.layout.x in ("nchw", "chw")
    return int((hint == "last" and last) or (hint == "first" and first))


def _forms(
    callee: Callee, forward: Callee | None, assigned: Assignment, layouts: Sequence[Layout], backends: Sequence[bool]
) -> Iterator[Form]:
    for torch in backends:
        for layout in layouts:
            plain = Form(layout, torch=torch)
            for form in _spellings(callee, forward, plain):
                yield from (replace(form, bias=bias) for bias in _bias_forms(layout, assigned))


def _bias_forms(layout: Layout, assigned: Assignment) -> tuple[str, ...]:
    if not {"bias", "cache"} & set(assigned.values()):
        return ("o",)
    return ("111o", "o", "o1", "11o", "1o") if layout.x == "nhwc" else ("o", "o1", "1o", "o11", "untied")


def _spellings(callee: Callee, forward: Callee | None, plain: Form) -> Iterator[Form]:
    """Numbers or pairs, padding as a number or as a mode; defaults in the signature decide where there are any."""
    callees = [callee] + ([forward] if forward else [])
    defaults = [item.default for one in callees for item in one.parameters]
    pair_default = any(isinstance(value, tuple) and len(value) == 2 for value in defaults)
    mode = any(value in PADDING_MODES for value in defaults if isinstance(value, str))
    literal = any(one.source.mentions(*PADDING_MODES) for one in callees)
    number_default = any(isinstance(value, int) and not isinstance(value, bool) for value in defaults)
    for pairs in (True,) if pair_default else (False,) if number_default else (False, True):
        for is_mode in (True,) if mode else (False, True) if literal else (False,):
            yield replace(plain, pairs=pairs, mode=is_mode)


def _cache_sources(assigned: Assignment, forward: Callee | None) -> tuple[str, ...]:
    if "made" in assigned.values():
        return ("returned",)
    if "cache" not in assigned.values():
        return ("",)
    return ("forward", "filled") if forward else ("filled",)


def _fill(structure: Structure, given: Mapping[str, Any], source: Source) -> Any:
    """A cache of the structure in which the function takes it apart.

    Raises:
        RefusedError: it holds something that only the target's own forward could make.
    """
    if isinstance(structure, dict):
        return {key: _member(name, given, source) for key, name in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_fill(item, given, source) for item in structure)
    return _member(structure, given, source)


def _member(name: str, given: Mapping[str, Any], source: Source) -> Any:
    if name in CACHE_ORDER and name != "params":
        return given[name]
    roles = source.roles(name)
    if name == "params" or roles[:1] == ["params"]:
        return binding.parameter_dict(source, name if name != "params" else "", given)
    for role in roles:
        if given.get(role) is not None:
            return given[role]
    return None


def _structure_roles(structure: Structure, source: Source) -> set[str]:
    if isinstance(structure, dict):
        return set().union(*(_name_roles(name, source) for name in structure.values()))
    if isinstance(structure, tuple):
        return set().union(*(_structure_roles(item, source) for item in structure))
    return _name_roles(structure, source)


def _name_roles(name: str, source: Source) -> set[str]:
    if name == "params" or source.roles(name)[:1] == ["params"]:
        return binding.parameter_keys(source, name if name != "params" else "")
    return set(source.roles(name)[:1]) or {name}
