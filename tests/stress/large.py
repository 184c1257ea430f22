"""Layers that are too large for an unwary checker, each as a process of its own: verdict, price, time, memory. No test.

The price is told before the start on standard error, and nothing may come near the memory of a common machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from tempfile import TemporaryFile

from helpers import IMAGES, ROOT

GIBIBYTES = 12
SECONDS = 600
NAMES = ("astronaut", "camera-gray", "chelsea", "coffee", "rocket")
PICTURES = [str(IMAGES / f"{name}.jpg") for name in NAMES]
COFFEE = str(IMAGES / "coffee.jpg")
LAYERS = {
    "8 images of 1024x1024, 64 filters of 7x7": ["--out", "64", "--k", "7", "--size", "1024", *(PICTURES * 2)[:8]],
    "one photograph at 4096x4096, 3 filters of 32x32": ["--k", "32", "--size", "4096", COFFEE],
    "one photograph at 1024x1024, 3 filters of 128x128": ["--k", "128", "--size", "1024", COFFEE],
    "one photograph at 4096x4096, 3 filters of 128x128": ["--k", "128", "--size", "4096", COFFEE],
    "64 images of 256x256, 16 filters of 7x7": ["--out", "16", "--k", "7", *(PICTURES * 13)[:64]],
    "the same, squared loss, float64": [
        "--loss",
        "mse",
        "--out",
        "16",
        "--k",
        "7",
        "--dtype",
        "float64",
        *(PICTURES * 13)[:64],
    ],
}
PRICE = re.compile(r"price|would take|GiB|products")


def layers() -> Iterator[dict]:
    """Each passes, tells its price first, and stays within memory and time."""
    for name, arguments in LAYERS.items():
        code, stdout, stderr, seconds, gibibytes = _ran(arguments)
        problems = [f"exit code {code}: {(stdout + stderr)[-300:]}"] if code else []
        problems += [] if PRICE.search(stderr) else ["no price on standard error"]
        problems += [f"{seconds:.0f} s"] if seconds > SECONDS else []
        problems += [f"{gibibytes:.1f} GiB"] if gibibytes > GIBIBYTES else []
        told = f"{name}: {stdout.split()[0] if stdout else 'nothing'}, {seconds:.0f} s, {gibibytes:.1f} GiB"
        yield {"name": name, "verdict": told, "problems": problems}


def _ran(arguments):
    command = [sys.executable, "-m", "gradcheck_cli", "run", "--in", "3", *arguments]
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        start = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        texts = []
        for file in (stdout, stderr):
            file.seek(0)
            texts.append(file.read().decode())
    return process.returncode, *texts, seconds, usage.ru_maxrss / 2**20
