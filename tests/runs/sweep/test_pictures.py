"""A folder of pictures, one at a time, and the sum over all of them."""

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.options import SumOptions
from gradcheck_cli.report.json import render_json
from gradcheck_cli.runs.sweep.merge import merge
from gradcheck_cli.runs.sweep.pictures import added_up, sweep_run
from gradcheck_cli.runs.sweep.shares import PictureSums
from helpers import ROOT

# What each rank does: it writes the sums that it has in the end.
RANK = """
import sys
import numpy as np
from dataclasses import fields
from gradcheck_cli.model.options import SumOptions
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.runs.sweep.pictures import added_up
from gradcheck_cli.runs.sweep.shares import PictureSums

found = added_up(SumOptions(("photos",), kernel_size=(3,), size=(9, 8), threads=1))
names = [answer.geometry for answer in found.answers]
np.savez(f"{Ranks.of().rank}.npz", names=names, shares=[share.count for share in found.kept.in_order],
         **{field.name: getattr(found.sums, field.name) for field in fields(PictureSums)})
"""

# It forgets the border of every picture.
WRONG_AT_THE_BORDER = """
import numpy as np

def conv_backward(grad_output, x, weight):
    grad_output = grad_output.copy()
    grad_output[:, :, 0] = 0
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Five small inputs in a folder, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in range(5):
        pixels = np.random.default_rng(number).integers(0, 256, (1, 3, 9, 8))
        np.save(f"photos/{number}.npy", pixels.astype(np.float32))
    Path("photos/notes.txt").write_text("no picture")
    return SumOptions(("photos",), kernel_size=(3,), size=(9, 8), threads=1)


def test_every_picture_and_the_sum_are_judged(options):
    """One answer each, in the order of their names, and what data-parallel training makes of it."""
    report = sweep_run(options)

    names = [os.path.join("photos", f"{number}.npy") for number in range(5)]
    assert [answer.geometry for answer in report.answers] == [*names, "the sum of 5 pictures"]
    assert {answer.verdict for answer in report.answers} == {Verdict.PASS}
    assert all(answer.seconds > 0 for answer in report.answers[:-1])
    assert report.exit_code is ExitCode.PASS
    assert report.answer.startswith("Data-parallel over 2 shares of 3, 2 pictures: not the same.")
    assert report.reproduce == "gradcheck sweep run --in 3 --out 3 --k 3 --size 9x8 --seed 0 --threads 1 photos"


def test_the_sum_is_that_of_one_batch(options):
    """On whole numbers that of its pictures, bit for bit; the loss is a mean over each picture."""
    found = added_up(options)
    alone = [added_up(replace(options, images=(answer.geometry,))).sums for answer in found.answers]

    assert np.array_equal(found.sums.autograd, sum(one.autograd for one in alone))
    assert found.sums.count == 5
    assert found.sums.agree_on_integers


def test_a_wrong_backward_is_wrong_in_the_sum(options):
    """It forgets the border of every picture."""
    Path("mine.py").write_text(WRONG_AT_THE_BORDER)
    report = sweep_run(replace(options, backward="mine.py:conv_backward"))

    assert report.exit_code is ExitCode.FAIL
    assert (report.answers[-1].verdict, report.answers[-1].message) == (
        Verdict.FAIL,
        "the sums on whole numbers differ",
    )


def test_an_fft_is_judged_by_its_own_bound(options):
    """It is not exact on whole numbers, and need not be."""
    assert sweep_run(replace(options, backward="fft")).answers[-1].verdict is Verdict.PASS


@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_add_up_to_one_process(options, ranks):
    """Bit for bit on whole numbers; on the pictures within rounding. All ranks have the same."""
    Path("rank.py").write_text(RANK)
    starter = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(ranks), "rank.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(starter, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    single = added_up(options)

    for rank in range(ranks):
        with np.load(f"{rank}.npz") as found:
            assert found["names"].tolist() == [answer.geometry for answer in single.answers]
            assert sorted(found["shares"]) == sorted(len(range(first, 5, ranks)) for first in range(ranks))
            for name in ("whole", "whole_autograd", "largest", "pictures"):
                assert np.array_equal(found[name], getattr(single.sums, name)), name
            for field in fields(PictureSums):
                np.testing.assert_allclose(found[field.name], getattr(single.sums, field.name), rtol=1e-14)


def without_times(report):
    """The document of a report whose calls took no time."""
    answers = tuple(replace(answer, seconds=0.0) for answer in report.answers)
    return render_json(replace(report, answers=answers, timings={}))


class KilledError(Exception):
    """Stands for a signal: what comes after it does not run."""


def killed_at(picture):
    """A callback of progress that ends the sweep when that picture was just judged."""

    def progress(stage, _fraction):
        if picture in stage:
            raise KilledError

    return progress


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shards_put_together_are_the_sweep_of_one_process(options, count):
    """Byte for byte, but for the times: answers, the sum, and what is said of data-parallel training."""
    files = [f"{index}.jsonl" for index in range(count)]
    for index, file in enumerate(files, start=1):
        sweep_run(replace(options, shard=f"{index}/{count}", resume=file))

    assert without_times(merge(files[::-1])) == without_times(sweep_run(options))


def test_a_sweep_goes_on_where_it_was_left(options):
    """A picture that is in the sums is not read again."""
    kept = replace(options, resume="out.jsonl")
    with pytest.raises(KilledError):
        sweep_run(kept, killed_at("2.npy"))
    asked = []
    report = sweep_run(kept, lambda stage, _fraction: asked.append(stage.split()[0]))

    assert [Path(name).name for name in asked] == ["2.npy", "3.npy", "4.npy"]
    assert without_times(report) == without_times(sweep_run(options))
    assert without_times(sweep_run(kept, killed_at("npy"))) == without_times(report)


def test_what_was_answered_and_not_added_up_is_asked_again(options):
    """The process was killed between the two files: the picture is in the sum once."""
    kept = replace(options, resume="out.jsonl")
    with pytest.raises(KilledError):
        sweep_run(kept, killed_at("3.npy"))
    sums = Path("out.sums.npz").read_bytes()
    whole = sweep_run(kept)
    Path("out.sums.npz").write_bytes(sums)

    assert without_times(sweep_run(kept)) == without_times(whole) == without_times(sweep_run(options))


def test_a_file_that_is_no_picture_is_told_and_the_others_are_judged(options):
    """It is in no sum, so that the sweep is no pass; once it is mended, it is asked again."""
    mended = Path("photos/2.npy").read_bytes()
    Path("photos/2.npy").write_text("no array")
    kept = replace(options, resume="out.jsonl")
    report = sweep_run(kept)

    verdicts = [Verdict.PASS, Verdict.PASS, Verdict.ERROR, Verdict.PASS, Verdict.PASS, Verdict.PASS]
    assert [answer.verdict for answer in report.answers] == verdicts
    assert "cannot read photos/2.npy" in report.answers[2].message
    assert report.answers[-1].geometry == "the sum of 4 pictures"
    assert report.exit_code is ExitCode.NOT_CHECKED
    assert without_times(merge(["out.jsonl"])) == without_times(report)
    Path("photos/2.npy").write_bytes(mended)
    assert without_times(sweep_run(kept)) == without_times(sweep_run(options))


# It is right on three pictures, with the calls that find out how it is called before, and then ends its process.
ENDING = """
import os
import numpy as np

