"""Every bad command line, configuration file and variable, in one child process: outcome, noise, time and memory."""

import json
import os
import subprocess
import sys

import pytest

from helpers import ROOT

SECONDS = 10
MEBIBYTES = 1024
LEAST_CASES = 1000
RUN_ALL = """
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


@pytest.mark.stress
def test_every_bad_option(tmp_path):
    """Each is refused or works as it must, in at most 6 lines, within 10 s and 1 GiB, and nothing is written."""
    scratch, folder = tmp_path / "scratch", tmp_path / "work"
    scratch.mkdir()
    folder.mkdir()

    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL, folder],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
    )

    assert (0, "") == (done.returncode, done.stderr)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert LEAST_CASES <= len(results)
    assert [] == [row for row in results if row[1]]
    assert [] == [row for row in results if row[2] > SECONDS or row[3] > MEBIBYTES]
    assert [] == [*scratch.iterdir()]
