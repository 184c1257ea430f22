"""What the benchmarks say of the machine and of their own process."""

import subprocess
import sys

import numpy as np

from helpers import ROOT

SMALL = "from benchmarks import machine; print(machine.peak())"


def test_the_most_memory_of_a_process_is_its_own():
    """Not that of the larger one that started it, which is what the system counts from the fork on."""
    large = np.ones(2**26)  # 512 MiB
    done = subprocess.run([sys.executable, "-c", SMALL], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < large.nbytes / 2**20 / 2
