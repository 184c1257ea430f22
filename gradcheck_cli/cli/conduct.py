"""What every command does around its library call: destinations, progress, and delivery by one of the processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

import click

from gradcheck_cli.cli.click_options import Output
from gradcheck_cli.cli.messages import say
from gradcheck_cli.cli.output import deliver
from gradcheck_cli.cli.progress import LateProgress
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.model.options import no_progress
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.report import check_destinations

if TYPE_CHECKING:
    from gradcheck_cli.cli.invocation import Invocation
    from gradcheck_cli.model import Progress
    from gradcheck_cli.model.sweep import AnyReport, SweepReport


def conduct(
    context: click.Context,
    output: Output,
    command: str,
    inputs: Iterable[str],
    execute: Callable[[Progress], AnyReport],
) -> int:
    """Check where the reports of `command` go, work, and deliver."""
    check_destinations(output.reports, [name for name in inputs if name], command)
    if output.verbosity > 0:
        for line in cast("Invocation", context.obj).sources():
            say(line)
    with LateProgress(enabled=output.verbosity >= 0) as progress:
        report = execute(progress)
    return deliver(report, output)


def conduct_by_the_first_rank(
    context: click.Context, output: Output, files: Iterable[str], execute: Callable[[Progress], SweepReport]
) -> int:
    """A sweep: every rank asks its share; the first one reports for all."""
    if Ranks.of().rank:
        execute(no_progress)
        return ExitCode.PASS
    return conduct(context, output, "sweep", files, execute)


def files_of(targets: Iterable[str]) -> list[str]:
    """The files of `FILE.py:NAME` targets, and of those without a name."""
    return [name for target in targets for name in (target, target.rpartition(":")[0]) if name]


def prepare(context: click.Context) -> None:
    """Before anything is loaded: for what runs targets, where this process is the program's own."""
    let_threads_sleep()
    if cast("Invocation", context.obj).is_process:
        from gradcheck_cli.targets.forked import fork_from_here

        fork_from_here()


def let_threads_sleep() -> None:
    """Threads that wait by spinning slow each other down; they must be told before numpy and torch are loaded.

    numpy's BLAS is left one thread. Torch's threads sleep while they wait: beside another busy process they would
    otherwise spin through the turns of the thread that they wait for.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
