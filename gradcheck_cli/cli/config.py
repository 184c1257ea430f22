"""Defaults from `[tool.gradcheck]` in pyproject.toml and from `GRADCHECK_*` variables.

The nearest pyproject.toml with that table, in the current folder or above, is read. Keys are the options' names
(`in`, `k`, `unit-range`) or their names in Python (`in_channels`). `[tool.gradcheck.run]` is for one command (and for
`sweep run`), what stands directly in `[tool.gradcheck]` for all. A variable is GRADCHECK_RUN_SEED (one command) or
GRADCHECK_SEED (all).
Values are handed on as text, so that they are read just like the command line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.nearness import did_you_mean

# Variables are GRADCHECK_RUN_SEED and the like, as click builds them.
PREFIX = "GRADCHECK"
FILE_NAME = "pyproject.toml"
Commands = Mapping[str, click.Command]


@dataclass(frozen=True)
class Defaults:
    """What a file says for one command: parameter -> value; `file` is where."""

    values: Mapping[str, Any]
    file: str


def variable_names(command: str, parameter: click.Parameter) -> list[str]:
    """The environment variables of one option; those of the command come first."""
    words = [key.replace("-", "_").upper() for key in keys(parameter)]
    return [f"{prefix}_{word}" for prefix in (f"{PREFIX}_{command.upper()}", PREFIX) for word in words]


def keys(parameter: click.Parameter) -> list[str]:
    """How a parameter may be spelt: as its long options, and as in Python."""
    options = [name.removeprefix("--") for name in parameter.opts if name.startswith("--")]
    return list(dict.fromkeys([*options, str(parameter.name)]))


def refuse_unknown_variables(commands: Commands) -> None:
    """Refuse a `GRADCHECK_*` variable that sets nothing.

    Raises:
        UsageError: with the near one.
    """
    known = {
        name
        for command, parameter in _parameters(commands)
        if isinstance(parameter, click.Option)
        for name in variable_names(command, parameter)
    }
    for name in sorted(os.environ):
        if name.startswith(f"{PREFIX}_") and name not in known:
            raise UsageError(f"the environment variable {name} sets no option.", hint=did_you_mean(name, sorted(known)))


def read_defaults(command: str, commands: Commands) -> Defaults | None:
    """What the nearest configuration file says for `command`, None where there is none.

    Raises:
        UsageError: a key that does not exist, with the near one; a value of the wrong kind; a file that cannot be read.
    """
    for file in _candidates():
        table = _table(file)
        if table is not None:
            return Defaults(_values(table, command, commands, file), file)
    return None


def _candidates() -> Iterator[str]:
    """Paths in the current folder and above. pathlib would cost more to import than all this."""
    try:
        folder, last = os.getcwd(), ""
    except OSError:  # the current folder was removed
        return
    while folder != last:
        file = os.path.join(folder, FILE_NAME)
        if os.path.isfile(file):
            yield file
        folder, last = os.path.dirname(folder), folder


def _table(file: str) -> dict[str, Any] | None:
    try:
        with open(file, "rb") as stream:
            content = stream.read()
    except OSError as error:
        hint = "settings are read from the nearest file of this name: make it readable, or run from elsewhere"
        raise UsageError(f"{file} cannot be read: {error.strerror}.", hint=hint) from error
    if b"gradcheck" not in content:
        return None
    import tomllib

    try:
        tools = tomllib.loads(content.decode()).get("tool", {})
    except (ValueError, RecursionError) as error:
        hint = "mend it, or run from a folder that is not below it: settings are read from the nearest one"
        raise UsageError(f"{file} is not valid TOML: {error}.", hint=hint) from error
    if not isinstance(tools, dict):
        raise UsageError(f"tool in {file} is not a table.")
    table = tools.get("gradcheck")
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"gradcheck in [tool] of {file} is not a table.")
    return table


def _values(table: dict[str, Any], command: str, commands: Commands, file: str) -> dict[str, Any]:
    """The common keys, overridden by those of the command's own table. All tables are checked, not only ours."""
    common = {key: value for key, value in table.items() if key not in commands}
    _refuse_unknown_keys(common, [key for _, parameter in _parameters(commands) for key in keys(parameter)], file, "")
    named = {own_name(name): _spellings(commands, own_name(name)) for name in commands}
    for name, known in named.items():
        own = table.get(name, {})
        if not isinstance(own, dict):
            raise UsageError(f"{name} in [tool.gradcheck] of {file} is not a table.")
        _refuse_unknown_keys(own, [*known], file, f".{name}")
    spellings = named[command]
    values: dict[str, Any] = {}
    for source in (common, table.get(command, {})):
        for key, value in source.items():
            if _normal(key) in spellings:
                parameter = spellings[_normal(key)]
                values[str(parameter.name)] = _text(parameter, value, key, file)
    return values


def _refuse_unknown_keys(table: Mapping[str, Any], known: list[str], file: str, suffix: str) -> None:
    normal = {_normal(key) for key in known}
    for key in table:
        if _normal(key) not in normal:
            sentence = f"[tool.gradcheck{suffix}] has no key {key!r}."
            of_group = "its commands have tables of their own, as [tool.gradcheck.run] of `sweep run`"
            hint = did_you_mean(key, sorted(set(known))) if known else of_group
            raise UsageError(sentence, facts={"file": file}, hint=hint)


def own_name(command: str) -> str:
    """ "run" of "sweep run": a table and a variable are for both."""
    return command.rpartition(" ")[2]


def _parameters(commands: Commands) -> Iterator[tuple[str, click.Parameter]]:
    for name, command in commands.items():
        for parameter in command.params:
            yield own_name(name), parameter


def _spellings(commands: Commands, wanted: str) -> dict[str, click.Parameter]:
    """Normal spelling -> parameter, of every command of that name."""
    found = [parameter for name, parameter in _parameters(commands) if name == wanted]
    return {_normal(key): parameter for parameter in found for key in keys(parameter)}


def _normal(key: str) -> str:
    return key.replace("-", "_")


def _text(parameter: click.Parameter, value: Any, key: str, file: str) -> Any:
    """`value` as the command line would have it: text, a list of texts, true or false."""
    if getattr(parameter, "is_flag", False):
        if isinstance(value, bool):
            return value
        raise _wrong_kind(key, "true or false", value, file)
    if parameter.multiple or parameter.nargs == -1:
        items = value if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in items):
            return items
        raise _wrong_kind(key, "a list of texts", value, file)
    if isinstance(value, list) and value and all(type(item) is int for item in value):
        return "x".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong_kind(key, "a text or a number", value, file)
    return str(value)


def _wrong_kind(key: str, kind: str, value: object, file: str) -> UsageError:
    shown = str(value).lower() if isinstance(value, bool) else repr(value)[:80]
    return UsageError(f"{key} must be {kind}, not {shown}.", facts={"file": file})
