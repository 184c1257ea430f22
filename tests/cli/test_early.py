"""Ctrl-C while the command line is imported."""

import signal
import subprocess
import sys

import pytest

from gradcheck_cli.cli.early import quiet_interrupts
from gradcheck_cli.model.errors import ExitCode

HELD = """
import signal
from gradcheck_cli.cli.early import quiet_interrupts
with quiet_interrupts():
    signal.raise_signal(signal.SIGINT)
"""


def test_an_interrupted_import_ends_without_a_traceback():
    """With the exit code of an interrupt."""
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, check=False)
    assert (ExitCode.INTERRUPTED, b"", b"") == (done.returncode, done.stdout, done.stderr)


def test_afterwards_an_interrupt_is_an_exception_again():
    """As Python has it, so that the command can clean up."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with quiet_interrupts():
            pass
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_of_somebody_else_stays():
    """Who imports the command line from a program of their own keeps their Ctrl-C."""
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append("theirs"))
    try:
        with quiet_interrupts():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ["theirs"] == seen
