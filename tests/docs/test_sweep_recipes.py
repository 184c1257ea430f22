"""The matrix of CI jobs of docs/howto/sweep.md: its commands, run as the jobs would, give the verdict of one sweep."""

import contextlib
import re
import shlex
import shutil

import pytest

from helpers import RIGHT, ROOT, gradcheck

PAGE = (ROOT / "docs" / "howto" / "sweep.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
SHARDS = 4
# How each runner says which job this is, and where it puts the files of the jobs for the one that merges.
RUNNERS = {
    "GitHub": ("${{ matrix.shard }}", "${{ matrix.shard }}/4", "shards/shard-{}/out.jsonl"),
    "GitLab": ("$CI_NODE_INDEX", "$CI_NODE_INDEX/$CI_NODE_TOTAL", "out-{}.jsonl"),
}


def lines_of(job):
    """The line of the shards and that of the merge, in the recipe that says this word for its job.

    The quick list stands for the full one, which takes many times as long.
    """
    (block,) = (block for block in BLOCKS if job in block)
    shard, merge = re.findall(r"gradcheck (?:sweep|merge) .*", block)
    assert "--geometries full" in shard
    return shard.replace("--geometries full", "--geometries quick"), merge


def ran(line, folder):
    """The result of a line of a recipe in that folder; a code that the recipe lets pass is below 3."""
    command, _, tolerated = line.partition(" || ")
    assert tolerated in ("", "[ $? -lt 3 ]")
    with contextlib.chdir(folder):
        done = gradcheck(*shlex.split(command)[1:])
    assert done.exit_code < 3, done.stderr
    return done


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_jobs_of_a_matrix_end_in_the_verdict_of_one_sweep(runner, tmp_path):
    """Each job in a checkout of its own, the merge in another one."""
    job, share, place = RUNNERS[runner]
    shard, merge = lines_of(job)
    assert share in shard
    merging = tmp_path / "merging"
    for number in range(1, SHARDS + 1):
        folder = tmp_path / f"job{number}"
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "ops.py").write_text(RIGHT.replace("def right", "def conv_backward"))
        ran(shard.replace("$CI_NODE_TOTAL", str(SHARDS)).replace(job, str(number)), folder)
        (file,) = folder.glob("*.jsonl")
        kept = merging / place.format(number)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, kept)
    together = ran(merge, merging)

    alone = ran("gradcheck sweep verify src/ops.py:conv_backward --geometries quick -q", tmp_path / "job1")
    assert together.exit_code == alone.exit_code == 0
    counted = re.search(r"\d+ questions to 1 target: .*", alone.stdout)[0]
    assert counted.split(".")[0] in " ".join(together.stdout.split())


OPERATION = """\
import torch


class MyConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride=1, padding=0):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.nn.functional.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        wanted = (ctx.stride, ctx.padding)
        grad_x = torch.nn.grad.conv2d_input(x.shape, weight, grad, *wanted)
        return grad_x, torch.nn.grad.conv2d_weight(x, weight.shape, grad, *wanted), grad.sum((0, 2, 3)), None, None
"""


def test_the_nightly_job_asks_about_the_layers_of_the_model(tmp_path):
    """The page's own model, of two convolutions; one setting stands for all, as one of them compiles."""
    (block,) = (block for block in BLOCKS if "schedule" in block)
    (line,) = re.findall(r"gradcheck sweep .*", block)
    (model,) = re.findall(r"<!-- file: net\.py -->\n```python\n(.*?)```", PAGE, re.S)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "net.py").write_text(model)
    (tmp_path / "src" / "ops.py").write_text(OPERATION)
    assert "--settings all" in line
    done = ran(line.replace("--settings all", "--dtype bfloat16"), tmp_path)
    assert (done.exit_code, "2 questions to 1 target: 2 right" in done.stdout) == (0, True)
