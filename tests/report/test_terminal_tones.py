"""Words on a screen are read whatever it stands on, and a terminal of sixteen colours keeps its own."""

import io

import pytest
from rich.color import Color
from rich.style import Style

from gradcheck_cli.report.terminal import TerminalOptions, make_console, print_report
from gradcheck_cli.report.terminal_tones import STRONGLY_BAD, TONES, theme_of
from tests.report.samples import SAMPLES


def luminance(colour):
    """The relative luminance of the Web Content Accessibility Guidelines, from 0 to 1."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("system", TONES)
@pytest.mark.parametrize(
    ("ground", "least"), [((255, 255, 255), 3.99), ((0, 0, 0), 4.4), ((30, 30, 30), 3.5), ((253, 246, 227), 3.6)]
)
def test_every_tone_is_read_on_every_ground(system, ground, least):
    """White, black, and what editors have in their place; yellow and dim were not to be read on white."""
    found = {name: Color.parse(colour).get_truecolor() for name, colour in TONES[system].items()}

    assert dict.fromkeys(found, True) == {name: contrast(colour, ground) > least for name, colour in found.items()}


@pytest.mark.parametrize("system", [None, "standard", "windows"])
def test_sixteen_colours_are_the_users_own(system):
    """A theme for a light ground gives them their shades; what it does to "bright black" is not known."""
    assert Style.parse("bold red") == theme_of(system).styles[STRONGLY_BAD]


@pytest.mark.parametrize("name", ["run-wrong-weight", "verify-thirty", "run-right"])
@pytest.mark.parametrize(("variable", "system"), [("truecolor", "truecolor"), ("", "256")])
def test_a_report_has_no_other_colours(monkeypatch, name, variable, system):
    """No style of a word is one that is not known, and none is the terminal's yellow, its white or its dim."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", variable)
    shown = io.StringIO()
    print_report(SAMPLES[name](), TerminalOptions(color="always"), shown)
    console = make_console(TerminalOptions(color="always"), io.StringIO())

    assert console.color_system == system
    assert not [
        code for code in ("2m", "33m", "37m", "93m", "97m", "1;33m", "31m", "32m") if f"\x1b[{code}" in shown.getvalue()
    ]
    assert "\x1b[1;38;" in shown.getvalue()
