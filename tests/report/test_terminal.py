import io
import os
import re

import pytest

from gradcheck_cli.report.terminal import TerminalOptions, make_console, print_report
from tests.report import samples


class Terminal(io.StringIO):
    """A stream that says it is a terminal, of no known size."""

    def isatty(self):
        return True


def printed(report, file=None, **options):
    """What is printed."""
    file = file or io.StringIO()
    print_report(report, TerminalOptions(**options), file)
    return file.getvalue()


def printed_bytes(report, encoding, **options):
    """What reaches a strict stream of that encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="\n")
    print_report(report, TerminalOptions(**options), stream)
    stream.flush()
    return stream.buffer.getvalue()


@pytest.fixture
def environment(monkeypatch):
    """Set variables; the others that matter are gone."""
    monkeypatch.setenv("TERM", "xterm-256color")
    return lambda values: [monkeypatch.setenv(name, value) for name, value in values.items()]


COLOUR_RULES = [
    ({}, "auto", False, None),
    ({}, "auto", True, "256"),
    ({"COLORTERM": "truecolor"}, "auto", True, "truecolor"),
    ({"TERM": "dumb"}, "auto", True, None),
    ({"NO_COLOR": "1"}, "auto", True, None),
    ({"NO_COLOR": ""}, "auto", True, "256"),
    ({"FORCE_COLOR": "1"}, "auto", False, "256"),
    ({"FORCE_COLOR": "0"}, "auto", False, None),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False, None),
    ({"GITHUB_ACTIONS": "true"}, "auto", False, "truecolor"),
    ({"GITHUB_ACTIONS": "true", "NO_COLOR": "1"}, "auto", False, None),
    ({"NO_COLOR": "1"}, "always", False, "256"),
    ({"TERM": "dumb"}, "always", False, "standard"),
    ({"FORCE_COLOR": "1"}, "never", True, None),
]


@pytest.mark.parametrize(("values", "color", "terminal", "expected"), COLOUR_RULES)
def test_who_decides_about_colours(environment, values, color, terminal, expected):
    """--color beats NO_COLOR, which beats FORCE_COLOR and GitHub, which beat what the stream is."""
    environment(values)
    console = make_console(TerminalOptions(color=color), Terminal() if terminal else io.StringIO())
    assert expected == console.color_system
    assert not console.is_interactive


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ({}, None, 100),
        ({"GITHUB_ACTIONS": "true"}, None, 120),
        ({"COLUMNS": "133"}, None, 133),
        ({"COLUMNS": "0"}, None, 100),
        ({"COLUMNS": "wide"}, None, 100),
        ({"COLUMNS": "20"}, None, 60),
        ({"COLUMNS": "133"}, 80, 80),
    ],
)
def test_how_wide_a_pipe_is(environment, values, width, expected):
    """A log gets 100 columns, GitHub's 120, COLUMNS and the option decide; never below 60."""
    environment(values)
    assert expected == make_console(TerminalOptions(width=width), io.StringIO()).width


def test_a_terminal_of_unknown_size_has_80_columns():
    """A terminal that does not tell its size is taken as the usual one."""
    assert 80 == make_console(TerminalOptions(), Terminal()).width


def test_a_real_terminal_tells_its_width():
    """The size is that of the stream itself, not of whatever else is a terminal."""
    pty = pytest.importorskip("pty")
    termios = pytest.importorskip("termios")
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (30, 77))
    with os.fdopen(follower, "w") as stream:
        assert 77 == make_console(TerminalOptions(), stream).width
    os.close(leader)


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_no_escape_code_without_colours(name, verbosity, environment):
    """NO_COLOR leaves no escape code at all, bold and dim included, not even one from a file name."""
    environment({"NO_COLOR": "1"})
    assert "\x1b" not in printed(samples.SAMPLES[name](), Terminal(), verbosity=verbosity)


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
def test_colours_say_nothing_that_words_do_not(name):
    """Without its colours the coloured text is the plain one, but for the heatmap's cells."""
    report = samples.SAMPLES[name]()
    coloured = printed(report, color="always")
    assert "\x1b[" in coloured
    assert without_maps(printed(report, color="never")) == without_maps(without_codes(coloured))


