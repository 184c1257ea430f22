"""What stands in a cache: filled as the function unpacks it, or as the file's forward stores it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from gradcheck_cli.targets.conventions import settings
from gradcheck_cli.targets.conventions.nodes import NameTree
from gradcheck_cli.targets.conventions.source import Source

CACHE_ORDER = ("x", "weight", "bias", "params")
# Key of the values that the file's forward stored, by their names, among the values of all roles.
STORED = "stored"


def fill(structure: NameTree, given: Mapping[str, Any], source: Source) -> Any:
    """A cache of the structure in which the function takes it apart; None for what only its own forward could make."""
    if isinstance(structure, dict):
        return {key: _member(name, given, source) for key, name in structure.items()}
    if isinstance(structure, tuple):
        return tuple(fill(item, given, source) for item in structure)
    return _member(structure, given, source)


def missing(structure: NameTree, given: Mapping[str, Any], source: Source) -> list[str]:
    """The members that cannot be filled."""
    if isinstance(structure, tuple):
        return [name for item in structure for name in missing(item, given, source)]
    names = list(structure.values()) if isinstance(structure, dict) else [structure]
    return [name for name in names if not name.startswith("_") and _member(name, given, source) is None]


def _member(name: str, given: Mapping[str, Any], source: Source) -> Any:
    stored = given.get(STORED, {})
    if name in stored:
        return stored[name]
    if name in CACHE_ORDER and name != "params":
        return given[name]
    roles = source.roles(name)
    if name == "params" or roles[:1] == ["params"]:
        return settings.settings_of(source, name if name != "params" else "", given)
    for role in roles:
        if given.get(role) is not None:
            return given[role]
    return None


def structure_roles(structure: NameTree, source: Source) -> set[str]:
    """Roles of all members; a name that tells nothing stands for itself."""
    if isinstance(structure, dict):
        return set().union(*(_name_roles(name, source) for name in structure.values()))
    if isinstance(structure, tuple):
        return set().union(*(structure_roles(item, source) for item in structure))
    return set(_name_roles(structure, source))


@cache
def _name_roles(name: str, source: Source) -> frozenset[str]:
    if name == "params" or source.roles(name)[:1] == ["params"]:
        return frozenset(settings.parameter_keys(source, name if name != "params" else ""))
    return frozenset(source.roles(name)[:1]) or frozenset({name})
