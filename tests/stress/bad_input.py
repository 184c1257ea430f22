"""Every bad picture, every bad command line and every generated target file, each judged to a line. No test here.

Pictures and command lines run in one child process each, whose time and memory are measured; target files in this one.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fuzzed_targets import files, functions, tricks
from fuzzing import verify, wrong

from helpers import ROOT

SECONDS = 10
MEBIBYTES = 1024
MOST_LINES = 6
SEED = 5
FILES, FUNCTIONS = 400, 100
PICTURES = """
import json, resource, sys
from pathlib import Path
sys.path[:0] = [".", "tests"]
from corpus import corpus
from reading import read_whole
for file in corpus(cuts=40, flips=20):
    got = read_whole(Path(sys.argv[1]), file)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps([file.name, file.outcome, got.kind, got.lines, got.text, got.seconds, peak]))
"""
OPTIONS = """
import json, os, resource, sys
from pathlib import Path
sys.path[:0] = [os.getcwd(), os.path.join(os.getcwd(), "tests")]
from bad_options import attempt, cases, prepare, wrong
os.chdir(sys.argv[1])
prepare(Path())
for case in cases():
    done = attempt(case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps([case.name, wrong(case, done), done.seconds, peak]), file=sys.__stdout__)
"""


def pictures() -> Iterator[dict]:
    """Each works or is refused as it must, in few lines, silently, within the limits, leaving nothing."""
    with _child(PICTURES) as (lines, left):
        for name, expected, kind, count, text, seconds, peak in lines:
            problems = [] if expected in (kind, "either") else [f"{kind}, expected {expected}"]
            problems += ["message too long"] if count > MOST_LINES else []
            problems += ["traceback"] if "Traceback" in text else []
            yield _row(name, [*problems, *_beyond(seconds, peak)], kind)
    yield _row("what is left behind", left, "nothing")


def options() -> Iterator[dict]:
    """Each command line, configuration file and variable is refused or works as it must, and nothing is written."""
    with _child(OPTIONS) as (lines, left):
        for name, problem, seconds, peak in lines:
            yield _row(name, [*([problem] if problem else []), *_beyond(seconds, peak)], "as it must")
    yield _row("what is left behind", left, "nothing")


def targets() -> Iterator[dict]:
    """Each ends in 0, 1 or 2, without a traceback, a stray file or a process that lives on."""
    for name, content in (*files(SEED, FILES), *functions(SEED, FUNCTIONS), *tricks()):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            result, mark = verify(content)
            problem = wrong(result, mark)
        yield _row(name, [problem] if problem else [], f"exit {result.exit_code}")


def _row(name, problems, verdict) -> dict:
    return {"name": name[:200], "verdict": verdict, "problems": problems}


def _beyond(seconds, peak) -> list[str]:
    found = [f"{seconds:.1f} s"] if seconds > SECONDS else []
    return found + ([f"{peak} MiB"] if peak > MEBIBYTES else [])


@contextlib.contextmanager
def _child(code):
    """(its lines as they come, what it left in the end: files and noise)."""
    left: list[str] = []
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-c", code, folder],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": scratch},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            yield map(json.loads, process.stdout), left
            left += [line.rstrip() for line in process.stderr.readlines()[-MOST_LINES:]]
        left += [f"exit code {process.returncode}"] if process.returncode else []
        left += [path.name for path in Path(scratch).iterdir()]
