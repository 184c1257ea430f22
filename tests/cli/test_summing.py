"""`gradcheck run FOLDER` and `gradcheck sweep run`: one question, asked in one way."""

import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.model.options import SumOptions
from gradcheck_cli.model.sweep import OF_PICTURES, SweepAnswer, SweepReport
from helpers import gradcheck

WORDS = ("--k", "3", "--size", "9x8", "--backward", "fft", "--dtype", "float64", "--seed", "4")
ASKED = SumOptions(("photos",), kernel_size=(3,), size=(9, 8), backward="fft", dtype="float64", seed=4)


@pytest.fixture
def asked(monkeypatch):
    """What `sweep_run` was asked; a folder is there, and a picture beside it."""
    Path("photos").mkdir()
    for name in ("photos/a.jpg", "b.jpg"):
        Path(name).touch()
    seen = []

    def judged(options, _progress):
        seen.append(options)
        answer = SweepAnswer(f"{OF_PICTURES}sum", 0, "direct", "the sum of 1 picture", 0, Verdict.FAIL, {}, "differ")
        return SweepReport(Verdict.FAIL, ExitCode.FAIL, {}, "gradcheck sweep run photos", {}, 1, "", {}, (answer,))

    stand_in = types.ModuleType("gradcheck_cli.runs.sweep.pictures")
    stand_in.sweep_run = judged
    monkeypatch.setitem(sys.modules, "gradcheck_cli.runs.sweep.pictures", stand_in)
    return seen


def test_a_folder_is_asked_as_sweep_run_asks_it(asked):
    """The same question, report and exit code."""
    done = [gradcheck(*command, *WORDS, "photos") for command in (("run",), ("sweep", "run"))]

    assert asked == [ASKED, ASKED]
    assert done[0] == done[1]
    assert done[0].exit_code == 1
    assert "the sum of 1 picture" in done[0].stdout


def test_a_folder_among_files_is_one_sum_with_them(asked, experiment):
    """Files alone are a batch."""
    gradcheck("run", "b.jpg", "photos/", *WORDS)
    gradcheck("run", "b.jpg", "photos/a.jpg", "--k", "3", "--size", "9x8")

    assert asked == [replace(ASKED, images=("b.jpg", "photos/"))]
    assert experiment.options.images == ("b.jpg", "photos/a.jpg")


def test_reports_are_those_of_a_sweep(asked):
    """csv has a row for each picture; a picture of the planes there is not."""
    assert gradcheck("run", "photos", "--report", "csv=out.csv", "--format", "json", "--exit-zero").exit_code == 0
    refused = gradcheck("run", "photos", "--report", "png=out.png")

    assert "the sum of 1 picture" in Path("out.csv").read_text()
    assert refused.stderr.startswith("Error: a sweep has no png report: ")
    assert refused.exit_code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--seeds", "3"],
            "--seeds 3 is not for a sum over pictures.\n"
            "  hint: --seeds 1, or gradcheck run on a few pictures of it: they are one batch\n",
        ),
        (
            ["--save", "out.npz"],
            "--save out.npz is not for a sum over pictures: there is one X and one G for each.\n"
            "  hint: leave it out, or save one: gradcheck run --save FILE.npz PICTURE\n",
        ),
        (
            ["--convention", "function"],
            "--convention is about your own code, and --backward is direct.\n"
            "  hint: give --backward FILE.py:NAME too\n",
        ),
        (
            ["--resume", "out.jsonl"],
            "No such option '--resume'. `gradcheck sweep verify` and `gradcheck sweep run` have it.\n"
            "  see:  gradcheck run --help\n",
        ),
    ],
)
def test_an_option_without_a_place_in_a_sum_is_refused(asked, words, message):
    """Before anything is loaded, with what to do."""
    done = gradcheck("run", "photos", *words)

    assert (done.exit_code, done.stderr, asked) == (2, f"Error: {message}", [])


def test_what_a_variable_or_a_file_says_is_refused_with_its_place(asked):
    """--seeds is for files of pictures."""
    by_variable = gradcheck("run", "photos", env={"GRADCHECK_SAVE": "out.npz"})
    Path("pyproject.toml").write_text("[tool.gradcheck]\nseeds = 4\n")
    by_file = gradcheck("run", "photos")

    assert by_variable.stderr.splitlines()[-1] == "  from: GRADCHECK_SAVE"
    assert by_file.stderr.splitlines()[-1] == f"  from: {Path('pyproject.toml').resolve()}"
    assert asked == []


def test_no_report_is_written_over_what_is_read(asked):
    """The code under test, which is named by an option."""
    Path("mine.py").touch()
    done = gradcheck("sweep", "run", "photos", "--backward", "mine.py:f", "--report", "repro=mine.py")
    over = gradcheck("run", "photos", "--reference", "b.jpg", "--report", "json=b.jpg")

    assert (done.exit_code, over.exit_code, asked) == (2, 2, [])
    assert "would overwrite the input" in over.stderr


def test_the_other_ranks_say_nothing(asked, monkeypatch):
    """Under torchrun the first one reports for all."""
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    done = gradcheck("run", "photos", "--k", "3")

    assert (done.exit_code, done.stdout, len(asked)) == (0, "", 1)


def test_what_a_sweep_alone_takes_is_read_from_variables_and_files(asked):
    """`sweep run` reads the table of `run`, which holds more than `run` takes."""
    Path("pyproject.toml").write_text('[tool.gradcheck]\nk = 3\n[tool.gradcheck.run]\nresume = "out.jsonl"\n')
    gradcheck("sweep", "run", "photos", env={"GRADCHECK_SHARD": "1/2", "GRADCHECK_RUN_FAIL_FAST": "1"})
    gradcheck("run", "photos")

    assert asked == [
        SumOptions(("photos",), kernel_size=(3,), resume="out.jsonl", shard="1/2", fail_fast=True),
        SumOptions(("photos",), kernel_size=(3,)),
    ]


def test_a_group_has_no_table(asked):
    """Its commands have."""
    Path("pyproject.toml").write_text('[tool.gradcheck.sweep]\nresume = "out.jsonl"\n')
    done = gradcheck("sweep", "run", "photos")

    assert done.stderr.startswith("Error: [tool.gradcheck.sweep] has no key 'resume'.")
    assert "hint: its commands have tables of their own, as [tool.gradcheck.run] of `sweep run`" in done.stderr
