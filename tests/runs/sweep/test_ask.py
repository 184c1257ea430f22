"""A sweep, asked in processes of its own."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.options import SweepOptions
from gradcheck_cli.report.json import render_json
from gradcheck_cli.runs.sweep.ask import sweep
from gradcheck_cli.runs.sweep.merge import merge
from gradcheck_cli.runs.sweep.questions import questions_of
from gradcheck_cli.runs.sweep.shard import Shard
from helpers import ROOT, soon

# It notes each call, so that a test can count them; it takes no padding.
RIGHT = """
import numpy as np

def conv_backward(grad_output, x, weight, stride=1):
    with open("calls.txt", "a") as calls:
        calls.write("x")
    kh, kw = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""
WRONG = RIGHT.replace('"nopq,nipquv->oiuv", grad_output', '"nopq,nipquv->oiuv", grad_output[:1]').replace(
    "windows)", "windows[:1])"
)
# On the layer that a test names it says that it is there, and waits until the test goes on.
WAITING = RIGHT.replace(
    "    kh, kw",
    """    import os, time
    if str(x.shape) == open("held.txt").read():
        open("reached.txt", "w").close()
        while not os.path.exists("go.txt"):
            time.sleep(0.02)
    kh, kw""",
)
LAYERS = """
batch 2, in 3, out 4, input 8x7, kernel 3
batch 1, in 3, out 4, input 8x7, kernel 3
batch 3, in 2, out 4, input 9x7, kernel 2x3, stride 2
batch 1, in 2, out 3, input 5, kernel 3, padding 1
"""


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Both targets and four layers, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("right.py").write_text(RIGHT)
    Path("wrong.py").write_text(WRONG)
    Path("layers.txt").write_text(LAYERS)
    return SweepOptions(("right.py", "wrong.py"), geometries="layers.txt")


def without_times(report):
    """The document of a report whose calls took no time."""
    answers = tuple(replace(answer, seconds=0.0) for answer in report.answers)
    return render_json(replace(report, answers=answers, timings={}))


def verdicts(report, target):
    """Of each layer."""
    return [answer.verdict for answer in report.of(target)]


def test_every_layer_has_an_answer(options):
    """Right, wrong where there are several images, or refused."""
    report = sweep(options)

    assert verdicts(report, "right.py") == [*[Verdict.PASS] * 3, Verdict.NOT_APPLICABLE]
    assert verdicts(report, "wrong.py") == [Verdict.FAIL, Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE]
    assert [answer.message for answer in report.of("wrong.py")][2:] == [
        "grad_weight is wrong",
        "it has no parameter for padding",
    ]
    assert (report.verdict, report.exit_code) == (Verdict.FAIL, ExitCode.FAIL)
    assert report.reproduce == "gradcheck sweep verify --geometries layers.txt --seed 0 right.py wrong.py"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shards_put_together_are_the_sweep_of_one_process(options, count):
    """Byte for byte, but for the times."""
    files = [f"{index}.jsonl" for index in range(count)]
    for index, file in enumerate(files, start=1):
        sweep(replace(options, shard=f"{index}/{count}", resume=file))

    assert without_times(merge(files)) == without_times(sweep(options))


def test_a_sweep_goes_on_where_it_was_left(options):
    """What has an answer is not asked again, and a line that was cut short is."""
    once = replace(options, targets=("right.py",), resume="out.jsonl")
    whole = sweep(once)
    lines = Path("out.jsonl").read_text().splitlines(keepends=True)
    Path("out.jsonl").write_text("".join(lines[:3]) + lines[3][:10])
    Path("calls.txt").unlink()
    again = sweep(once)

    assert without_times(again) == without_times(whole)
    # Recognition calls it too; one question is left that it takes, with two calls.
    calls = len(Path("calls.txt").read_text())
    Path("calls.txt").unlink()
    assert without_times(sweep(once)) == without_times(whole)
    assert not Path("calls.txt").exists() or calls == 0
    assert calls > 0


