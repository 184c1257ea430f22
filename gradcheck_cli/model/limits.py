"""What can be refused before anything heavy is imported: ranges, choices, sizes that fit nothing or fill the memory.

Only the options are looked at. Whether files can be read and targets loaded is found out by the rooms that do it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gradcheck_cli.model.errors import OptionError as OptionError, UsageError
from gradcheck_cli.model.files import is_array, is_code, is_picture
from gradcheck_cli.model.inputs import input_specs
from gradcheck_cli.model.layer_limits import (
    LARGEST_ARRAY as LARGEST_ARRAY,
    check_form,
    check_memory as check_memory,
    check_stride,
)
from gradcheck_cli.model.nearness import did_you_mean
from gradcheck_cli.model.notation import geometry_of
from gradcheck_cli.model.option import Group, Kind, Option, options_of
from gradcheck_cli.model.options import SEED, RunOptions, SumOptions, SweepOptions, VerifyOptions
from gradcheck_cli.model.padding import numbers_of
from gradcheck_cli.model.spelled import ARROW, directions
from gradcheck_cli.model.text import ended

# What a file of a picture has: gray, or blue, green and red.
PICTURE_CHANNELS = (1, 3)
# Names of --backward that are no file.
BUILT_IN_BACKWARDS = ("direct", "fft")
# What --returns may name; _ is what is no gradient.
ROLES = ("weight", "input", "bias", "_")
CALL_EXAMPLE = '--call "conv_backward(G, (x, w, b))" --returns input,weight,bias'


def check_run(options: RunOptions) -> None:
    """Refuse what no run can do.

    Raises:
        OptionError: a value out of its range or not among the choices.
        GeometryError: sizes that no convolution can have, or arrays too large for any memory.
        UsageError: no picture, or standard input asked for twice.
    """
    _check_values(options)
    check_form(options)
    if options.takes_pictures:
        check_picture_channels(options.in_channels)
    if options.seed + options.seeds - 1 > SEED.most:
        raise OptionError(
            "seeds",
            f"--seed {options.seed} and --seeds {options.seeds} pass {SEED.most}.",
            hint=f"--seed {SEED.most - options.seeds + 1} is the last one for that many",
        )
    check_files(options.images)
    _check_backward(options.backward)
    _check_convolution_call(options.call, options.returns)
    if options.is_counted:
        check_memory(options.spec)
        check_stride(options.spec)


def check_verify(options: VerifyOptions) -> None:
    """Refuse what no verification can do.

    Raises:
        OptionError: a value out of its range or not among the choices.
        UsageError: no target.
    """
    _check_values(options)
    check_call(options.call, options.returns)
    input_specs(options.input)
    if options.input and options.inputs:
        raise OptionError("input", "--input and --inputs both say what the function is given.", hint="leave one out")
    if not options.targets:
        raise UsageError("there is no target to verify.", hint="name one: gradcheck verify my_layers.py:conv_backward")
    for name in options.targets:
        if is_picture(name):
            raise UsageError(f"{name} is a picture, and verify takes code.", hint=f"gradcheck run {name}")
        _check_colons(name)
    _check_geometry(options)


def check_sweep_run(options: SumOptions, pictures: Sequence[str]) -> None:
    """Refuse what a sum over pictures cannot be asked.

    Args:
        options: what is asked.
        pictures: the pictures and arrays themselves. Each is judged by itself, and one of each kind stands for all.

    Raises:
        OptionError: as for `run`; several seeds or settings; a reference from standard input.
        UsageError: no picture.
    """
    for name, once in {"seeds": 1, "settings": "one"}.items():
        said = getattr(options, name)
        if said != once:
            hint = f"--{name} {once}, or gradcheck run on a few pictures of it: they are one batch"
            raise OptionError(name, f"--{name} {said} is not for a sum over pictures.", hint=hint)
    if options.reference == "-":
        sentence = "--reference - is not for a sum over pictures: each reads it anew, and standard input is read once."
        raise OptionError("reference", sentence, hint="save it, and name the file")
    for name in {is_array(name): name for name in reversed(pictures)}.values():
        check_run(options.alone(name))


def check_sweep(options: SweepOptions) -> None:
    """Refuse what no sweep can do.

    Raises:
        OptionError: a value out of its range or not among the choices.
        UsageError: no target.
    """
    _check_values(options)
    _check_convolution_call(options.call, options.returns)
    if not options.targets:
        raise UsageError("there is no target to verify.", hint="name one: gradcheck sweep verify my_ops.py:backward")
    if options.from_module and options.geometries != "quick":
        raise OptionError(
            "from_module", "--from-module and --geometries both say which geometries.", hint="give one of them"
        )
    for name in options.targets:
        _check_colons(name)


def check_call(call: str, returns: str) -> None:
    """Refuse what --call and --returns cannot mean.

    Raises:
        OptionError: an expression that is none, an unknown role, or one option without the other.
    """
    roles = [role.strip() for role in returns.split(",") if role.strip()]
    of_arguments = bool(directions(call)[0])
    known = "the arguments of FORWARD, and _" if of_arguments else ", ".join(ROLES)
    for role in roles:
        is_known = role.isidentifier() if of_arguments else role in ROLES
        if not is_known or (role != "_" and roles.count(role) > 1):
            sentence = f"--returns names {role!r} twice." if is_known else f"--returns names {role!r}."
            raise OptionError("returns", sentence, hint=f"{known} in the order of the results, each once")
    if returns and not call:
        raise OptionError("returns", "--returns says what --call gives, and there is no --call.", hint=CALL_EXAMPLE)
    if call:
        _check_expression(call)


def _check_convolution_call(call: str, returns: str) -> None:
    """Where pictures or geometries are asked, a call is that of a convolution's backward.

    Raises:
        OptionError: as `check_call`; a forward of its own.
    """
    if directions(call)[0]:
        raise OptionError("call", f"--call with a forward of its own ({ARROW}) is for verify.", hint=CALL_EXAMPLE)
    check_call(call, returns)


def _check_expression(call: str) -> None:
    if directions(call)[0]:
        return
    try:
        compile(call, "--call", "eval")
    except (SyntaxError, ValueError) as error:
        place = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise OptionError(
            "call", f"--call is no Python expression{place}: {ended(reason)}", hint=CALL_EXAMPLE
        ) from error


def check_layer(options: RunOptions) -> None:
    """Refuse what no layer can be, where a geometry was given and no run.

    Raises:
        OptionError: a value out of its range, or a padding that does not go with the rest.
    """
    for option in options_of(RunOptions):
        if option.group is Group.GEOMETRY:
            _check_range(option, getattr(options, option.name))
            _check_choice(option, getattr(options, option.name))
    check_form(options)


def _check_values(options: RunOptions | VerifyOptions | SweepOptions) -> None:
    for check in (_check_range, _check_choice, _check_seconds):
        for option in options_of(type(options)):
            check(option, getattr(options, option.name))


def _check_range(option: Option, value: Any) -> None:
    if option.kind not in (Kind.WHOLE, Kind.LENGTH, Kind.PADDING) or option.allowed is None or value is None:
        return
    said = numbers_of(value) if option.kind is Kind.PADDING else value
    for number in said if isinstance(said, Sequence) else (said,):
        if number < option.allowed.least:
            raise OptionError(option.name, f"{option.flag} must be at least {option.allowed.least}, not {number}.")
        if number > option.allowed.most:
            raise OptionError(option.name, f"{option.flag} must be at most {option.allowed.most}, not {number}.")


def _check_choice(option: Option, value: str) -> None:
    if option.kind is Kind.CHOICE and value not in option.choices:
        sentence = f"{option.flag} must be one of {', '.join(option.choices)}, not {value!r}."
        raise OptionError(option.name, sentence, hint=did_you_mean(str(value), option.choices))
    for word in words_of(value) if option.kind is Kind.WORDS else ():
        if word not in option.choices:
            hint = did_you_mean(word, option.choices) or f"it takes {', '.join(option.choices)}"
            raise OptionError(option.name, f"{option.flag} has no {word!r}.", hint=hint)


def _check_colons(place: str) -> None:
    """As pytest writes it, "f.py::name"; a file may be called so all the same."""
    if "::" in place and not any(map(os.path.exists, (place, place.rpartition(":")[0]))):
        meant = place.replace("::", ":")
        raise UsageError(f"{place} has two colons.", hint=f"one parts the file from the name: {meant}")


def _check_geometry(options: VerifyOptions) -> None:
    """Refuse a --geometry that cannot be read, is too large, or stands beside --geometries full."""
    if not options.geometry:
        return
    if options.geometries == "full":
        raise OptionError(
            "geometry", "--geometry tries one geometry, and --geometries full many.", hint="give one of them"
        )
    check_memory(geometry_of(options.geometry))


def words_of(text: str) -> tuple[str, ...]:
    """ "Function, NHWC" -> ("function", "nhwc")."""
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


def _check_seconds(option: Option, value: float) -> None:
    if option.kind is not Kind.SECONDS or option.allowed is None:
        return
    least, most = option.allowed.least, option.allowed.most
    if not least < value <= most:  # NaN is refused too
        sentence = f"{option.flag} must be above {least} and at most {most:g} seconds, not {value:g}."
        raise OptionError(option.name, sentence)


def check_picture_channels(in_channels: int) -> None:
    """A picture can be an input of 3 channels or of 1.

    Raises:
        OptionError: any other number of channels.
    """
    if in_channels not in PICTURE_CHANNELS:
        raise OptionError(
            "in_channels",
            f"--in {in_channels} does not fit a picture: it has 3 channels (blue, green, red), or 1 as gray.",
            hint="--in 3, or --in 1 for gray",
        )


def check_files(names: Sequence[str]) -> None:
    """Refuse names that no picture can have.

    Raises:
        UsageError: there is none, one is code, or standard input stands twice.
    """
    if not names:
        raise UsageError("there is no picture.", hint="name one, or - for standard input: gradcheck run coffee.jpg")
    for name in names:
        if is_code(name):
            raise UsageError(
                f"{name} is code, and run takes pictures.",
                hint=f"gradcheck verify {name}, or on a picture: gradcheck run --backward {name} PICTURE",
            )
    if names.count("-") > 1:
        raise UsageError("standard input (-) can be read only once.", hint="give the other pictures as files")


def _check_backward(backward: str) -> None:
    _check_colons(backward)
    if backward in BUILT_IN_BACKWARDS or ":" in backward or backward.endswith(".py"):
        return
    raise OptionError(
        "backward",
        f"--backward must be direct, fft or FILE.py:NAME, not {backward!r}.",
        hint=did_you_mean(backward, BUILT_IN_BACKWARDS),
    )
