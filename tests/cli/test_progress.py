"""Progress: only on a terminal, only when something takes long."""

import io
import sys
import time

import pytest

from gradcheck_cli.cli.progress import LateProgress
from helpers import soon


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self):
        return True


def fail(progress, terminal):
    """Something that ends with an exception while the bar is shown."""
    with progress:
        progress("dividing", 0.5)
        assert soon(lambda: "dividing" in terminal.getvalue())
        raise ZeroDivisionError


@pytest.fixture
def open_terminal(monkeypatch):
    """A function that makes standard error a terminal; pytest takes it back between set-up and test."""

    def replace():
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return replace


def work(progress, steps):
    """Something that takes a moment and tells of it."""
    with progress:
        for step in range(steps):
            progress("checking [every] entry", step / steps)
            time.sleep(0.01)


def test_long_work_on_a_terminal_shows_a_bar(open_terminal):
    """The stage is shown once the delay has passed, its brackets as they are."""
    terminal = open_terminal()
    with LateProgress(enabled=True, delay=0.05) as progress:
        progress("checking [every] entry", 0.5)
        assert soon(lambda: "checking [every] entry" in terminal.getvalue())


def test_short_work_shows_nothing(open_terminal):
    """Work that ends before the delay leaves the terminal alone."""
    terminal = open_terminal()
    work(LateProgress(enabled=True, delay=60), steps=1)

    assert "" == terminal.getvalue()


def test_quiet_shows_nothing(open_terminal):
    """With -q there is no bar."""
    terminal = open_terminal()
    work(LateProgress(enabled=False, delay=0.0), steps=5)

    assert "" == terminal.getvalue()


def test_no_bar_in_a_log(monkeypatch):
    """A standard error that is no terminal gets no bar."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    work(LateProgress(enabled=True, delay=0.0), steps=5)

    assert "" == stream.getvalue()


def test_bar_ends_with_an_error(open_terminal):
    """An exception stops the bar and passes through."""
    terminal = open_terminal()
    with pytest.raises(ZeroDivisionError):
        fail(LateProgress(enabled=True, delay=0.0), terminal)

    before = terminal.getvalue()
    time.sleep(0.2)
    assert before == terminal.getvalue()