def test_another_sweep_does_not_go_into_the_same_file(options):
    """Nothing of it is lost, and nothing is added."""
    sweep(replace(options, resume="out.jsonl"))
    before = Path("out.jsonl").read_text()
    with pytest.raises(UsageError, match=r"out\.jsonl belongs to another sweep\."):
        sweep(replace(options, resume="out.jsonl", seed=1))

    assert Path("out.jsonl").read_text() == before


def test_answers_about_code_that_was_changed_since_are_not_gone_on_with(options):
    """What the old code answered says nothing of the new one."""
    once = replace(options, targets=("right.py",), resume="out.jsonl")
    sweep(once)
    before = Path("out.jsonl").read_text()
    Path("right.py").write_text(WRONG)
    with pytest.raises(UsageError, match=r"right\.py was changed since out\.jsonl was begun"):
        sweep(once)

    assert Path("out.jsonl").read_text() == before
    assert sweep(replace(once, resume="")).exit_code is ExitCode.FAIL


def test_a_target_that_could_not_be_called_is_asked_again(options):
    """What it needs was put in place since; the file keeps both lines."""
    Path("right.py").write_text("from beside import conv_backward\n")
    once = replace(options, targets=("right.py:conv_backward",), resume="out.jsonl")
    assert {answer.verdict for answer in sweep(once).answers} == {Verdict.ERROR}
    Path("beside.py").write_text(RIGHT)
    again = sweep(once)

    assert [answer.verdict for answer in again.answers] == [*[Verdict.PASS] * 3, Verdict.NOT_APPLICABLE]
    assert merge(["out.jsonl"]).answers == again.answers


def test_a_sweep_stops_after_the_first_wrong_answer_if_that_is_asked(options):
    """What was not asked is counted."""
    report = sweep(replace(options, targets=("wrong.py",), fail_fast=True))

    assert verdicts(report, "wrong.py") == [Verdict.FAIL]
    assert report.left == 3


def test_a_target_that_cannot_be_loaded_has_its_errors_and_the_others_their_answers(options):
    """One broken file is not the end."""
    Path("broken.py").write_text("def conv_backward(g, x, w:\n")
    report = sweep(replace(options, targets=("broken.py", "right.py")))

    assert set(verdicts(report, "broken.py")) == {Verdict.ERROR}
    assert "broken.py:1" in report.of("broken.py")[0].message
    assert Verdict.PASS in verdicts(report, "right.py")
    assert report.exit_code is ExitCode.NOT_CHECKED


def test_what_is_no_convolution_is_shown_the_way_to_verify(options):
    """Nothing that a sweep knows fits it."""
    Path("other.py").write_text("def backward(y, dy):\n    raise ValueError('no layer')\n")
    (message,) = {answer.message for answer in sweep(replace(options, targets=("other.py",))).answers}
    assert message.endswith(" A sweep judges convolutions; gradcheck verify, any function.")


def test_a_target_that_dies_on_one_layer_is_asked_about_the_next(options):
    """It is started anew, and what killed it is its failure."""
    dying = RIGHT.replace(
        "    kh, kw", "    if x.shape == (1, 3, 8, 7):\n        import os\n        os._exit(3)\n    kh, kw"
    )
    Path("dying.py").write_text(dying)
    report = sweep(replace(options, targets=("dying.py",)))

    assert verdicts(report, "dying.py") == [Verdict.PASS, Verdict.FAIL, Verdict.PASS, Verdict.NOT_APPLICABLE]
    assert report.answers[1].message == "the code ended the process (exit status 3)"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_rank_that_was_killed_costs_the_question_that_it_was_at(options, count):
    """Each rank had written its file; the last line of one was cut short, and that of another never begun."""
    once = replace(options, targets=("right.py",), resume="out.jsonl")
    whole = sweep(replace(once, resume=""))
    for rank in range(count):
        sweep(replace(once, shard=f"{rank + 1}/{count}", resume=f"out.rank{rank}.jsonl"))
    last = Path(f"out.rank{count - 1}.jsonl")
    lines = last.read_text().splitlines(keepends=True)
    assert len(lines) > 1
    last.write_text("".join(lines[:-1]) + lines[-1][:20])
    report = sweep(once)

    assert without_times(report) == without_times(whole)
    assert len(Path("out.jsonl").read_text().splitlines()) == 2


TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "gradcheck_cli")
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def torchrun(*words):
    """Two ranks of the program."""
    environment = {**os.environ, **ENVIRONMENT}
    return subprocess.run([*TORCHRUN, *words], capture_output=True, text=True, env=environment, check=False)


def process_of_rank(rank, starter):
    """The number of the process that torchrun started for that rank."""
    children = Path(f"/proc/{starter}/task/{starter}/children").read_text().split()
    (found,) = (int(one) for one in children if f"RANK={rank}".encode() in environment_of(one))
    return found


def environment_of(process):
    """The variables that it was started with."""
    return Path(f"/proc/{process}/environ").read_bytes().split(b"\0")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="ranks are found in /proc")
def test_a_rank_that_is_killed_at_work_loses_the_question_that_it_was_at(options):
    """What was answered is in its file and is not asked again; the same command, by one process, asks the rest."""
    Path("waiting.py").write_text(WAITING)
    Path("layers.txt").write_text(
        "".join(f"batch 2, in 3, out 4, input 8x{width}, kernel 3\n" for width in range(7, 19))
    )
    once = replace(options, targets=("waiting.py",), resume="out.jsonl")
    second = Shard(2, 2)
    *before, at = (asked.question for asked in questions_of(once) if second.holds(asked.question.id))
    Path("held.txt").write_text(str(at.geometry.x_shape))
    words = ("sweep", "verify", "waiting.py", "--geometries", "layers.txt", "--resume", "out.jsonl", "-q")
    with subprocess.Popen([*TORCHRUN, *words], env={**os.environ, **ENVIRONMENT}, stderr=subprocess.DEVNULL) as ranks:
        assert soon(Path("reached.txt").exists, 300)
        os.kill(process_of_rank(1, ranks.pid), signal.SIGKILL)
        assert ranks.wait() != 0
    kept = Path("out.rank1.jsonl").read_text()
    assert before
    assert all(asked.id in kept for asked in before)
    assert at.id not in kept

    Path("go.txt").touch()
    report = sweep(once)

    assert without_times(report) == without_times(sweep(replace(once, resume="")))
    assert Path("out.rank1.jsonl").read_text() == kept
    assert not [asked for asked in before if asked.id in Path("out.jsonl").read_text()]
    assert at.id in Path("out.jsonl").read_text()


def test_the_ranks_of_torchrun_are_the_shards(options):
    """Each writes its own file; one report, that of a single process. A later start finds everything answered."""
    words = ("sweep", "verify", "right.py", "--geometries", "layers.txt", "--resume", "out.jsonl", "-q")
    first = torchrun(*words, "--report", "json=first.json")
    alone = sweep(replace(options, targets=("right.py",)))

    assert first.stdout == "PASS  4 questions to 1 target: 3 right, 1 refused\n", first.stderr
    assert without_times(merge(["out.rank0.jsonl", "out.rank1.jsonl"])) == without_times(alone)
    kept = [Path(f"out.rank{rank}.jsonl").read_text() for rank in (0, 1)]
    assert without_times(sweep(replace(options, targets=("right.py",), resume="out.jsonl"))) == without_times(alone)
    assert kept == [Path(f"out.rank{rank}.jsonl").read_text() for rank in (0, 1)]


def test_ranks_need_a_file_and_deal_out_the_questions_themselves(options, monkeypatch):
    """Without one, only the first rank's answers would be left."""
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(UsageError, match="with several ranks the answers have to be kept"):
        sweep(options)
    with pytest.raises(UsageError, match="--shard and torchrun both deal out the questions"):
        sweep(replace(options, shard="1/2", resume="out.jsonl"))
