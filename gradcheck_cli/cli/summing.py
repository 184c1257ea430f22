"""A sum over pictures, asked by `run` of a folder and by `sweep run`: the same, which the second can go on with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from gradcheck_cli.cli import click_options as shared
from gradcheck_cli.cli.click_options import Output
from gradcheck_cli.cli.conduct import conduct_by_the_first_rank, files_of, let_threads_sleep
from gradcheck_cli.model.errors import OptionError, UsageError
from gradcheck_cli.model.limits import BUILT_IN_BACKWARDS
from gradcheck_cli.model.option import Group, Kind, options_of
from gradcheck_cli.model.options import RunOptions, SumOptions
from gradcheck_cli.report import SAVED

if TYPE_CHECKING:
    from gradcheck_cli.model import Progress
    from gradcheck_cli.model.sweep import SweepReport


def judge_sum(context: click.Context, output: Output, options: SumOptions) -> int:
    """Judge the code on each picture and on the sum over all of them, and deliver.

    Raises:
        GradcheckError: what no sum can be asked, before anything heavy is loaded.
    """
    from gradcheck_cli.runs.sweep.folder import check_sum

    for report in output.reports:
        if report.format == SAVED:
            sentence = f"--save {report.path} is not for a sum over pictures: there is one X and one G for each."
            raise OptionError("save", sentence, hint="leave it out, or save one: gradcheck run --save FILE.npz PICTURE")
    check_sum(options)
    check_target_options(context, options)

    def execute(progress: Progress) -> SweepReport:
        let_threads_sleep()
        from gradcheck_cli.runs.sweep.pictures import sweep_run

        return sweep_run(options, progress)

    inputs = [*options.images, options.resume, *named_files(options)]
    return conduct_by_the_first_rank(context, output, inputs, execute)


def named_files(options: RunOptions) -> Iterator[str]:
    """Every file that an option names: no report may be written over it."""
    for option in options_of(RunOptions):
        value = getattr(options, option.name)
        if option.kind is Kind.FILE and value:
            yield value
        if option.kind in (Kind.TARGET, Kind.ARGUMENTS) and value:
            yield from files_of((value,))


def check_target_options(context: click.Context, options: RunOptions) -> None:
    """--convention and its like say how the user's code is called; typed without such code they are a slip."""
    if options.backward not in BUILT_IN_BACKWARDS:
        return
    for option in shared.in_groups(RunOptions, (Group.TARGET,)):
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise UsageError(
                f"{option.flag} is about your own code, and --backward is {options.backward}.",
                hint="give --backward FILE.py:NAME too",
            )
