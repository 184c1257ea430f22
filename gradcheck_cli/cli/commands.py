"""The commands. Each builds its options, has them checked while that is cheap, and makes one library call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click
from click.core import ParameterSource

from gradcheck_cli.cli import click_options as shared
from gradcheck_cli.cli.click_options import Output
from gradcheck_cli.cli.completion import topics
from gradcheck_cli.cli.conduct import conduct, files_of, let_threads_sleep, prepare
from gradcheck_cli.cli.messages import say
from gradcheck_cli.cli.root import Command, cli
from gradcheck_cli.cli.summing import check_target_options, judge_sum, named_files
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.files import any_folder, expanded
from gradcheck_cli.model.limits import check_layer, check_run, check_verify
from gradcheck_cli.model.option import Group
from gradcheck_cli.model.options import RunOptions, SumOptions, VerifyOptions

if TYPE_CHECKING:
    from gradcheck_cli.cli.invocation import Invocation
    from gradcheck_cli.model import Progress, Report

# The one topic of `explain` that takes sizes.
SHAPES = "shapes"


@cli.command("run", cls=Command)
@click.argument("images", metavar="IMAGE|FOLDER...", nargs=-1, required=True, type=shared.FILE)
@shared.run_options
@shared.save_option
@shared.output_options
@click.pass_context
def run(context: click.Context, /, **values: Any) -> int:
    """Judge a convolution backward on real pictures, side by side with torch.autograd.

    Several pictures make one batch; - is standard input. x.npy, x.pt and random:1x5x100x100 (n, c, h, w) are
    inputs of any number of channels. A layer of one axis reads every row as a sample, one of three all pictures as
    its depth. A folder is judged picture by picture and summed up, as by `gradcheck sweep run`, which can be resumed.

    \b
    Examples:
      gradcheck run --in 3 --out 3 --k 32 images/coffee.jpg
      gradcheck run --in 3 --out 3 --k 32 photos/
      gradcheck run --in 5 --out 10 --k 5 --size 100 random:1x5x100x100
      gradcheck run --conv conv1d --k 9 --padding 8,0 --size 64 images/coffee.jpg
    """
    output = Output.take(values)
    values["images"] = expanded(values["images"])
    if any_folder(values["images"]):
        return judge_sum(context, output, SumOptions(**values))
    options = RunOptions(**values)
    check_run(options)
    check_target_options(context, options)

    def execute(progress: Progress) -> Report:
        let_threads_sleep()
        from gradcheck_cli.runs.memory import keep_freed_memory
        from gradcheck_cli.runs.picture import run_experiment
        from gradcheck_cli.runs.plan import plan_of

        keep_freed_memory()

        price = plan_of(options).announcement
        if price and output.verbosity >= 0:
            say(price)
        return run_experiment(options, progress, may_fork=cast("Invocation", context.obj).is_process)

    return conduct(context, output, "run", [*options.images, *named_files(options)], execute)


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
