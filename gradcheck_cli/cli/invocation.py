"""What one run of the program remembers between its parts: --debug, the verdict, and where each option came from."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import click
from click.core import ParameterSource

from gradcheck_cli.model.options import spelling


@dataclass(frozen=True)
class Origin:
    """Where the value of one option came from, in words."""

    kind: ParameterSource
    place: str


@dataclass
class Invocation:
    """The object that every click context of one run carries.

    `is_process` says that the process is there for this run alone; `context` is the command's, once it is known;
    `files` maps a parameter to the configuration file that sets it.
    """

    debug: bool = False
    is_process: bool = False
    context: click.Context | None = None
    files: dict[str, str] = field(default_factory=dict)

    def source(self, parameter: str | None) -> Origin | None:
        """Where `parameter` got its value, None where that is not known."""
        kind = self.context.get_parameter_source(parameter) if self.context and parameter else None
        if kind is None or parameter is None:
            return None
        if kind is ParameterSource.DEFAULT_MAP:
            return Origin(kind, self.files.get(parameter, "the configuration file"))
        if kind is ParameterSource.ENVIRONMENT:
            return Origin(kind, self._variable(parameter))
        return Origin(kind, "the command line" if kind is ParameterSource.COMMANDLINE else "the default")

    def sources(self) -> list[str]:
        """One line for each option that is not at its default: its value and where that came from."""
        lines = []
        values = self.context.params if self.context else {}  # --debug is none: it is about this program
        for option in self.context.command.params if self.context else ():
            source = self.source(option.name) if isinstance(option, click.Option) else None
            if option.name == "verbose" or option.name not in values:
                continue
            if source and source.kind is not ParameterSource.DEFAULT:
                lines.append(f"{spelling(option.name)} {_shown(values[option.name])}: {source.place}")
        return lines

    def _variable(self, parameter: str) -> str:
        names = [name for name in variables(self.context, parameter) if os.environ.get(name)]
        return names[0] if names else "the environment"


def variables(context: click.Context | None, parameter: str) -> tuple[str, ...]:
    """The environment variables that may set `parameter`, the first that is set wins."""
    for known in context.command.params if context else ():
        if known.name == parameter and known.envvar:
            return (known.envvar,) if isinstance(known.envvar, str) else tuple(known.envvar)
    return ()


def _shown(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    if all(isinstance(item, int) for item in value):
        return "x".join(map(str, value[:1] if len(set(value)) == 1 else value))
    return " ".join(map(str, value))
