"""A backward that needs a forward of its file which no name points to: told by what the forward leaves and computes.

The forward is run, and taken only where its output is the convolution's: so its names need tell nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import meanings, probes
from gradcheck_cli.targets.conventions.binding import Assignment, Backend
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.callees import shares_a_word
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.function_search import forms
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import function_roles

# A forward of plain loops takes a few milliseconds on a probe.
MAX_RUNS = 400
# What an optional number of an unknown name may be, by its default.
BY_DEFAULT: Mapping[int, tuple[str, ...]] = {1: ("stride", "dilation"), 0: ("padding",)}


@dataclass(frozen=True)
class Pairing:
    """A backward, and the forms and the case with which forwards are tried."""

    callee: Callee
    layouts: Sequence[Layout]
    backends: Sequence[Backend]
    case: Case

    def linked(self, forwards: Sequence[Callee], scope: Mapping[str, Any]) -> Iterator[FunctionCandidate]:
        """Ways to call it after a forward that leaves something in the file's own variables, from which it reads."""
        roles = {role for item in self.callee.parameters for role in self.callee.source.roles(item.name)[:1]}
        if {"weight", "cache"} & roles:  # it is handed what it needs
            return
        read = self.callee.source.globals_read() & set(scope)
        for forward in forwards:
            if read & forward.source.globals_written():
                yield from self._after(forward, "left", ("grad_output",))

    def with_cache(self, forwards: Sequence[Callee]) -> Iterator[FunctionCandidate]:
        """Ways to call it with the cache that a forward gives back."""
        for forward in forwards:
            alike = shares_a_word(forward.name, self.callee.name) or self._unpacks_what(forward)
            if alike and forward.source.returns_several():
                yield from self._after(forward, "forward", ("grad_output", "cache"))

    def _unpacks_what(self, forward: Callee) -> bool:
        """Whether the backward takes as many things apart as the forward puts together."""
        stored = len(forward.source.cache_names())
        parts = [self.callee.source.structure(item.name) for item in self.callee.parameters]
        return stored > 1 and any(isinstance(found, tuple) and len(found) == stored for found in parts)

    def _after(self, forward: Callee, cache_from: str, needed: Sequence[str]) -> Iterator[FunctionCandidate]:
        meanings = [found for found in self._meanings(forward, needed) if set(needed) <= set(found.values())]
        for proved in self._proved(forward, cache_from) if meanings else ():
            yield from (replace(proved, assignment=meaning) for meaning in meanings)

    def _meanings(self, forward: Callee, needed: Sequence[str]) -> list[dict[str, str]]:
        """What the backward is handed: what the forward was handed under the same name, G, the cache."""
        handed = {item.name for item in forward.parameters}
        shared = {item.name: "shared" for item in self.callee.parameters if item.name in handed}
        rest = [item for item in self.callee.parameters if item.name not in shared]
        return [{**found, **shared} for found in meanings.assignments(rest, needed, self.callee.source)]

    def _proved(self, forward: Callee, cache_from: str) -> Iterator[FunctionCandidate]:
        """The ways to call the forward in which it computes the convolution of the case."""
        for candidate in itertools.islice(self._ways(forward, cache_from), MAX_RUNS):
            right = [one for one in (candidate, candidate.turned()) if _is_right(one, self.case)]
            yield from (self._with_settings(one) for one in right[:1])

    def _ways(self, forward: Callee, cache_from: str) -> Iterator[FunctionCandidate]:
        for assigned in forward.assignments("x", "weight"):
            for meaning in _with_weights_in_a_dict(forward, assigned):
                for form in forms(forward, None, meaning, self.layouts, self.backends):
                    if not form.layout.refuses(self.case.spec):
                        yield FunctionCandidate(self.callee, {}, form, forward, cache_from, meaning=meaning)

    def _with_settings(self, candidate: FunctionCandidate) -> FunctionCandidate:
        """Optional numbers whose names tell nothing, as what the forward does with them shows."""
        for item in candidate.forward.parameters if candidate.forward else ():
            if item.name in candidate.meaning or type(item.default) is not int:
                continue
            for role in BY_DEFAULT.get(item.default, ()):
                one = replace(candidate, meaning={**candidate.meaning, item.name: role})
                if role not in candidate.meaning.values() and _is_right(one, self._with(role)):
                    candidate = one
        return candidate

    def _with(self, role: str) -> Case:
        """The case with another value of one setting."""
        spec, pair = self.case.spec, (1, 1) if role == "padding" else (2, 2)
        return probes.integer_case(replace(spec, **{role: pair}))  # type: ignore[arg-type]


def _with_weights_in_a_dict(forward: Callee, assigned: Assignment) -> Iterator[dict[str, str]]:
    """The meaning itself; where F is in a dict, with each order of its keys, as roles of `name[key]`."""
    yield dict(assigned)
    for item in forward.parameters:
        keys = forward.source.string_keys(item.name)
        unknown = [key for key in keys if not function_roles(key)]
        if "weight" in assigned.values() or not unknown or len(unknown) > 2:
            continue
        for order in itertools.permutations(("weight", "bias"), len(unknown)):
            keyed = {f"{item.name}[{key}]": role for key, role in zip(unknown, order, strict=True)}
            yield {**assigned, item.name: "params", **keyed}


def _is_right(candidate: FunctionCandidate, case: Case) -> bool:
    return probes.gives_forward(candidate.forward_output(case), candidate.layout, case)
