"""`gradcheck run` from options to Report: the only place, with `verification`, that knows the order of things."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from gradcheck_cli.model import Progress, RunOptions, RunReport, no_progress
from gradcheck_cli.runs.picture.beside import begun_beside
from gradcheck_cli.runs.picture.data import load_data
from gradcheck_cli.runs.picture.stages import Stages
from gradcheck_cli.runs.plan import plan_of, with_batch

# Steps that the bar counts beside one for each seed; see `stages.stage`.
STAGES = 13


def run_experiment(options: RunOptions, progress: Progress = no_progress, *, may_fork: bool = False) -> RunReport:
    """Run the backward under test and autograd side by side on pictures.

    Args:
        options: what the command line said.
        progress: called with the stage and the fraction done.
        may_fork: is this process the program's own, so that it may begin with a part in a second one?

    Returns:
        The report; a mismatch is a result in it, not an error.

    Raises:
        GradcheckError: what the user can mend (picture, geometry, device, target, more than the memory holds).
    """
    options = with_batch(options)
    plan = plan_of(options)
    stages = Stages(progress, STAGES + options.seeds)
    with begun_beside(options, plan) if may_fork else nullcontext() as beside:
        with stages.stage("load pictures"):
            data = load_data(options)
        with stages.stage("import torch"), uncollected():
            # Late, so that a picture that cannot be read is told at once.
            from gradcheck_cli.runs.picture.run import run_on
        return run_on(data, plan, options, stages, beside)


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for garbage while torch makes its many objects: a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
