"""Settings that every test shares: Hypothesis profiles, and an environment that the machine cannot colour."""

import gc
import os
import sys

import pytest
from hypothesis import settings

# As the command line does, before torch is loaded: two workers on two cores would wait for one another by spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Hundreds of tests start the program: where its modules were not kept compiled, each would compile them again. And to
# read the assertions of all test files anew, which pytest keeps compiled too, takes longer than to load torch.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

pytest.register_assert_rewrite("helpers")
pytest_plugins = ["pytester"]

# By default the collector looks through all that torch and thousands of tests hold again and again: an eighth of the
# time of what runs in this process.
GARBAGE = 50_000

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

FOREIGN_PREFIXES = ("GRADCHECK_", "GITHUB_")
FOREIGN_NAMES = ("CI", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def pytest_collection_finish():
    """What is there by now stays until the end: nothing of it is garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """Every test starts without the variables that change what gradcheck prints or takes as a default."""
    for name in list(os.environ):
        if name.startswith(FOREIGN_PREFIXES) or name in FOREIGN_NAMES:
            monkeypatch.delenv(name)