calls = []

def conv_backward(grad_output, x, weight):
    calls.extend([x] * (x.shape == (1, 3, 9, 8)))
    if len(calls) > 6:
        os._exit(3)
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""


def test_a_backward_that_gives_nothing_for_a_picture_has_failed(options):
    """Nothing is said of those behind it, and a later start does not give it another chance on that one."""
    Path("mine.py").write_text(ENDING)
    kept = replace(options, backward="mine.py:conv_backward", resume="out.jsonl")
    report = sweep_run(kept)

    *before, failed, of_all = report.answers
    assert {answer.verdict for answer in before} == {Verdict.PASS}
    assert len(before) < 4
    assert failed.verdict is Verdict.FAIL
    assert "no grad_weight of this layer came back: gradcheck run --backward mine.py:conv_backward" in failed.message
    assert of_all.geometry == f"the sum of {len(before)} pictures"
    assert report.exit_code is ExitCode.FAIL
    assert report.left == 6 - len(report.answers)
    assert failed in sweep_run(kept).answers


def test_a_sum_that_is_not_whole_is_no_pass(options):
    """One of two shards is missing: the report counts what is left."""
    report = sweep_run(replace(options, shard="1/2", resume="one.jsonl"))
    assert 0 < report.questions - 1 < 5
    assert report.exit_code is ExitCode.PASS

    found = merge(["one.jsonl"])

    assert (found.exit_code, found.left) == (ExitCode.NOT_CHECKED, 6 - report.questions)


def test_a_sweep_stops_after_the_first_wrong_picture_if_that_is_asked(options):
    """What was not read is counted."""
    Path("mine.py").write_text(WRONG_AT_THE_BORDER)
    report = sweep_run(replace(options, backward="mine.py:conv_backward", fail_fast=True))

    assert report.answers[0].verdict is Verdict.FAIL
    assert report.left == 4


