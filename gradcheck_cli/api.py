"""The Python API: `gradcheck_cli.run` and `gradcheck_cli.verify`, the two commands as functions.

They check the options, load the heavy rooms late and return the report. Nothing is printed here.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from inspect import Parameter
from numbers import Integral
from typing import Any, TypeVar, Unpack, cast

import gradcheck_cli.report  # noqa: F401  it hands reports what shows them
from gradcheck_cli.model import Progress, RunOptions, RunReport, VerifyOptions, VerifyReport, no_progress
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import any_folder, expanded
from gradcheck_cli.model.limits import check_run, check_verify
from gradcheck_cli.model.nearness import did_you_mean
from gradcheck_cli.model.option import Kind, Option, options_of
from gradcheck_cli.model.option_types import check_type
from gradcheck_cli.model.options import PICTURE_AXES, HoldsArray, Input, SumOptions, Target
from gradcheck_cli.model.settings import RunSettings, VerifySettings
from gradcheck_cli.model.spec import OWN_AXES
from gradcheck_cli.model.sweep import SweepReport

try:
    __version__ = version("gradcheck-cli")
except PackageNotFoundError:
    __version__ = "0+uninstalled"

Documented = TypeVar("Documented", bound=Callable[..., Any])
Options = TypeVar("Options", RunOptions, VerifyOptions)
WORKER_MODULE = "gradcheck_cli.targets.child"


def _documented(command: type) -> Callable[[Documented], Documented]:
    """Show each option of `command` where `help()` and a notebook look: in the signature, and in the docstring."""

    def document(function: Documented) -> Documented:
        written, options = inspect.signature(function), options_of(command)
        keywords = [
            Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default, annotation=option.python_type)
            for option in options
        ]
        keywords.append(Parameter("progress", Parameter.KEYWORD_ONLY, default=no_progress, annotation="Progress"))
        own = [item for item in written.parameters.values() if item.kind is not Parameter.VAR_KEYWORD]
        function.__signature__ = written.replace(parameters=[*own, *keywords])  # type: ignore[attr-defined]
        lines = [f"    {option.name}: {option.help}" for option in options]
        function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__ or ""), "", "Options:", *lines])
        return function

    return document


# Which report it is, a name does not say: with "| Any" what a type checker knew of a run holds on.
@_documented(RunOptions)
def run(images: Input | Sequence[Input], *more: Input, **options: Unpack[RunSettings]) -> RunReport | Any:
    """Judge a convolution backward on real pictures against torch.autograd, as `gradcheck run` does.

    Args:
        images: one input or several; several make one batch. A file name, "-" for standard input, or an array
            (n, c, h, w), (c, h, w) or (h, w) of numpy or torch, whose channels and size are taken where no others are
            said ((n, c, l) and (n, c, d, h, w) where `conv` has one or three axes); x.npy, x.pt and
            "random:1x5x100x100" are inputs of any number of channels too. A folder is judged picture by picture, and
            on the sum over all of them; it may be larger than memory.
        more: further inputs of the batch, one by one.
        options: those of the command line, listed below. `backward` takes "direct", "fft", "file.py:name" or a function
            that is defined in a file. One number for a size means both directions.

    Returns:
        The report; `report.verdict` and `report.exit_code` sum it up, and a notebook shows it as a page. It is a
        `RunReport`; of a folder a `SweepReport`, as `gradcheck sweep run` gives it. (Which it is, no type checker
        can know from a name.)

    Raises:
        GradcheckError: something that the caller can mend, as the command line would say it.
        TypeError: an option that does not exist.
    """
    _refuse_in_worker("run")
    progress, values = _split("run", dict(options), RunOptions)
    several = isinstance(images, Iterable) and not isinstance(images, str | os.PathLike | HoldsArray)
    axes = OWN_AXES.get(values.get("conv", RunOptions.conv), PICTURE_AXES)
    first = cast("Iterable[Input]", images) if several else [cast("Input", images)]
    names, found = _named([*first, *more], axes)
    values = {**found, **values, "images": expanded(names)}
    if any_folder(values["images"]):
        return _summed(SumOptions(**values), progress)
    settings = RunOptions(**values)
    check_run(settings)
    from gradcheck_cli.runs.picture import run_experiment

    return run_experiment(settings, progress)


@_documented(VerifyOptions)
def verify(target: Target | Iterable[Target], *more: Target, **options: Unpack[VerifySettings]) -> VerifyReport:
    """Judge hand-written backwards on exact integers and name their mistakes, as `gradcheck verify` does.

    Args:
        target: "file.py:name", "package.module:name", a function or class that is defined in a file, or several.
            The code runs in a process of its own, which loads the file again.
        more: further ones, one by one.
        options: those of the command line, listed below.

    Returns:
        The report, with one entry per target.

    Raises:
        GradcheckError: something that the caller can mend, as the command line would say it.
        TypeError: an option that does not exist.
    """
    _refuse_in_worker("verify")
    progress, values = _split("verify", dict(options), VerifyOptions)
    is_one = isinstance(target, str | os.PathLike) or callable(target) or not isinstance(target, Iterable)
    first = (cast("Target", target),) if is_one else tuple(cast("Iterable[Target]", target))
    settings = VerifyOptions(targets=tuple(map(target_name, (*first, *more))), **values)
    check_verify(settings)
    from gradcheck_cli.runs.verify import verify_targets

    return verify_targets(settings, progress)


def _summed(settings: SumOptions, progress: Progress) -> SweepReport:
    from gradcheck_cli.runs.sweep.folder import check_sum

    check_sum(settings)
    from gradcheck_cli.runs.sweep.pictures import sweep_run

    return sweep_run(settings, progress)


def _named(inputs: Iterable[Input], axes: int) -> tuple[list[str], dict[str, Any]]:
    """(file names, channels and size of the first array): arrays are written to files of their own."""
    names: list[str] = []
    found: dict[str, Any] = {}
    for item in inputs:
        if isinstance(item, str | os.PathLike):
            names.append(os.fspath(item))
            continue
        from gradcheck_cli.images.from_python import as_array, channels_and_size, write_array  # late: it needs numpy

        array = as_array(item, axes)
        channels, size = channels_and_size(array, axes)
        found = found or {"in_channels": channels, "size": size}
        names.append(write_array(array))
    return names, found


def target_name(target: Target) -> str:
    """`file.py:qualified.name` of a function or class; text and paths as they are.

    One that was typed into a notebook cell is written to a file of its own, with what it uses.

    Raises:
        TargetError: an object that a fresh process could not find again, such as a lambda.
    """
    if isinstance(target, str | os.PathLike):
        return os.fspath(target)
    name = getattr(target, "__qualname__", None)
    installed = _installed_name(target, name)
    if installed:
        return installed
    if name is None:
        raise _unreachable(f"{target!r} has no name.", "pass the function or the class itself")
    if inspect.ismethod(target):
        raise _unreachable(f"{name} is bound to an object.", "pass the class itself: the checks make their own objects")
    if "<" in name:
        raise _unreachable(f"{name} is not defined at the top of a file.", "give it a name at the top of a file")
    return f"{_source_file(target, name)}:{name}"


def _installed_name(target: Callable[..., Any], name: str | None) -> str:
    """The dotted name of what torch or numpy define, which no file of the user's holds; "" for all else."""
    module = str(getattr(target, "__module__", "") or "")
    named = getattr(target, "__name__", "") or name
    # What is written in C, as torch.mul, says no module: whether it is there is all that counts.
    if not named or (module and module.partition(".")[0].lstrip("_") not in ("torch", "numpy")):
        return ""
    for place in (module, "torch.nn.functional", "torch", "numpy"):
        if getattr(sys.modules.get(place), named, None) is target:
            return f"{place}.{named}"
    return ""


