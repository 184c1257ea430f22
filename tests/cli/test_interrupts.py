"""Ctrl-C: while the command line is imported, at work, and where Python loses the exception."""

import signal
import subprocess
import sys

import pytest
from stress.faults import hear_interrupts

from gradcheck_cli.cli.interrupts import quiet_interrupts
from gradcheck_cli.model.errors import ExitCode
from helpers import PATIENCE

HELD = """
import signal
from gradcheck_cli.cli.interrupts import quiet_interrupts
with quiet_interrupts():
    signal.raise_signal(signal.SIGINT)
"""


def python(source, *words):
    """A process that hears interrupts, once it has ended."""
    return subprocess.run(
        [sys.executable, "-c", source, *words],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=hear_interrupts,
    )


def test_an_interrupted_import_ends_without_a_traceback():
    """With the exit code of an interrupt."""
    done = python(HELD)
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


LOST = """
import signal, sys, time
from gradcheck_cli.cli import interrupts
interrupts.GRACE = float(sys.argv[1])
interrupts.answer_interrupts()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("lost", flush=True)
if sys.argv[2] == "again":
    signal.raise_signal(signal.SIGINT)
time.sleep(600)
"""


@pytest.mark.parametrize(("grace", "more"), [("0.01", "wait"), ("600", "again")])
def test_an_interrupt_that_was_lost_ends_the_process_all_the_same(grace, more):
    """After a time to clean up, or with the second one at once."""
    done = python(LOST, grace, more)
    assert (ExitCode.INTERRUPTED, b"lost\n", b"Interrupted.\n") == (done.returncode, done.stdout, done.stderr)


def test_once_all_is_said_nothing_ends_the_process_any_more():
    """The exit code is that of the verdict."""
    said = LOST.replace("time.sleep(600)", "interrupts.ignore_interrupts(); time.sleep(0.1); sys.exit(3)")
    done = python(said, "0.05", "wait")
    assert (3, b"") == (done.returncode, done.stderr)