def test_a_picture_is_never_added_twice(options):
    """Files of one sweep that hold the same pictures are refused, and another layer does not go into a file."""
    for file in ("one.jsonl", "two.jsonl"):
        sweep_run(replace(options, resume=file))
    with pytest.raises(UsageError, match="two files hold sums over the same pictures, 5 of them"):
        merge(["one.jsonl", "two.jsonl"])
    with pytest.raises(UsageError, match=r"one\.jsonl belongs to another sweep\."):
        sweep_run(replace(options, resume="one.jsonl", kernel_size=(2,)))


def test_ranks_keep_files_too_and_one_process_goes_on_from_them(options):
    """The first rank's sums were kept, the second's were lost with it."""
    words = ("sweep", "run", "--k", "3", "--size", "9x8", "--threads", "1", "--resume", "out.jsonl", "-q", "photos")
    starter = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "gradcheck_cli", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(starter, capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == "PASS  6 questions to 1 target: 6 right\n", done.stderr
    alone = without_times(sweep_run(options))
    assert without_times(merge(["out.rank0.jsonl", "out.rank1.jsonl"])) == alone
    for file in ("out.rank1.jsonl", "out.rank1.sums.npz"):
        Path(file).unlink()

    assert without_times(sweep_run(replace(options, resume="out.jsonl"))) == alone
    assert Path("out.sums.npz").exists()


def several_samples():
    """A folder of arrays of 1, 2 and 3 samples, and one file that holds all six."""
    Path("several").mkdir()
    arrays = [np.random.default_rng(count).integers(0, 256, (count, 3, 9, 8)).astype("f4") for count in (1, 2, 3)]
    for count, array in enumerate(arrays, start=1):
        np.save(f"several/{count}.npy", array)
    np.save("all.npy", np.concatenate(arrays))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_each_sample_of_an_array_counts_as_a_picture_does(options, reduction):
    """Arrays of 1, 2 and 3 samples add up to the gradient of one batch of six; a mean weighs them."""
    several_samples()
    folder, batch = (
        added_up(replace(options, images=(name,), reduction=reduction)).sums for name in ("several", "all.npy")
    )

    assert (folder.count, batch.count) == (6, 6)
    for name in ("hand", "autograd"):
        np.testing.assert_allclose(getattr(folder, name), getattr(batch, name), rtol=1e-6, atol=1e-4)


def test_shares_of_unequal_arrays_are_not_the_same(options):
    """The first share has the arrays of 1 and 3 samples, the second that of 2."""
    several_samples()
    report = sweep_run(replace(options, images=("several",)))

    assert report.answer.startswith("Data-parallel over 2 shares of 4, 2 pictures: not the same.")
    assert report.answers[-1].geometry == "the sum of 6 pictures"


def test_what_the_layer_cannot_take_is_told_and_the_others_are_judged(options):
    """Another number of channels, another size, numbers that leave float16."""
    for name, array in (
        ("5", np.ones((1, 4, 9, 8), "f4")),
        ("6", np.ones((1, 3, 7, 8), "f4")),
        ("7", np.full((1, 3, 9, 8), 1e30, "f4")),
    ):
        np.save(f"photos/{name}.npy", array)
    report = sweep_run(replace(options, dtype="float16"))

    told = {answer.geometry: answer.message for answer in report.answers if answer.verdict is Verdict.ERROR}
    assert told == {
        "photos/5.npy": "--in 3 does not fit photos/5.npy: it has 4 channels.",
        "photos/6.npy": "--size 9x8 does not fit photos/6.npy: it is 7x8, and an array is not resized.",
        "photos/7.npy": "the layer overflows in float16: X holds numbers that are not finite.",
    }
    assert report.answers[-1].geometry == "the sum of 5 pictures"
    assert report.exit_code is ExitCode.NOT_CHECKED


def test_a_sum_that_overflowed_is_no_pass(options):
    """The gradients of single pictures leave float16 where the loss is a sum of many."""
    for number in range(5):
        np.save(f"photos/{number}.npy", np.full((1, 3, 60, 60), 255, "f4"))
    report = sweep_run(replace(options, size=(60, 60), dtype="float16", reduction="sum"))

    assert {answer.verdict for answer in report.answers} == {Verdict.INCONCLUSIVE}
    assert report.answers[-1].message == "the sums are not finite: the gradient of a picture overflowed"
    assert report.exit_code is ExitCode.NOT_CHECKED
