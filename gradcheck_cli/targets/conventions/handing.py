"""What each function of a pair is handed: which parameter gets what, and how its cache and its dicts are filled."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gradcheck_cli.targets.conventions import settings
from gradcheck_cli.targets.conventions.binding import PAIRS, Assignment
from gradcheck_cli.targets.conventions.caches import CACHE_ORDER, fill, structure_roles
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.nodes import NameTree
from gradcheck_cli.targets.conventions.source import Source

# Where the file's own forward runs before the backward; "stored": its members are handed on by their names; "left":
# what the backward needs is in the file's own variables.
FROM_FORWARD = ("forward", "returned", "stored", "left")


@dataclass(frozen=True)
class PairHanding:
    """The parameters of a backward, and of the forward before it, with the role of each.

    `meaning` is that of the forward's parameters, also of keys `name[key]`, where it was found by running it; empty
    where names tell it.
    """

    callee: Callee
    assignment: Assignment
    forward: Callee | None
    cache_from: str
    meaning: Assignment

    @cached_property
    def roles(self) -> set[str]:
        """Roles that reach the function, also through its cache and its parameter dict."""
        roles = set(self.assignment.values())
        source = self.callee.source
        for name, role in self.assignment.items():
            if role == "params":
                roles |= settings.parameter_keys(source, name)
        if self.cache_from in FROM_FORWARD and self.forward:
            roles |= self.forward_roles(self.forward)
        elif self.cache_from:
            roles |= structure_roles(self.structure, source)
        return roles

    def forward_roles(self, forward: Callee) -> set[str]:
        """Roles that reach the forward, also through its parameter dict."""
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
        return max(
            forward.assignments("x", "weight"),
            key=lambda found: len(found.items() & self.assignment.items()),
            default={},
        )

    @cached_property
    def lacking(self) -> dict[str, Any]:
        """What the forward can be told of a geometry and the backward cannot: role -> the forward's default.

        Only of a backward that is handed the very arguments of its forward: what another thing is, nobody knows.
        """
        if self.forward is None or self.cache_from:
            return {}
        own = self.handed_to(self.forward)
        if any(self.assignment.get(name) != role for name, role in own.items() if role in ("x", "weight")):
            return {}
        return {
            role: self.forward.default(name) for name, role in own.items() if role in PAIRS and role not in self.roles
        }

    @property
    def structure(self) -> NameTree:
        """What stands in the cache, in the form in which the function takes it apart."""
        found = self.callee.source.structure(self.cache_name)
        return found if found is not None else CACHE_ORDER

    @property
    def cache_name(self) -> str:
        """The parameter that is handed the cache."""
        return next(name for name, role in self.assignment.items() if role == "cache")

    def arguments(self, callee: Callee, assigned: Assignment, given: Mapping[str, Any]) -> dict[str, Any]:
        """By the parameters of `callee`; `given` has the values of all roles. What has a default may be left out."""
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
                arguments[name] = fill(self.structure, given, callee.source)
            elif given.get(role) is not None:
                arguments[name] = given[role]
            elif callee.default(name) is None:
                arguments[name] = None
        return arguments

    def _dict_source(self, callee: Callee, name: str) -> Source:
        """Forward and backward may each read half of the dict; the one that reads more spells it."""
        sources = [callee.source, self.callee.source]
        return max(sources, key=lambda source: len(source.keys(name)))


def call(callee: Callee, arguments: dict[str, Any]) -> Any:
    """Call it by name; what is positional only by its place."""
    positional = [item for item in callee.parameters if item.kind is inspect.Parameter.POSITIONAL_ONLY]
    first = [arguments.pop(item.name) for item in positional if item.name in arguments]
    return callee.function(*first, **arguments)
