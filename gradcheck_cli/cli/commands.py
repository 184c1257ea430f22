"""The commands. Each builds its options, has them checked while that is cheap, and makes one library call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from gradcheck_cli.cli import options as shared
from gradcheck_cli.cli.completion import topics
from gradcheck_cli.cli.invocation import Invocation
from gradcheck_cli.cli.messages import say
from gradcheck_cli.cli.options import Output
from gradcheck_cli.cli.output import deliver
from gradcheck_cli.cli.progress import LateProgress
from gradcheck_cli.cli.root import Command, cli
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.files import expanded
from gradcheck_cli.model.limits import BUILT_IN_BACKWARDS, check_layer, check_run, check_verify
from gradcheck_cli.model.option import Group, Kind, options_of
from gradcheck_cli.model.options import RunOptions, VerifyOptions
from gradcheck_cli.report import check_destinations

if TYPE_CHECKING:
    from gradcheck_cli.model import Progress, Report
    from gradcheck_cli.model.sweep import AnyReport

# The one topic of `explain` that takes sizes.
SHAPES = "shapes"


@cli.command("run", cls=Command)
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=shared.FILE)
@shared.run_options
@shared.save_option
@shared.output_options
@click.pass_context
def run(context: click.Context, /, **values: Any) -> int:
    """Judge a convolution backward on real pictures, side by side with torch.autograd.

    Several pictures make one batch; - is standard input. x.npy, x.pt and random:1x5x100x100 (n, c, h, w) are
    inputs of any number of channels. A layer of one axis reads every row as a sample, one of three all pictures as
    its depth.

    \b
    Examples:
      gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg
      gradcheck run --in 5 --out 10 --k 5 --size 100 random:1x5x100x100
      gradcheck run --conv conv1d --k 9 --padding 8,0 --size 64 images/coffee.jpg
    """
    output = Output.take(values)
    options = RunOptions(**{**values, "images": expanded(values["images"])})
    check_run(options)
    _check_target_options(context, options)

    def execute(progress: Progress) -> Report:
        let_threads_sleep()
        from gradcheck_cli.runs.memory import keep_freed_memory
        from gradcheck_cli.runs.picture import run_experiment
        from gradcheck_cli.runs.plan import plan_of

        keep_freed_memory()

        price = plan_of(options).announcement
        if price and output.verbosity >= 0:
            say(price)
        return run_experiment(options, progress)

    return conduct(context, output, "run", [*options.images, *_named_files(options)], execute)


@cli.command("verify", cls=Command)
@click.argument("targets", metavar="FILE.py:NAME...", nargs=-1, required=True, type=shared.FILE)
@shared.verify_options
@shared.output_options
@click.pass_context
def verify(context: click.Context, /, **values: Any) -> int:
    """Judge your own backward, of a convolution or of any layer or function, and name its mistake.

    A target is FILE.py:NAME, FILE.py, or PACKAGE.MODULE:NAME. Quote patterns; they are expanded here.

    \b
    Example:
      gradcheck verify my_layers.py 'submissions/*.py:conv_backward'
    """
    output = Output.take(values)
    options = VerifyOptions(**values)
    check_verify(options)

    def execute(progress: Progress) -> Report:
        prepare(context)
        from gradcheck_cli.runs.verify import verify_targets

        return verify_targets(options, progress)

    return conduct(context, output, "verify", files_of(options.targets), execute)


@cli.command("explain", cls=Command)
@click.argument("topic", required=False, shell_complete=topics)
@shared.geometry_options(**shared.FORUM_LAYER)
@shared.debug_option
@click.pass_context
def explain(context: click.Context, /, topic: str | None, **values: Any) -> int:
    """Explain a mistake, the backward of a layer step by step, `tolerance`, or the shapes of a convolution.

    \b
    Examples:
      gradcheck explain batch-mean
      gradcheck explain layer-norm
      gradcheck explain shapes --in 5 --out 10 --k 5 --size 100
    """
    if topic == SHAPES:
        _explain_shapes(values)
        return ExitCode.PASS
    _refuse_geometry(context, topic)
    from gradcheck_cli.explain.lookup import explain as explained

    click.echo(explained(topic).text() if topic else _topics())
    return ExitCode.PASS


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


def _named_files(options: RunOptions) -> Iterator[str]:
    """Every file that an option names: no report may be written over it."""
    for option in options_of(RunOptions):
        value = getattr(options, option.name)
        if option.kind is Kind.FILE and value:
            yield value
        if option.kind in (Kind.TARGET, Kind.ARGUMENTS) and value:
            yield from files_of((value,))


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


def _check_target_options(context: click.Context, options: RunOptions) -> None:
    """--convention and its like say how the user's code is called; typed without such code they are a slip."""
    if options.backward not in BUILT_IN_BACKWARDS:
        return
    for option in shared.in_groups(RunOptions, (Group.TARGET,)):
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise UsageError(
                f"{option.flag} is about your own code, and --backward is {options.backward}.",
                hint="give --backward FILE.py:NAME too",
            )


def _explain_shapes(values: dict[str, Any]) -> None:
    from gradcheck_cli.explain.about_shapes import shapes

    options = RunOptions((), **values)
    check_layer(options)
    click.echo(shapes(layer=options.spec).text())


def _topics() -> str:
    """Everything that can be explained, a line each."""
    from gradcheck_cli.explain.explanation import WIDTH, filled
    from gradcheck_cli.explain.ids import TOPICS
    from gradcheck_cli.layers.known import KNOWN
    from gradcheck_cli.mistakes import CATALOGUE

    width = max(map(len, (*CATALOGUE, *KNOWN)))
    below = " " * (width + 4)

    def listed(name: str, title: str) -> str:
        lines = filled(title, WIDTH - len(below)).split("\n")
        return "\n".join([f"  {name:<{width}}  {lines[0]}", *(f"{below}{line}" for line in lines[1:])])

    layers = [listed(name, layer.title) for name, layer in KNOWN.items()]
    mistakes = [listed(name, mistake.title) for name, mistake in CATALOGUE.items()]
    topics = [f"  {name}" for name in TOPICS]
    parts = {"Topics:": topics, "Layers, the backward step by step:": layers, "Mistakes (the code ...):": mistakes}
    return "\n\n".join("\n".join([heading, *lines]) for heading, lines in parts.items())


def _refuse_geometry(context: click.Context, topic: str | None) -> None:
    for option in shared.in_groups(RunOptions, (Group.GEOMETRY,)):
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"only `gradcheck explain {SHAPES}` takes sizes, not {topic or 'the list of topics'!r}.")
