"""`gradcheck sweep` and `gradcheck merge`: many questions, one short answer each, by any number of processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gradcheck_cli.cli import click_options as shared
from gradcheck_cli.cli.click_options import Output
from gradcheck_cli.cli.conduct import conduct, conduct_by_the_first_rank, files_of, let_threads_sleep
from gradcheck_cli.cli.root import Command, cli, refuse_to_do_nothing
from gradcheck_cli.cli.summing import judge_sum
from gradcheck_cli.model.files import expanded
from gradcheck_cli.model.limits import check_sweep
from gradcheck_cli.model.options import SumOptions, SweepOptions

if TYPE_CHECKING:
    from gradcheck_cli.model import Progress
    from gradcheck_cli.model.sweep import SweepReport


@cli.group("sweep", invoke_without_command=True)
@click.pass_context
def sweep(context: click.Context) -> None:
    """Ask many questions, in shards, and go on where it was left.

    \b
    Example:
      gradcheck sweep verify my_ops.py:backward --geometries layers.txt --resume out.jsonl
    """
    refuse_to_do_nothing(context)


@sweep.command("verify", cls=Command)
@click.argument("targets", metavar="FILE.py:NAME...", nargs=-1, required=True, type=shared.FILE)
@shared.sweep_options
@shared.output_options
@click.pass_context
def sweep_verify(context: click.Context, /, **values: Any) -> int:
    """Judge your convolution backward on many geometries, one exact question each.

    A FILE of geometries has one on each line, as --geometry of `gradcheck verify` takes it. Under torchrun the ranks
    are the shards.

    \b
    Examples:
      gradcheck sweep verify my_ops.py:backward --geometries full --resume out.jsonl
      gradcheck sweep verify my_ops.py:backward --shard 2/8 --resume out/2.jsonl
      torchrun --nproc-per-node 2 -m gradcheck_cli sweep verify my_ops.py:backward --resume out.jsonl
    """
    output = Output.take(values)
    options = SweepOptions(**values)
    check_sweep(options)

    def execute(progress: Progress) -> SweepReport:
        let_threads_sleep()
        from gradcheck_cli.runs.sweep.ask import sweep as run_sweep

        return run_sweep(options, progress)

    files = [*files_of(options.targets), options.geometries, options.resume]
    return conduct_by_the_first_rank(context, output, files, execute)


@sweep.command("run", cls=Command)
@click.argument("images", metavar="FOLDER|IMAGE...", nargs=-1, required=True, type=shared.FILE)
@shared.sum_options
@shared.output_options
@click.pass_context
def sweep_run(context: click.Context, /, **values: Any) -> int:
    """Judge a convolution backward on every picture of a folder, one at a time, and on the sum over all.

    The folder may be larger than memory. Under torchrun each rank reads its share, and the sums are added up. The file
    of --resume has one of sums beside it, and `gradcheck merge` reads both.

    \b
    Examples:
      gradcheck sweep run --in 3 --out 3 --k 32 photos/
      gradcheck sweep run --in 3 --out 3 --k 32 photos/ --shard 2/8 --resume out/2.jsonl
    """
    output = Output.take(values)
    return judge_sum(context, output, SumOptions(**{**values, "images": expanded(values["images"])}))


@cli.command("merge", cls=Command)
@click.argument("files", metavar="FILE.jsonl...", nargs=-1, required=True, type=shared.FILE)
@shared.output_options
@click.pass_context
def merge(context: click.Context, /, **values: Any) -> int:
    """Put the shards of a sweep together: the report is that of a sweep by one process.

    \b
    Example:
      gradcheck merge out/*.jsonl --report html=all.html
    """
    output = Output.take(values)
    files = expanded(values["files"])

    def execute(_progress: Progress) -> SweepReport:
        from gradcheck_cli.runs.sweep.merge import merge as merged

        return merged(files)

    return conduct(context, output, "sweep", files, execute)
