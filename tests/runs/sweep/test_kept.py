"""The file of a sweep."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.kept import Head, Keeper, line_of, read_kept
from helpers import ROOT

HEAD = Head("abc", 3, "gradcheck sweep verify a.py", {"seed": 0}, {"python": "3"})
RIGHT = SweepAnswer("q0", 0, "a.py", "x (1, 1, 3, 3)", 0, Verdict.PASS, {"weight": Verdict.PASS}, "", 0.25)
WRONG = SweepAnswer(
    "q1", 1, "a.py", "x (1, 1, 4, 4)", 0, Verdict.FAIL, {"weight": Verdict.FAIL}, "grad_weight is wrong"
)


def keep(file, *answers):
    """A file with these answers."""
    with Keeper(str(file), HEAD) as keeper:
        for answer in answers:
            keeper.keep(answer)
    return str(file)


def test_what_is_kept_is_read_again(tmp_path):
    """Head and answers, verdicts and all."""
    kept = read_kept(keep(tmp_path / "a.jsonl", RIGHT, WRONG))

    assert (kept.head, kept.answers) == (HEAD, (RIGHT, WRONG))
    assert kept.answers[1].verdict is Verdict.FAIL
    assert kept.answers[0].gradients["weight"] is Verdict.PASS


def test_every_answer_is_there_before_the_next_is_asked(tmp_path):
    """A kill between two questions loses none."""
    with Keeper(str(tmp_path / "a.jsonl"), HEAD) as keeper:
        keeper.keep(RIGHT)
        assert read_kept(str(tmp_path / "a.jsonl")).answers == (RIGHT,)


def test_a_line_that_a_kill_cut_short_is_left_out_and_written_over(tmp_path):
    """What follows does not run on from it."""
    file = keep(tmp_path / "a.jsonl", RIGHT)
    with open(file, "a") as opened:
        opened.write('{"id": "q1", "num')

    assert read_kept(file).answers == (RIGHT,)
    assert read_kept(keep(tmp_path / "a.jsonl", WRONG)).answers == (RIGHT, WRONG)


def test_a_file_that_a_kill_left_without_a_whole_first_line_is_begun_anew(tmp_path):
    """Nothing was kept yet."""
    (tmp_path / "a.jsonl").write_text(HEAD.line()[:20])
    assert read_kept(keep(tmp_path / "a.jsonl", RIGHT)).answers == (RIGHT,)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is no file of a sweep: it is empty."),
        ('{"gradcheck', "is no file of a sweep: it is cut short."),
        ("hello\n", " is no file of a sweep: its first line is no JSON object."),
        ('{"a": 1}\n', " is no file of a sweep: its first line says no sweep."),
        ('{"gradcheck_sweep": 9}\n', " is no file of a sweep: it is of version 9, and 1 is read."),
        (HEAD.line().replace('"abc"', "5") + "\n", " is no file of a sweep: its 'digest' is '5'."),
        (HEAD.line() + "\n[]\n", ":2 is no line of a sweep: it is no JSON object."),
        (HEAD.line() + '\n{"id": "q0"}\n', ":2 is no line of a sweep: it has no 'number'."),
        (HEAD.line() + "\n" + "[" * 100_000 + "\n", ":2 is no line of a sweep: it is no JSON object."),
        (
            f"{HEAD.line()}\n{line_of(replace(RIGHT, number=3))}\n",
            ":2 is no line of a sweep: it is about question 3, and there are 3 from 0.",
        ),
    ],
)
def test_what_is_no_file_of_a_sweep_is_refused(tmp_path, content, sentence):
    """With the line."""
    file = tmp_path / "a.jsonl"
    file.write_text(content)
    with pytest.raises(UsageError) as refused:
        read_kept(str(file))
    assert refused.value.sentence.removeprefix(str(file)).strip() == sentence.strip()


def test_a_missing_file_is_refused(tmp_path):
    """With the system's words."""
    with pytest.raises(UsageError, match="cannot be read: No such file or directory"):
        read_kept(str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize(("name", "kind"), [(".", "a folder"), (os.devnull, "no file")])
def test_what_is_no_file_is_not_read(tmp_path, monkeypatch, name, kind):
    """A folder; a device, which may have no end."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"{name} cannot be read: it is {kind}"):
        read_kept(name)


# What fits into the file before the system refuses to write more, as a full disk does.
FULL = """
import resource, signal
from tests.runs.sweep.test_kept import HEAD, RIGHT, WRONG, Keeper, UsageError, line_of

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
room = len(HEAD.line()) + len(line_of(RIGHT)) + 10
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    with Keeper("a.jsonl", HEAD) as keeper:
        keeper.keep(RIGHT)
        keeper.keep(WRONG)
except UsageError as error:
    print(error.text())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
def test_a_full_disk_is_told_and_loses_only_the_answer_that_it_had_no_room_for(tmp_path):
    """The same command goes on from there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", FULL]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.stdout == (
        "a.jsonl cannot be written: File too large.\n"
        "  hint: whatever it holds is kept: the same command goes on from there\n"
    ), done.stderr
    assert read_kept(str(tmp_path / "a.jsonl")).answers == (RIGHT,)
    assert read_kept(keep(tmp_path / "a.jsonl", WRONG)).answers == (RIGHT, WRONG)


def test_a_folder_that_is_not_there_is_refused_before_anything_is_asked(tmp_path):
    """Not after the first hour."""
    with (
        pytest.raises(UsageError, match="cannot be written: No such file or directory"),
        Keeper(str(tmp_path / "no" / "a.jsonl"), HEAD),
    ):
        pass


def test_lines_are_json(tmp_path):
    """For jq and its like."""
    lines = Path(keep(tmp_path / "a.jsonl", RIGHT)).read_text().splitlines()
    assert [sorted(json.loads(line))[0] for line in lines] == ["code", "geometry"]
