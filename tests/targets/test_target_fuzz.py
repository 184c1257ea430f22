"""A sample of damaged target files and of functions with any signature and return; more of them in `make stress`."""

import os
import subprocess
import sys

import pytest
from fuzzed_targets import EXAMPLES, files, functions, tricks
from fuzzing import MARK, alive, orphans, verify, wrong

from helpers import Result

SEED = 5
FILES = tuple(files(SEED, 120))[::6]
FUNCTIONS = tuple(functions(SEED, 4))
TRICKS = tuple(tricks())[::20]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "content"), [*FILES, *FUNCTIONS, *TRICKS], ids=lambda value: str(value)[:30])
def test_generated_targets(name, content):
    """Each ends in 0, 1 or 2, without a traceback, a stray file or a process that lives on."""
    assert "" == wrong(*verify(content))


@pytest.mark.parametrize("more", [" + 1", ".x", "()"])
def test_files_nested_too_deeply_for_python(more):
    """They are refused by name, though Python's own parser gives up on them."""
    result, mark = verify("def backward(x, w, dout):\n    return x" + more * 100_000)

    assert "" == wrong(result, mark)
    assert (2, "Error: target.py") == (result.exit_code, result.stderr.replace(os.getcwd() + os.sep, "")[:16])


def test_the_same_seed_gives_the_same_targets():
    """A failure can be made again from its name."""
    assert [*files(7, 200)] == [*files(7, 200)]
    assert [*functions(7, 50)] == [*functions(7, 50)]
    assert [*functions(7, 50)] != [*functions(8, 50)]


def test_there_are_real_files_to_damage():
    """The damaged files come from the planted examples."""
    assert 20 < len(EXAMPLES)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Result(3, "", "Error: a bug\n"), "exit code 3"),
        (Result(-9, "", "Error\n"), "exit code -9"),
        (Result(2, "", "Error\n" * 7), "7 lines of messages"),
        (Result(1, "Traceback (most recent call last)", ""), "traceback"),
        (Result(2, "", ""), "silent"),
        (Result(1, "FAIL\n", ""), ""),
    ],
)
def test_every_fault_is_told(result, expected):
    """A planted fault of each kind is seen, and a right ending is none."""
    assert expected == wrong(result, "nobody")


def test_a_stray_file_is_seen(folder):
    """Whatever stands beside the target afterwards was left there."""
    (folder / "core").touch()

    assert "left core" == wrong(Result(1, "FAIL\n", ""), "nobody")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are found by /proc")
def test_a_planted_orphan_is_seen():
    """A process that carries the mark is found while it lives, and not after."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {MARK: "planted"}) as child:
        assert 1 == len(alive("planted"))
        child.communicate(b"\n")

    assert [] == orphans("planted")