def without_maps(text):
    """The text without the sections of the heatmaps."""
    return [part for part in text.split("\n\n") if not re.match(r"grad_\w+ of ", part)]


def without_codes(text):
    """The text without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("name", sorted(samples.SAMPLES))
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("color", ["never", "always"])
def test_every_terminal_can_show_every_report(name, encoding, color):
    """No UnicodeEncodeError, whatever the names and whatever the terminal."""
    assert printed_bytes(samples.SAMPLES[name](), encoding, color=color, verbosity=1)


def test_half_blocks_only_where_they_can_be_encoded(environment):
    """A colour terminal with cp1252 gets digits."""
    environment({"COLORTERM": "truecolor"})
    report = samples.sample_run_report()
    assert "\u2580" in printed_bytes(report, "utf-8", color="always").decode("utf-8")
    assert "9 = 2.93, . = 0, -9 = -2.93" in printed_bytes(report, "cp1252", color="always").decode("cp1252")


@pytest.mark.parametrize("name", ["run-hostile", "verify-hostile"])
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@pytest.mark.parametrize("width", [60, 83, 100, 200])
def test_hostile_names_are_harmless(name, verbosity, width):
    """No name moves the cursor, colours text, is taken as markup, or gives a CI runner an order."""
    text = printed(samples.SAMPLES[name](), verbosity=verbosity, width=width)
    assert not set(text) & {chr(code) for code in [*range(10), *range(11, 32), 127]}
    assert [] == [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]
    joined = "".join(text.split())
    pictures_only = name == "run-hostile" and verbosity < 0
    assert ("a[boldred]b[/].jpg" if pictures_only else "<b>[red]\\x1b[31m|`x`\\n") in joined


def test_an_order_to_a_ci_runner_is_disarmed():
    """A line that would begin with a workflow command begins with a bar instead."""
    target = samples.crashed_target(error="", target="::error::owned.py:f")
    text = printed(samples.sample_verify_report(targets=(target,)))
    assert "FAIL  ::error::owned.py:f" in text
    report = samples.sample_run_report(answer="x" * 90 + " ::error::owned")
    assert "      | ::error::owned" in [line.replace("|       ", "      | ") for line in printed(report).splitlines()]


QUIET = {
    "run-right": (
        "PASS  13 of 13 checks passed; across channels: different; across filters: different; images/coffee.jpg"
    ),
    "run-wrong-weight": (
        "FAIL  9 of 14 checks passed; across channels: different; across filters: different; batch-mean (proved); "
        "images/coffee.jpg, images/rocket.jpg"
    ),
    "run-one-plane": (
        "PASS  12 of 12 checks passed; across channels: one plane only; across filters: one plane only; "
        "images/camera-gray.jpg"
    ),
    "verify-right": "PASS  1 target: 1 right",
    "verify-few": (
        "FAIL  4 targets: 1 right, 2 wrong, 1 not judged; batch_mean.py:conv_backward: batch-mean; "
        "raising.py:conv_backward: crashes; "
        "needs_tensorflow.py:conv_backward: line 1 imports tensorflow, which is not installed"
    ),
}


@pytest.mark.parametrize("name", sorted(QUIET))
def test_quiet_is_one_line(name):
    """-q: the verdict, and what it rests on, on one line that is never broken."""
    assert QUIET[name] + "\n" == printed(samples.SAMPLES[name](), verbosity=-1, width=60)


@pytest.mark.parametrize("name", ["run-hostile", "verify-hostile"])
def test_quiet_is_one_line_whatever_the_names(name):
    """Line breaks in names do not make two lines."""
    assert 1 == len(printed(samples.SAMPLES[name](), verbosity=-1).splitlines())


def test_quiet_does_not_list_a_hundred_targets():
    """Three that are wrong are named, the others counted."""
    report = samples.sample_verify_report(targets=(samples.inconclusive_target(),) * 100)
    line = printed(report, verbosity=-1)
    assert line.startswith("PASS  100 targets: 100 not judged; ")
    assert line.endswith("; 97 more\n")


def test_standard_output_is_the_default(capsys):
    """Without a file the report goes to standard output."""
    print_report(samples.sample_verify_report(), TerminalOptions(verbosity=-1))
    assert "PASS  1 target: 1 right\n" == capsys.readouterr().out
