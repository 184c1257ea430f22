"""The whole corpus of bad pictures in one child process: outcome, noise, time and memory of every file."""

import json
import os
import subprocess
import sys

import pytest

from helpers import ROOT

SECONDS = 10
MEBIBYTES = 1024
LEAST_FILES = 1000
READ_ALL = """
import json, resource, sys
from pathlib import Path
sys.path[:0] = [".", "tests"]
from corpus import corpus
from reading import read_whole
for file in corpus(cuts=40, flips=20):
    got = read_whole(Path(sys.argv[1]), file)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps([file.name, file.outcome, got.kind, got.lines, got.seconds, peak, got.text]))
"""
LARGEST = """
import resource, sys, time
sys.path[:0] = [".", "tests"]
import numpy as np
from picture_files import encoded
from gradcheck_cli import images
side = 4096 if sys.argv[2] == ".jp2" else 8192
pixels = np.zeros((side, side, 3), np.uint8)
path = sys.argv[1] + "/largest" + sys.argv[2]
if sys.argv[3] == "write":
    open(path, "wb").write(encoded(sys.argv[2], pixels))
else:
    del pixels
    start = time.perf_counter()
    pictures = images.read_pictures([path])
    images.batch_of(pictures, 3, (256, 256)), images.references_of(pictures, (225, 225))
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def child(code, *arguments, **environment):
    """A fresh process; what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


@pytest.mark.stress
def test_every_bad_picture(tmp_path):
    """Each works or is refused as it must, in at most 6 lines, silently, within 10 s and 1 GiB, leaving nothing."""
    scratch, folder = tmp_path / "scratch", tmp_path / "pictures"
    scratch.mkdir()
    folder.mkdir()

    done = child(READ_ALL, folder, TMPDIR=str(scratch))

    assert (done.returncode, done.stderr) == (0, "")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) >= LEAST_FILES
    assert [row for row in results if row[2] != row[1] != "either"] == []
    assert [row for row in results if row[3] > 6 or "Traceback" in row[6]] == []
    assert [row for row in results if row[4] > SECONDS or row[5] > MEBIBYTES] == []
    assert [*scratch.iterdir(), *folder.iterdir()] == []


@pytest.mark.stress
@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif", ".ppm", ".jp2"])
def test_the_largest_picture(tmp_path, extension):
    """A picture of the largest size that is read, in every format, stays within 10 s and 1 GiB."""
    assert child(LARGEST, tmp_path, extension, "write").returncode == 0

    done = child(LARGEST, tmp_path, extension, "read")

    assert (done.returncode, done.stderr) == (0, "")
    seconds, peak = map(float, done.stdout.split())
    assert seconds < SECONDS
    assert peak < MEBIBYTES
