"""Settings that a target is handed in one thing: a dict of sizes, or an object with sizes as attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcheck_cli.targets.conventions import binding
from gradcheck_cli.targets.conventions.names import function_roles
from gradcheck_cli.targets.conventions.source import Source


class NotToldError(AttributeError, KeyError):
    """The target reads a setting of ours that we do not know: no fault of the target's. The text is the setting."""

    def __str__(self) -> str:
        return f"nothing tells what its setting {self.args[0]} is"


class Parameters(dict[str, Any]):
    """A dict of sizes whose keys can also be read as attributes (`conf.stride`)."""

    def __missing__(self, name: str) -> Any:
        """A key that nothing tells.

        Raises:
            NotToldError: always.
        """
        raise NotToldError(name)

    def __getattr__(self, name: str) -> Any:
        """The value of a key.

        Raises:
            NotToldError: there is none.
        """
        if name.startswith("__"):  # asked by copy, pickle and numpy of everything
            raise AttributeError(name)
        return self[name]


def settings_of(
    source: Source, variable: str, given: Mapping[str, Any], meanings: Mapping[str, str] | None = None
) -> Parameters | tuple[Any, ...]:
    """The `conv_param` or `hparameters` of one case: as many values in a row where it is taken apart, else a dict.

    Args:
        source: what reads it.
        variable: its name there.
        given: role -> value.
        meanings: key -> role of keys whose names tell nothing.
    """
    row = roles_in_a_row(source, variable)
    return tuple(given[role] for role in row) if row else _parameter_dict(source, variable, given, meanings)


def roles_in_a_row(source: Source, variable: str) -> tuple[str, ...]:
    """The roles of `padding, stride = variable`, where the names tell of stride, padding and the like alone."""
    names = source.structure(variable) if variable else None
    if not isinstance(names, tuple) or source.keys(variable):
        return ()
    roles = [next(iter(function_roles(name)), "") if isinstance(name, str) else "" for name in names]
    return tuple(roles) if len(set(roles)) == len(roles) > 1 and set(roles) <= set(binding.GEOMETRY) else ()


def _parameter_dict(
    source: Source, variable: str, given: Mapping[str, Any], meanings: Mapping[str, str] | None = None
) -> Parameters:
    """With every spelling that the source reads.

    Args:
        source: what reads it.
        variable: its name there.
        given: role -> value.
        meanings: key -> role of keys whose names tell nothing.
    """
    filled = {"stride": given.get("stride"), "pad": given.get("padding"), "padding": given.get("padding")}
    for key in source.keys(variable) or source.keys():
        roles = [meanings[key]] if meanings and key in meanings else function_roles(key)
        role = next((role for role in roles if given.get(role) is not None), None)
        if role is not None:
            filled[key] = given[role]
    return Parameters(filled)


def keyed(assigned: Mapping[str, str], variable: str) -> dict[str, str]:
    """key -> role, from the entries `variable[key]` of a meaning."""
    start = f"{variable}["
    return {name[len(start) : -1]: role for name, role in assigned.items() if name.startswith(start)}


def parameter_keys(source: Source, variable: str) -> set[str]:
    """Roles that settings carry: what the source reads; stride and padding where it reads no key."""
    row = roles_in_a_row(source, variable)
    if row:
        return set(row)
    keys = source.keys(variable) or source.keys()
    roles = {role for key in keys for role in function_roles(key)[:1]}
    found = roles & {*binding.GEOMETRY, *binding.ARRAY_ROLES}
    return found if keys else {"stride", "padding"}
