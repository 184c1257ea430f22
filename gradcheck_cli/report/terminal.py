"""A report on the screen. Here: colours, width and encoding of the screen; terminal_*.py lay out what the page says."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Literal

from rich.console import Console
from rich.text import Text

from gradcheck_cli.model.sweep import AnyReport
from gradcheck_cli.report.page import page_of, summary_of
from gradcheck_cli.report.terminal_layout import page_lines
from gradcheck_cli.report.terminal_text import Screen, is_order
from gradcheck_cli.report.terminal_tones import theme_of

# Below it the longest label and a word no longer stand side by side. A pipe is as wide as the documents show, and a
# log of GitHub wider: there is room in it.
NARROWEST = 60
_PIPE_WIDTH = 100
_CI_WIDTH = 120


@dataclass(frozen=True)
class TerminalOptions:
    """How to print. `verbosity` -1 is one line, 0 one screen, 1 everything; `width` None asks the terminal."""

    color: Literal["auto", "always", "never"] = "auto"
    verbosity: int = 0
    width: int | None = None


def print_report(report: AnyReport, options: TerminalOptions, file: IO[str] | None = None) -> None:
    """Print `report` to `file` (standard output); exactly one line with verbosity -1, however long."""
    screen = Screen(make_console(options, file), options.verbosity)
    if options.verbosity < 0:
        _print(screen, [screen.text(summary_of(report))])
        return
    _print(screen, page_lines(screen, page_of(report)))


def as_text(report: AnyReport) -> str:
    """What `print_report` prints by default, without colour."""
    text = io.StringIO()
    print_report(report, TerminalOptions(color="never"), text)
    return text.getvalue().rstrip()


def _print(screen: Screen, lines: Iterable[Text]) -> None:
    whole = Text("\n").join(_without_commands(line) for line in lines)
    screen.console.print(whole, soft_wrap=True)


def _without_commands(line: Text) -> Text:
    """`line`, unless a CI runner would take it as an order to itself: that needs one of two beginnings."""
    return Text("| ") + line if is_order(line.plain) else line


def make_console(options: TerminalOptions, file: IO[str] | None = None) -> Console:
    """A console that cuts nothing, never moves the cursor, and takes no text as markup.

    `--color` decides over NO_COLOR, that over FORCE_COLOR, that over what `file` is. The width is the option's,
    COLUMNS, the terminal's, or one that suits a log; never below 60.
    """
    target = sys.stdout if file is None else file
    colours = _wants_colours(options.color, target, os.environ)
    console = Console(
        file=target,
        color_system=_color_system(target) if colours else None,
        force_terminal=colours,
        force_interactive=False,
        force_jupyter=False,
        no_color=False,
        width=max(NARROWEST, options.width or _width(target, os.environ)),
        height=50,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.push_theme(theme_of(console.color_system))
    return console


def _wants_colours(color: str, file: IO[str], environ: Mapping[str, str]) -> bool:
    if color != "auto":
        return color == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0") or environ.get("GITHUB_ACTIONS") == "true":
        return True
    return _is_terminal(file) and environ.get("TERM") != "dumb"


def _color_system(file: IO[str]) -> Literal["auto", "standard", "256", "truecolor", "windows"]:
    """What rich finds; truecolor in GitHub's log; 16 colours where rich finds none although they are asked for."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        return "truecolor"
    found = Console(file=file, force_terminal=True, force_jupyter=False).color_system
    return "auto" if found else "standard"


def _is_terminal(file: IO[str]) -> bool:
    try:
        return file.isatty()
    except (AttributeError, ValueError):
        return False


def _width(file: IO[str], environ: Mapping[str, str]) -> int:
    if environ.get("COLUMNS", "").isdigit() and int(environ["COLUMNS"]):
        return int(environ["COLUMNS"])
    if not _is_terminal(file):
        return _CI_WIDTH if environ.get("GITHUB_ACTIONS") == "true" else _PIPE_WIDTH
    try:
        return os.get_terminal_size(file.fileno()).columns or 80
    except (OSError, ValueError, AttributeError):
        return 80
