"""A sample of the command lines, files and variables that nobody should have written; `make stress` runs them all."""

import pytest
from bad_options import RUN, Case, Done, attempt, cases, prepare, wrong

from helpers import gradcheck

SAMPLE = tuple(cases()[::13])
ONCE_WRONG = (
    Case((*RUN, "--stride=2147483647"), outcome="either"),
    Case(("verify", "x" * 300 + ".py:f")),
    Case(("verify", "x" * 5000 + ":f")),
    Case(RUN, config=b"tool = 'gradcheck'\n"),
    Case(RUN, config=b"[tool.gradcheck]\nseed = " + b"[" * 2000),
    Case(RUN, config=b"[tool.gradcheck]\nseed = " + b"9" * 5000),
    Case(RUN, config=b"[tool.gradcheck]\nconvention = [true]\n"),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own, with the files that the cases name."""
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", SAMPLE, ids=[f"{at}-{case.name[:60]}" for at, case in enumerate(SAMPLE)])
def test_bad_options(folder, case):
    """Each ends in its exit code, with at most 6 clean lines and no traceback, and leaves the folder as it was."""
    assert "" == wrong(case, attempt(case))


@pytest.mark.parametrize("case", ONCE_WRONG, ids=range(len(ONCE_WRONG)))
def test_options_that_once_broke_it(folder, case):
    """What ended in a bug of ours, or did not end, stays mended."""
    assert "" == wrong(case, attempt(case))


def test_cases_are_many_and_different():
    """There are more than a thousand, no two alike."""
    told = [(case.argv, tuple(case.env.items()), case.config) for case in cases()]

    assert 1000 < len(told)
    assert len(told) == len(set(told))


def test_the_files_are_good_ones(folder):
    """The picture and the options that the cases start from work, so it is the bad part that is refused."""
    assert "" == wrong(Case(("run", "tiny.png", "--size", "12", "--k", "3"), outcome="either"), attempt(SAMPLE[0]))
    assert 0 == gradcheck("run", "tiny.png", "--size", "12", "--k", "3").exit_code


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (Done(0, "", "", 0.1, ()), "exit code 0"),
        (Done(1, "", "Error\n", 0.1, ()), "exit code 1"),
        (Done(3, "", "Error\n", 0.1, ()), "exit code 3"),
        (Done(2, "", "Error\n" * 7, 0.1, ()), "7 lines"),
        (Done(2, "", "Traceback (most recent call last):\n", 0.1, ()), "traceback"),
        (Done(2, "", "", 0.1, ()), "silent"),
        (Done(2, "", "Error: \x1b[31m\n", 0.1, ()), "control characters"),
        (Done(2, "", "Error\n", 0.1, ("x.json",)), "wrote x.json"),
        (Done(2, "", "Error\n" * 6, 0.1, ()), ""),
    ],
)
def test_every_fault_is_told(done, expected):
    """A planted fault of each kind is seen, and a right refusal is none."""
    assert expected == wrong(Case(("run",)), done)


def test_a_planted_file_is_seen(folder):
    """A case that leaves a file behind, or changes one, is told."""

    def careless(*argv, env):
        (folder / "other.png").write_bytes(b"")
        (folder / "left.tmp").touch()
        return gradcheck(*argv, env=env)

    assert {"left.tmp", "other.png"} == set(attempt(Case(("rnu",)), careless).changed)
