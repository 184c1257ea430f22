"""The file of a sweep."""

import json
from pathlib import Path

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.kept import Head, Keeper, read_kept

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
        ("hello\n", ":1 is no line of a sweep: it is no JSON object."),
        ('{"a": 1}\n', " is no file of a sweep: its first line says no sweep."),
        ('{"gradcheck_sweep": 9}\n', " is no file of a sweep: it is of version 9, and 1 is read."),
        (HEAD.line() + "\n[]\n", ":2 is no line of a sweep: it is no JSON object."),
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
    assert [sorted(json.loads(line))[0] for line in lines] == ["digest", "geometry"]
