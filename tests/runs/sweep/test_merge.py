"""Answers put together."""

from dataclasses import replace

import pytest

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.runs.sweep.kept import Keeper
from gradcheck_cli.runs.sweep.merge import merge
from gradcheck_cli.runs.sweep.reports import exit_code_of, exit_code_of_some
from tests.runs.sweep.test_kept import HEAD, RIGHT, WRONG, keep

REFUSED = replace(RIGHT, id="q2", number=2, verdict=Verdict.NOT_APPLICABLE, gradients={})
OPEN = replace(RIGHT, id="q3", number=3, verdict=Verdict.INCONCLUSIVE)
LOST = replace(RIGHT, id="q4", number=4, verdict=Verdict.ERROR)


def test_the_order_of_files_and_answers_does_not_matter(tmp_path):
    """The questions have an order of their own."""
    files = [keep(tmp_path / "a.jsonl", WRONG), keep(tmp_path / "b.jsonl", REFUSED, RIGHT)]

    assert merge(files).answers == (RIGHT, WRONG, REFUSED)
    assert merge(files) == merge(files[::-1])


def test_merging_is_associative(tmp_path):
    """An answer that stands in two files counts once."""
    files = [keep(tmp_path / "a.jsonl", WRONG, RIGHT), keep(tmp_path / "b.jsonl", REFUSED, RIGHT)]
    assert merge([*files, files[0]]) == merge(files)


def test_files_of_different_sweeps_are_not_merged(tmp_path):
    """Both commands are named."""
    first = keep(tmp_path / "a.jsonl", RIGHT)
    with Keeper(str(tmp_path / "b.jsonl"), replace(HEAD, digest="other", reproduce="another command")):
        pass
    with pytest.raises(UsageError) as refused:
        merge([first, str(tmp_path / "b.jsonl")])

    assert refused.value.sentence == f"{tmp_path / 'b.jsonl'} belongs to another sweep than {first}."
    assert refused.value.facts == {first: HEAD.reproduce, str(tmp_path / "b.jsonl"): "another command"}


def test_files_that_contradict_each_other_are_not_merged(tmp_path):
    """The code changed, or it is not the same each time."""
    first = keep(tmp_path / "a.jsonl", RIGHT)
    second = keep(tmp_path / "b.jsonl", replace(RIGHT, verdict=Verdict.FAIL))
    with pytest.raises(UsageError) as refused:
        merge([first, second])

    assert refused.value.sentence == f"{second} says fail where another file says pass."
    assert refused.value.facts == {"question": "q0"}


def test_an_answer_that_could_not_be_had_gives_way_to_one_that_was(tmp_path):
    """The file was mended in between, or another machine had what it needs."""
    lost = replace(RIGHT, verdict=Verdict.ERROR, gradients={})
    files = [keep(tmp_path / "a.jsonl", lost), keep(tmp_path / "b.jsonl", lost, RIGHT)]

    assert merge(files).answers == merge(files[::-1]).answers == (RIGHT,)


def of_code(file, code, **environment):
    """A file of one answer that says of which code and where it was given."""
    head = replace(HEAD, code={"a.py": code}, environment={"python": "3", **environment})
    with Keeper(str(file), head) as keeper:
        keeper.keep(RIGHT)
    return str(file)


def test_answers_of_different_code_are_not_merged(tmp_path):
    """Though they do not contradict each other."""
    first, second = of_code(tmp_path / "a.jsonl", "one"), of_code(tmp_path / "b.jsonl", "two")
    with pytest.raises(UsageError) as refused:
        merge([first, second])

    assert refused.value.sentence == f"{second} is about another a.py than {first}: the code changed in between."


def test_the_report_names_every_version_that_answered(tmp_path):
    """Where the machines had different ones; in whatever order the files are given."""
    files = [
        of_code(tmp_path / f"{number}.jsonl", "one", torch=version) for number, version in enumerate(("2.9", "2.8"))
    ]
    expected = {"python": "3", "torch": "2.8 and 2.9"}
    assert merge(files).environment == merge(files[::-1]).environment == expected


def test_pictures_whose_sums_were_left_behind_are_not_merged(tmp_path):
    """The name of the file that is missing is told; nothing was added up of what could not be read."""
    picture = replace(RIGHT, id="pictures/a.jpg")
    file = keep(tmp_path / "a.jsonl", picture)
    with pytest.raises(UsageError, match=r"is about pictures, and their sums are not beside it in .*a\.sums\.npz"):
        merge([file])

    unread = keep(tmp_path / "b.jsonl", replace(picture, verdict=Verdict.ERROR, gradients={}))
    assert merge([unread]).exit_code is ExitCode.NOT_CHECKED


def test_a_file_that_is_not_there_is_told_with_what_writes_one():
    """By its name, before anything is merged."""
    with pytest.raises(UsageError) as raised:
        merge(["nofile.jsonl"])
    assert raised.value.text() == (
        "nofile.jsonl cannot be read: No such file or directory.\n"
        "  hint: the files of a sweep are written by: gradcheck sweep verify TARGET --resume FILE.jsonl"
    )


def test_no_file_is_no_merge():
    """And no pass."""
    with pytest.raises(UsageError, match="there is no file to merge"):
        merge([])


@pytest.mark.parametrize(
    ("answers", "expected", "code"),
    [
        ((RIGHT, REFUSED), 2, ExitCode.PASS),
        ((RIGHT, WRONG), 2, ExitCode.FAIL),
        ((RIGHT, WRONG, LOST), 9, ExitCode.FAIL),
        ((RIGHT,), 2, ExitCode.NOT_CHECKED),
        ((RIGHT, OPEN), 2, ExitCode.NOT_CHECKED),
        ((RIGHT, LOST), 2, ExitCode.NOT_CHECKED),
        ((REFUSED,), 1, ExitCode.NOT_CHECKED),
        ((RIGHT, replace(REFUSED, target="b.py")), 2, ExitCode.NOT_CHECKED),
        ((), 0, ExitCode.NOT_CHECKED),
    ],
)
def test_a_pass_needs_every_answer_and_something_right_of_each_target(answers, expected, code):
    """Nothing compared is never a pass."""
    assert exit_code_of(answers, expected) is code


def test_a_shard_in_which_a_target_refuses_all_has_not_failed():
    """Another one may hold what it takes."""
    others = replace(REFUSED, target="b.py")
    assert exit_code_of_some((RIGHT, others), 2) is ExitCode.PASS
    assert exit_code_of_some((REFUSED, others), 2) is ExitCode.NOT_CHECKED
