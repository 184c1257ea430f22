"""Memory that is freed is used again."""

import platform
import subprocess
import sys

import pytest

# Faults of 20 arrays of 40 MB, each written and freed; a page that is asked for anew is one.
ASKED = """
import numpy, resource
from gradcheck_cli.runs.memory import keep_freed_memory
keep_freed_memory()
numpy.ones(5_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    numpy.ones(5_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_freed_arrays_are_used_again():
    """Twenty arrays, one after another, take the memory of one: no page is asked for again."""
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)

    assert int(done.stdout) < 20
