"""The options of the commands as click has them: those of `model.options` are made from their declarations.

What is written out here is about the command line itself: where the result goes, and --debug.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import click

from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.cli.param_types import Length, Margins, ReportRequest, Seconds, Whole, WordChoice
from gradcheck_cli.model.option import Group, Kind, Option, options_of
from gradcheck_cli.model.options import RunOptions, SumOptions, SweepOptions, VerifyOptions
from gradcheck_cli.model.text import visible
from gradcheck_cli.report import FORMATS, SAVED, STDOUT_FORMATS, Destination

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]
# "-" is standard input, which a picture may come from.
FILE = click.Path(allow_dash=True)
# As git and grep spell them.
COLORS = ("auto", "always", "never")

FORUM_LAYER = {"in_channels": 5, "out_channels": 10, "kernel_size": (5,), "size": (100,)}
"""The layer that the first half of the forum's question is about."""

# The order of the groups in the help: what is asked about first, then what only some need.
RUN_GROUPS = (Group.GEOMETRY, Group.EXPERIMENT, Group.CHANCE, Group.SETTING, Group.TARGET)
# The order in which `verify --help` shows its options.
VERIFY_GROUPS = (Group.TARGET, Group.VERIFICATION, Group.SETTING, Group.CHANCE)
# One sum is of one seed and one setting.
NO_SUM = ("seeds", "settings")
SUM_GROUPS = (Group.SWEEP, *RUN_GROUPS)
SWEEP_GROUPS = (Group.SWEEP, Group.EXPERIMENT, Group.SETTING, Group.TARGET, Group.CHANCE)
# What an option takes in click: its type, and what the help shows for it.
TYPES: dict[Kind | None, tuple[click.ParamType[Any] | None, str | None]] = {
    Kind.WHOLE: (Whole(), "N"),
    Kind.LENGTH: (Length(), "N|VxH"),
    Kind.PADDING: (Margins(), "N|VxH|T,B,L,R|same|valid"),
    Kind.SECONDS: (Seconds(), "S"),
    Kind.FILE: (FILE, "FILE"),
    Kind.TARGET: (FILE, "FILE.py:NAME"),
    Kind.ARGUMENTS: (FILE, "FILE.py:NAME"),
    Kind.TEXT: (None, "TEXT"),
}


@dataclass(frozen=True)
class Output:
    """Where the result goes and how much of it."""

    format: str
    reports: tuple[Destination, ...]
    verbosity: int
    color: str
    exit_zero: bool

    @classmethod
    def take(cls, values: dict[str, Any]) -> Output:
        """Take the output options out of all `values` of a command."""
        quiet, verbose = values.pop("quiet"), values.pop("verbose")
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose cannot be given together.")
        saved = values.pop("save", None)
        if saved and not saved.endswith(f".{SAVED}"):
            raise click.UsageError(f"--save {visible(saved)!r} is not FILE.{SAVED}, as in --save run.{SAVED}.")
        return cls(
            format=values.pop("format"),
            reports=(*values.pop("report"), *([Destination(SAVED, saved)] if saved else [])),
            verbosity=-1 if quiet else verbose,
            color=values.pop("color"),
            exit_zero=values.pop("exit_zero"),
        )


def run_options(function: Function) -> Function:
    """Everything that `run` is asked, as `RunOptions` declares it."""
    return _declared(in_groups(RunOptions, RUN_GROUPS))(function)


def sum_options(function: Function) -> Function:
    """What `sweep run` is asked, as `SumOptions` declares it, but for what a sum over pictures has no place for."""
    taken = (option for option in in_groups(SumOptions, SUM_GROUPS) if option.name not in NO_SUM)
    return _declared(taken)(function)


def verify_options(function: Function) -> Function:
    """Everything that `verify` is asked, as `VerifyOptions` declares it."""
    return _declared(in_groups(VerifyOptions, VERIFY_GROUPS))(function)


def sweep_options(function: Function) -> Function:
    """Everything that `sweep verify` is asked, as `SweepOptions` declares it."""
    return _declared(in_groups(SweepOptions, SWEEP_GROUPS))(function)


def geometry_options(**defaults: Any) -> Decorator:
    """The geometry of one layer; the defaults are those of `run` but for `defaults`."""
    geometry = in_groups(RunOptions, (Group.GEOMETRY,))
    return _declared(replace(option, default=defaults.get(option.name, option.default)) for option in geometry)


def in_groups(command: type, groups: Iterable[Group]) -> Iterator[Option]:
    """The options of a command that are of these groups, group by group."""
    return (option for group in groups for option in options_of(command) if option.group is group)


def save_option(function: Function) -> Function:
    """--save, of `run`."""
    text = "Save X, F, G and all gradients by each source, for numpy.load."
    return click.option("--save", type=FILE, metavar="FILE.npz", help=text)(function)


def output_options(function: Function) -> Function:
    """Where the result goes, of both commands."""
    return _all(
        click.option(
            "--format",
            type=click.Choice(STDOUT_FORMATS),
            default="text",
            show_default=True,
            help="What standard output carries.",
        ),
        click.option(
            "--report",
            type=ReportRequest(),
            metavar="FORMAT=PATH",
            multiple=True,
            help=f"Write a report: {', '.join(FORMATS[:-1])} or {FORMATS[-1]}. Repeatable.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="One line."),
        click.option("-v", "--verbose", count=True, help="More; -v also tells times and where options came from."),
        click.option("--color", type=click.Choice(COLORS), default="auto", show_default=True, help="Colours."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 where it would be 1."),
        debug_option,
    )(function)


def debug_option(function: Function) -> Function:
    """--debug, of every command."""
    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the traceback of a bug of ours.",
    )(function)


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    invocation = context.find_object(Invocation)
    if invocation is not None:
        invocation.debug = value


def _all(*decorators: Decorator) -> Decorator:
    """One decorator for many; the options keep their order in the help."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _declared(options: Iterable[Option]) -> Decorator:
    return _all(*(click.option(*_flags(option), **_attributes(option)) for option in options))


def _flags(option: Option) -> tuple[str, ...]:
    short = (option.short,) if option.short else ()
    return (*short, f"{option.flag}/{option.off}" if option.off else option.flag, option.name)


def _attributes(option: Option) -> dict[str, Any]:
    """What click is told of an option besides its names."""
    if option.kind is Kind.SWITCH:
        return {"help": option.help, "is_flag": True, "default": option.default, "show_default": bool(option.off)}
    if option.kind is Kind.CHOICE:
        taken: dict[str, Any] = {"type": click.Choice(option.choices)}
    elif option.kind is Kind.WORDS:
        taken = {"type": WordChoice(option.choices), "metavar": option.metavar}
    else:
        kind, metavar = TYPES[option.kind]
        taken = {"type": kind, "metavar": option.metavar or metavar}
    words = f"{option.help}  [default: {option.no_value}]" if option.default is None else option.help
    # click has no default for what is None, and would show an empty text as one.
    return {**taken, "default": _default(option), "show_default": option.default not in (None, ""), "help": words}


def _default(option: Option) -> Any:
    """As it would be typed, where that is shorter than what it means."""
    return option.as_words(option.default)[1] if option.kind in (Kind.LENGTH, Kind.PADDING) else option.default
