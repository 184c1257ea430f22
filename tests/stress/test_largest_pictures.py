"""The largest pictures that are read, in one child process each: time and memory."""

import os
import subprocess
import sys

import pytest

from helpers import ROOT

SECONDS = 10
MEBIBYTES = 1024
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
@pytest.mark.parametrize("extension", [".jpg", ".png", ".bmp", ".tiff", ".webp", ".gif", ".ppm", ".jp2"])
def test_the_largest_picture(tmp_path, extension):
    """A picture of the largest size that is read, in every format, stays within 10 s and 1 GiB."""
    assert child(LARGEST, tmp_path, extension, "write").returncode == 0

    done = child(LARGEST, tmp_path, extension, "read")

    assert (done.returncode, done.stderr) == (0, "")
    seconds, peak = map(float, done.stdout.split())
    assert seconds < SECONDS
    assert peak < MEBIBYTES
