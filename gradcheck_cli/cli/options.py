"""The options of the commands, each written once. Their names in Python are the fields of the option dataclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from gradcheck_cli.cli.param_types import Length, Report, Seconds, Whole
from gradcheck_cli.cli.session import Session
from gradcheck_cli.model.limits import CHOICES
from gradcheck_cli.model.options import RunOptions, VerifyOptions
from gradcheck_cli.model.text import visible
from gradcheck_cli.report import FORMATS, SAVED, STDOUT_FORMATS, Destination

CALL_HELP = "How your code is called: an expression over x, w, b, G, s, p, d (or stride, padding, dilation), groups."
RETURNS_HELP = "What --call gives, in order: input, weight, bias, and _ for the rest, with commas."

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]
FILE = click.Path(allow_dash=True)
COLORS = ("auto", "always", "never")

FORUM_LAYER = {"in_channels": 5, "out_channels": 10, "kernel_size": (5, 5), "size": (100, 100)}
"""The layer that the first half of the forum's question is about."""

RUN: dict[str, Any] = {field.name: field.default for field in fields(RunOptions)}
VERIFY: dict[str, Any] = {field.name: field.default for field in fields(VerifyOptions)}


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


def geometry_options(**changes: Any) -> Decorator:
    """The geometry of one layer; the defaults are those of `run` but for `changes`."""
    layer = {**RUN, **changes}
    return _all(
        click.option(
            "--in", "in_channels", **_whole(layer["in_channels"], "Input channels; a picture has 3, or 1 as gray.")
        ),
        click.option("--out", "out_channels", **_whole(layer["out_channels"], "Filters, the output channels.")),
        click.option("--k", "kernel_size", **_length(layer["kernel_size"], "Kernel size; 3x5 is 3 rows, 5 columns.")),
        click.option("--stride", **_length(layer["stride"], "Step of the kernel.")),
        click.option("--padding", **_length(layer["padding"], "Zeros around the input.")),
        click.option("--dilation", **_length(layer["dilation"], "Distance of the kernel's taps.")),
        click.option("--groups", **_whole(layer["groups"], "Groups of channels that do not mix.")),
        click.option("--size", **_length(layer["size"], "Size of the input; a picture is resized to it.")),
    )


def experiment_options(function: Function) -> Function:
    """What else decides the numbers of a run."""
    return _all(
        click.option("--bias/--no-bias", default=RUN["bias"], show_default=True, help="Give the layer a bias."),
        click.option("--unit-range", is_flag=True, help="Divide the pictures by 255; the reference stays at 0..255."),
        click.option("--loss", **_choice("loss", RUN["loss"], "Loss E as a function of O and the reference.")),
        click.option("--reduction", **_choice("reduction", RUN["reduction"], "How the loss is summed up.")),
        click.option(
            "--reference",
            type=FILE,
            metavar="gray|FILE",
            default=RUN["reference"],
            show_default=True,
            help="What O is compared with: each picture in gray, or one FILE for all.",
        ),
        click.option("--seeds", **_whole(RUN["seeds"], "Repeat with this many seeds and tell what changes.")),
        click.option("--dtype", **_choice("dtype", RUN["dtype"], "Precision of autograd's run.")),
        click.option("--device", **_choice("device", RUN["device"], "Where autograd runs.")),
        click.option("--threads", type=Whole(), metavar="N", help="Threads of torch.  [default: torch's own]"),
        click.option(
            "--backward",
            type=FILE,
            metavar="direct|fft|FILE.py:NAME",
            default=RUN["backward"],
            show_default=True,
            help="The backward under test: ours, or yours.",
        ),
    )(function)


def target_options(function: Function) -> Function:
    """How the user's own code is called and judged."""
    return _all(
        click.option(
            "--convention",
            metavar="auto|NAME",
            default=VERIFY["convention"],
            show_default=True,
            help="How your function is called; told by itself unless given.",
        ),
        click.option("--call", metavar="EXPRESSION", default=VERIFY["call"], help=CALL_HELP),
        click.option("--returns", metavar="ROLES", default=VERIFY["returns"], help=RETURNS_HELP),
        click.option("--arithmetic", **_choice("arithmetic", VERIFY["arithmetic"], "fft: judged by FFT's own bound.")),
        click.option(
            "--timeout",
            type=Seconds(),
            metavar="S",
            default=VERIFY["timeout"],
            show_default=True,
            help="Seconds that your code may take, per target.",
        ),
    )(function)


def verification_options(function: Function) -> Function:
    """What only `verify` takes."""
    return _all(
        click.option("--geometries", **_choice("geometries", VERIFY["geometries"], "How many geometries are tried.")),
        click.option("--jobs", **_whole(VERIFY["jobs"], "Targets that run at the same time.")),
    )(function)


def seed_option(function: Function) -> Function:
    """--seed, of both commands."""
    return click.option("--seed", **_whole(RUN["seed"], "Seed of all random numbers."))(function)


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
            type=Report(),
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
    session = context.find_object(Session)
    if session is not None:
        session.debug = value


def _all(*decorators: Decorator) -> Decorator:
    """One decorator for many; the options keep their order in the help."""

    def decorate(function: Function) -> Function:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def _whole(default: int, text: str) -> dict[str, Any]:
    return {"type": Whole(), "metavar": "N", "default": default, "show_default": True, "help": text}


def _length(default: tuple[int, int], text: str) -> dict[str, Any]:
    shown = str(default[0])
    return {"type": Length(), "metavar": "N|VxH", "default": shown, "show_default": True, "help": text}


def _choice(name: str, default: str, text: str) -> dict[str, Any]:
    return {"type": click.Choice(CHOICES[name]), "default": default, "show_default": True, "help": text}
