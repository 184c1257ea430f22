"""A folder of pictures, one at a time, and the sum over all of them."""

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_cli.model import RunOptions, Verdict
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.limits import check_sweep_run
from gradcheck_cli.runs.sweep import sweep_run
from gradcheck_cli.runs.sweep.pictures import added_up
from gradcheck_cli.runs.sweep.shares import PictureSums
from helpers import ROOT

# What each rank does: it writes the sums that it has in the end.
RANK = """
import sys
import numpy as np
from dataclasses import fields
from gradcheck_cli.model import RunOptions
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.runs.sweep.pictures import added_up
from gradcheck_cli.runs.sweep.shares import PictureSums

found = added_up(RunOptions(("photos",), kernel_size=(3,), size=(9, 8), threads=1))
names = [answer.geometry for answer in found.answers]
np.savez(f"{Ranks.of().rank}.npz", names=names, shares=[share.count for share in found.shares],
         **{field.name: getattr(found.sums, field.name) for field in fields(PictureSums)})
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
    return RunOptions(("photos",), kernel_size=(3,), size=(9, 8), threads=1)


def test_every_picture_and_the_sum_are_judged(options):
    """One answer each, in the order of their names, and what data-parallel training makes of it."""
    report = sweep_run(options)

    names = [os.path.join("photos", f"{number}.npy") for number in range(5)]
    assert [answer.geometry for answer in report.answers] == [*names, "the sum of 5 pictures"]
    assert {answer.verdict for answer in report.answers} == {Verdict.PASS}
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
    code = """
import numpy as np

def conv_backward(grad_output, x, weight):
    grad_output = grad_output.copy()
    grad_output[:, :, 0] = 0
    windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    return np.einsum("nopq,nipquv->oiuv", grad_output, windows)
"""
    Path("mine.py").write_text(code)
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


@pytest.mark.parametrize("change", [{"seeds": 2}, {"settings": "all"}])
def test_what_is_no_sum_is_refused(options, change):
    """By the option's name."""
    with pytest.raises(UsageError, match=f"--{next(iter(change))} is not for a sum over pictures"):
        check_sweep_run(replace(options, **change))


def test_a_folder_without_pictures_is_refused(options):
    """With what would be read."""
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=r"empty holds no picture\."):
        sweep_run(replace(options, images=("empty",)))
