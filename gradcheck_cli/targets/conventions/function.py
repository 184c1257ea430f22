"""Plain functions and static methods, called by argument names, or with a cache that we fill or their forward makes."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, meanings, settings
from gradcheck_cli.targets.conventions.base import (
    HungError,
    Prepared,
    Returned,
    UnfinishedError,
    changed,
    collect,
    during,
    to_numpy,
)
from gradcheck_cli.targets.conventions.binding import Assignment, Form
from gradcheck_cli.targets.conventions.caches import CACHE_ORDER, STORED, fill, missing, structure_roles
from gradcheck_cli.targets.conventions.context import context_for
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.nodes import NameTree
from gradcheck_cli.targets.conventions.source import Source

# Where the file's own forward runs before the backward; "stored": its members are handed on by their names; "left":
# what the backward needs is in the file's own variables.
FROM_FORWARD = ("forward", "returned", "stored", "left")

# Weights that a function may step by itself, and the name of their gradient.
STEPPED = {"weight": "dw", "bias": "db"}
GRADIENT_OF = {**STEPPED, "x": "dx"}
# Keys of weights that were changed in place end so.
AFTER = " afterwards"


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
        """Possible meanings of its parameters, see `meanings.assignments`."""
        if needed not in self._meanings:
            self._meanings[needed] = meanings.assignments(self.parameters, needed, self.source)
        return self._meanings[needed]

    @cached_property
    def _meanings(self) -> dict[tuple[str, ...], list[dict[str, str]]]:
        """Those that were found, for a forward is run again and again while its layout is looked for."""
        return {}


@dataclass(frozen=True)
class FunctionCandidate:
    """One way to call a function: which parameter gets what, in which layout.

    `forward` is the file's own forward; it makes the cache when `cache_from` is "forward". `steps` are the results that
    are no gradients but stepped weights, old - lr * gradient: pairs of a key and "weight" or "bias". `meaning` is that
    of the forward's parameters, also of keys `name[key]`, where it was found by running it; empty where names tell it.
    """

    callee: Callee
    assignment: Assignment
    form: Form
    forward: Callee | None = None
    cache_from: str = ""
    same: bool = False
    steps: tuple[tuple[str, str], ...] = ()
    in_text: bool = False
    meaning: Assignment = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """Axis orders of what is passed."""
        return self.form.layout

    @property
    def bias_form(self) -> str:
        """How b is passed; "" when it is not."""
        return self.form.bias if "bias" in self.roles else ""

    @property
    def family(self) -> str:
        """Id of the convention."""
        return "cache" if "cache" in self.assignment.values() else "function"

    def why(self) -> str:
        """How it was told."""
        meaning = ", ".join(f"{name} = {role}" for name, role in self.assignment.items())
        trial = meanings.by_trial(self.assignment)
        how = f"{', '.join(trial)} by trial, the rest by name" if trial else "by the names of its parameters"
        maker = self.forward.name if self.forward else ""
        cache = {
            "": "",
            "forward": f"; the cache is made by {maker}",
            "returned": f"; the rest is made by {maker}",
            "stored": f"; the cache is filled with what {maker} stores",
            "left": f"; it reads what {maker} leaves in the file's own variables",
        }
        step = "; it steps by itself, the gradients are read as (old - new) / lr" if self.steps else ""
        return (
            f"{how} ({meaning}){cache.get(self.cache_from, '; the cache is filled as the function unpacks it')}{step}"
        )

    def notes(self) -> tuple[str, ...]:
        """What a reader of the verdict should know."""
        notes = ["it always pads to keep the size"] if self.same else []
        if self.cache_from == "stored" and self.forward:
            stores, takes = len(self.forward.source.cache_names()), len(self._structure())
            notes.append(
                f"{self.forward.name} stores {stores} things and {self.callee.name} unpacks {takes}, so its cache "
                f"cannot be unpacked; it was filled with what {self.forward.name} stores under these names"
            )
        return tuple(notes)

    def refuses(self, spec: ConvSpec) -> str:
        """Why it cannot take `spec`."""
        makes_cache = self.forward is not None and self.cache_from in FROM_FORWARD
        sources = [self.callee.source, *([self.forward.source] if makes_cache and self.forward else [])]
        return binding.refuses(spec, self.form, self.roles, self.same) or binding.square_only(spec, self.form, sources)

    def start(self, case: Case) -> Prepared:
        """Fresh arguments for each call."""

        return lambda: self._judged(case)

    def stepping(self, case: Case) -> FunctionCandidate:
        """The candidate with the results that are stepped weights: twice the rate steps twice as far, to the bit."""
        if "lr" not in self.assignment.values():
            return self
        old = binding.values(case, self.form)
        once, twice = (self._ran(case, rate)[0].items for rate in (1.0, 2.0))
        pairs = [(key, role) for key in once for role in STEPPED if key in twice]
        steps = [pair for pair in pairs if _is_step(old[pair[1]], once[pair[0]], twice[pair[0]])]
        return replace(self, steps=tuple(steps))

    def _judged(self, case: Case) -> Returned:
        """What came back, stepped weights as the gradients that they were stepped by."""
        returned, before = self._ran(case, 1.0)
        items, names, steps = dict(returned.items), dict(returned.names), dict(self.steps)
        for key in returned.items:
            if key in steps:
                items[key], names[key] = before[steps[key]] - items[key], STEPPED[steps[key]]
            elif key.endswith(AFTER):
                del items[key]
        mutated = tuple(name for name in returned.mutated if name not in steps.values())
        return replace(returned, items=items, names=names, mutated=mutated)

    def _ran(self, case: Case, rate: float) -> tuple[Returned, dict[str, Array]]:
        """One call, and the arrays as they were before it."""
        given = binding.values(case, self.form) | {"lr": rate}
        output, failure = self._forward_or_filled(given)
        arguments = self._arguments(self.callee, self.assignment, given)
        before = {name: np.array(to_numpy(given[name])) for name in binding.ARRAY_ROLES}
        with during("backward"):
            result = self._backward(arguments)
        mutated = changed(before, {name: given[name] for name in before})
        items, names = collect(result), result_names(result, self.callee.source) | self._named_alike(result)
        if not items and not mutated:
            raise UnfinishedError(self._nothing(result))
        if "lr" in self.assignment.values():
            items |= {f"{role}{AFTER}": np.array(to_numpy(given[role])) for role in STEPPED if role in mutated}
        return Returned(items, names, mutated, output, failure), before

    def _named_alike(self, result: Any) -> dict[str, str]:
        """Of a dict of gradients, the keys under which the forward was handed what they belong to."""
        handed = {name.rpartition("[")[2].rstrip("]"): role for name, role in self.meaning.items()}
        keys = list(result) if isinstance(result, Mapping) else []
        return {key: GRADIENT_OF[handed[key]] for key in keys if handed.get(key) in GRADIENT_OF}

    def _backward(self, arguments: dict[str, Any]) -> Any:
        """Call the function; one whose body ends in `raise NotImplementedError` is not begun yet."""
        try:
            return self._call(self.callee, arguments)
        except NotImplementedError as error:
            line = self.callee.source.not_implemented()
            if not line:
                raise
            sentence = f"{self.callee.name} is not implemented (raises NotImplementedError, line {line})"
            raise UnfinishedError(sentence) from error

    def _nothing(self, result: Any) -> str:
        if result is None and self.callee.source.returns_nothing():
            return f"{self.callee.name} returns nothing (no return statement)"
        if result is None:
            return f"{self.callee.name} returns None"
        if isinstance(result, tuple | list) and all(item is None for item in result):
            return f"{self.callee.name} returns None in place of every gradient"
        return f"{self.callee.name} returns no array ({type(result).__name__})"

    def _forward_or_filled(self, given: dict[str, Any]) -> tuple[Array | None, BaseException | None]:
        """Run the file's own forward, if it makes the cache; where it raises, the cache is filled without it."""
        if self.cache_from not in FROM_FORWARD:
            return None, None
        try:
            with during("forward"):
                return self._run_forward(given), None
        except Exception as error:
            if not self._does_without(given, error):
                raise
            given["cache"] = fill(self._structure(), given, self.callee.source)
            return None, error

    def _does_without(self, given: dict[str, Any], error: Exception) -> bool:
        """Can the cache be filled where the forward raised? What it refuses by itself, it refuses."""
        if self.cache_from == "returned" or isinstance(error, HungError | UnfinishedError) or self.forward is None:
            return False
        last = traceback.extract_tb(error.__traceback__)[-1]
        structure = self.callee.source.structure(self._cache_name())
        refused = isinstance(error, NotImplementedError) or self.forward.source.refuses_at(last.name, last.lineno or 0)
        return structure is not None and not refused and not missing(structure, given, self.callee.source)

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

    def with_bias(self, form: str) -> FunctionCandidate:
        """The same with a bias of another shape."""
        return replace(self, form=replace(self.form, bias=form))

    @cached_property
    def roles(self) -> set[str]:
        """Roles that reach the function, also through its cache and its parameter dict."""
        roles = set(self.assignment.values())
        source = self.callee.source
        for name, role in self.assignment.items():
            if role == "params":
                roles |= settings.parameter_keys(source, name)
        if self.cache_from in FROM_FORWARD and self.forward:
            roles |= self._forward_roles(self.forward)
        elif self.cache_from:
            roles |= structure_roles(self._structure(), source)
        return roles

    def _forward_roles(self, forward: Callee) -> set[str]:
        assigned = self.handed_to(forward)
        roles = set(assigned.values())
        for name, role in assigned.items():
            if role == "params":
                roles |= settings.parameter_keys(forward.source, name) | settings.parameter_keys(
                    self.callee.source, name
                )
        return roles

    def handed_to(self, forward: Callee) -> Assignment:
        """What the forward is handed; of several meanings, the one that calls the same things by the same names."""
        if self.meaning:
            return self.meaning
        return max(forward.assignments("x", "weight"), key=lambda found: len(found.items() & self.assignment.items()))

    def _structure(self) -> NameTree:
        found = self.callee.source.structure(self._cache_name())
        return found if found is not None else CACHE_ORDER

    def _cache_name(self) -> str:
        return next(name for name, role in self.assignment.items() if role == "cache")

    def _run_forward(self, given: dict[str, Any]) -> Array | None:
        """Call the file's forward; its cache joins `given`, its output is returned."""
        assert self.forward is not None
        assigned = self.handed_to(self.forward)
        given["cache"] = context = self._context(assigned) if "cache" in assigned.values() else None
        given["shared"] = handed = self._arguments(self.forward, assigned, given)
        result = self._call(self.forward, dict(handed))
        output, cache = split_forward(result)
        given["cache"] = context if "cache" in assigned.values() else cache
        if self.cache_from == "stored":
            given[STORED] = dict(zip(self.forward.source.cache_names(), cache, strict=True))
        given["made"] = self._made(result)
        given["output"] = output
        return to_numpy(output)

    def _context(self, assigned: Assignment) -> Any:
        """What the forward is handed to keep things in."""
        assert self.forward is not None
        name = next((name for name, role in assigned.items() if role == "cache"), "")
        return context_for(self.forward.source, name, getattr(self.forward.function, "__globals__", {}))

    def _made(self, result: Any) -> dict[str, Any]:
        """What the forward returns, by the names that its `return` has for them."""
        names = self.forward.source.returns() if self.forward else []
        fits = isinstance(result, tuple | list) and len(result) == len(names)
        return dict(zip(names, result, strict=True)) if fits else {}

    def _arguments(self, callee: Callee, assigned: Assignment, given: dict[str, Any]) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name, role in assigned.items():
            if role == "params":
                keys = settings.keyed(assigned, name)
                arguments[name] = settings.settings_of(self._dict_source(callee, name), name, given, keys)
            elif role in ("made", "shared"):
                arguments |= {name: given[role][name]} if name in given[role] else {}
            elif "[" in name:
                continue
            elif role == "cache" and self.cache_from in ("filled", "stored"):
                arguments[name] = fill(self._structure(), given, callee.source)
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


def _is_step(old: Any, once: Array, twice: Array) -> bool:
    """Is this what the weight has become, after a step of its own rate and of twice that?"""
    start = to_numpy(old)
    if start is None or start.shape != once.shape or once.shape != twice.shape or np.array_equal(start, once):
        return False
    return np.array_equal(2 * (start - once), start - twice)


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
