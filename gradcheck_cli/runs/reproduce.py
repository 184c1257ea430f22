"""The command line that gives the same run again, with every option that differs from its default."""

from __future__ import annotations

import shlex
from dataclasses import fields

from gradcheck_cli.model import RunOptions, Size, VerifyOptions

RUN_FLAGS = {
    "in_channels": "--in",
    "out_channels": "--out",
    "kernel_size": "--k",
    "stride": "--stride",
    "padding": "--padding",
    "dilation": "--dilation",
    "groups": "--groups",
    "size": "--size",
    "loss": "--loss",
    "reduction": "--reduction",
    "reference": "--reference",
    "seed": "--seed",
    "seeds": "--seeds",
    "dtype": "--dtype",
    "device": "--device",
    "threads": "--threads",
    "backward": "--backward",
    "convention": "--convention",
    "call": "--call",
    "returns": "--returns",
    "arithmetic": "--arithmetic",
    "timeout": "--timeout",
}
VERIFY_OPTIONS = ("convention", "call", "returns", "arithmetic", "geometries", "timeout", "jobs", "seed")
VERIFY_FLAGS = {name: f"--{name}" for name in VERIFY_OPTIONS}
# Told even where they are the default: they are what the question is about.
ALWAYS = ("in_channels", "out_channels", "kernel_size", "seed", "threads")


def run_command(options: RunOptions) -> str:
    """`gradcheck run ...` for these options, quoted for a POSIX shell."""
    words = ["gradcheck", "run", *_flags(options, RUN_FLAGS)]
    words += ["--unit-range"] if options.unit_range else []
    words += [] if options.bias else ["--no-bias"]
    return shlex.join([*words, *_operands(options.images)])


def verify_command(options: VerifyOptions) -> str:
    """`gradcheck verify ...` for these options, quoted for a POSIX shell."""
    return shlex.join(["gradcheck", "verify", *_flags(options, VERIFY_FLAGS), *_operands(options.targets)])


def _flags(options: RunOptions | VerifyOptions, flags: dict[str, str]) -> list[str]:
    words: list[str] = []
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name not in flags or value is None:
            continue
        if value != field.default or field.name in ALWAYS:
            words += [flags[field.name], _text(value)]
    return words


def _operands(names: tuple[str, ...]) -> list[str]:
    """Names that begin with a dash come after "--", but for "-", which is standard input."""
    return ["--", *names] if any(name.startswith("-") and name != "-" for name in names) else list(names)


def _text(value: Size | str | float) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"
    return f"{value:g}" if isinstance(value, float) else str(value)