def _source_file(target: Callable[..., Any], name: str) -> str:
    from gradcheck_cli.targets import typed  # late: nobody needs it before there is a function

    unwrapped = inspect.unwrap(target)
    if typed.is_typed(unwrapped):
        return typed.write_typed(target)
    try:
        file = inspect.getsourcefile(unwrapped)
    except (TypeError, OSError):  # of a class, its module is no file
        file = None
    if file is None or not os.path.isfile(file):
        raise _unreachable(f"{name} has no source file.", "save it in a file and import it from there")
    return os.path.abspath(file)


def _refuse_in_worker(function: str) -> None:
    """The worker loads the user's file again: a check at the top of it would start a worker that loads it again."""
    if WORKER_MODULE in sys.modules:
        raise TargetError(
            f"gradcheck_cli.{function} was called while a worker loads the file.",
            hint="put the call below `if __name__ == '__main__':`",
        )


def _unreachable(sentence: str, hint: str) -> TargetError:
    return TargetError(
        sentence, facts={"why": "the code runs in a process of its own, which loads its file"}, hint=hint
    )


def _split(function: str, options: dict[str, Any], kind: type[Options]) -> tuple[Progress, dict[str, Any]]:
    progress = options.pop("progress", no_progress)
    # What stands first in the class itself is handed over by place; what it has from others stands before that.
    by_place = next(iter(inspect.get_annotations(kind)))
    known = [field.name for field in fields(kind) if field.name != by_place]
    for name in options:
        if name not in known:
            flags = {option.flag.removeprefix("--"): option.name for option in options_of(kind)}
            advice = f"--{name} is {flags[name]!r} here" if name in flags else did_you_mean(name, known)
            raise TypeError(f"{function}() has no option {name!r}" + (f"; {advice}" if advice else ""))
    return progress, options | {
        option.name: _as_on_the_command_line(option, options[option.name])
        for option in options_of(kind)
        if option.name in options
    }


def _as_on_the_command_line(option: Option, value: Any) -> Any:
    """What Python may be given besides: one number for a size, a path, a function.

    Raises:
        OptionError: a value that the option does not take.
    """
    taken = _besides(option, value)
    check_type(option, taken)
    return taken


def _besides(option: Option, value: Any) -> Any:
    if option.kind in (Kind.LENGTH, Kind.PADDING) and not isinstance(value, bool) and isinstance(value, Integral):
        return (int(value),)
    if option.kind is Kind.FILE and isinstance(value, os.PathLike):
        return os.fspath(value)
    if option.kind is Kind.ARGUMENTS and isinstance(value, tuple | list | Mapping):
        from gradcheck_cli.targets.functions.inputs.handed import write_arguments  # late: it needs numpy

        return write_arguments(value)
    return target_name(value) if option.kind in (Kind.TARGET, Kind.ARGUMENTS) else value
