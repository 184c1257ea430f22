"""The command line that gives the same run again, with every option that differs from its default."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from gradcheck_cli.model import RunOptions, VerifyOptions
from gradcheck_cli.model.option import Kind, Option, options_of
from gradcheck_cli.model.options import SumOptions, SweepOptions


def run_command(options: RunOptions) -> str:
    """`gradcheck run ...` for these options, quoted for a POSIX shell."""
    return shlex.join(["gradcheck", "run", *_flags(options), *_operands(options.images)])


def verify_command(options: VerifyOptions) -> str:
    """`gradcheck verify ...` for these options, quoted for a POSIX shell."""
    return shlex.join(["gradcheck", "verify", *_flags(options), *_operands(options.targets)])


def sweep_run_command(options: SumOptions) -> str:
    """`gradcheck sweep run ...` that reads all pictures, whoever reads which; quoted for a POSIX shell."""
    whole = replace(options, resume="", shard="", fail_fast=False)
    return shlex.join(["gradcheck", "sweep", "run", *_flags(whole), *_operands(options.images)])


def sweep_command(options: SweepOptions) -> str:
    """`gradcheck sweep verify ...` that asks all questions, whoever asked which; quoted for a POSIX shell."""
    whole = replace(options, resume="", shard="", fail_fast=False)
    return shlex.join(["gradcheck", "sweep", "verify", *_flags(whole), *_operands(options.targets)])


def _flags(options: RunOptions | VerifyOptions | SweepOptions) -> list[str]:
    """What has a value first, then what is switched on, then what is switched off."""
    chosen = sorted(_chosen(options), key=lambda pair: (pair[0].kind is Kind.SWITCH, pair[1] is False))
    return [word for option, value in chosen for word in option.as_words(value)]


def _chosen(options: RunOptions | VerifyOptions | SweepOptions) -> Iterator[tuple[Option, object]]:
    """What differs from its default, and what a question is always about."""
    for option in options_of(type(options)):
        value = getattr(options, option.name)
        # Compared as they are typed: one number stands for as many as the layer has axes.
        if value is not None and (option.always or option.as_words(value) != option.as_words(option.default)):
            yield option, value


def _operands(names: tuple[str, ...]) -> list[str]:
    """Names that begin with a dash come after "--", but for "-", which is standard input."""
    return ["--", *names] if any(name.startswith("-") and name != "-" for name in names) else list(names)
