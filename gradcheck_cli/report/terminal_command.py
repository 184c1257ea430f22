"""A command on the screen, broken so that a shell still takes it as one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.text import Text

from gradcheck_cli.report.terminal_text import Screen, is_order, styled

_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+""")


def draw_command(screen: Screen, title: str, command: str) -> list[Text]:
    """The command beside its title."""
    head = styled(f"{title}  ", "bold")
    lines = _command_lines(screen, command, screen.width - head.cell_len)
    return [(Text(" " * head.cell_len) if row else head) + line for row, line in enumerate(lines)]


def _command_lines(screen: Screen, command: str, width: int) -> list[Text]:
    lines = [""]
    for word in _units([_quoted(word) for word in _words(command)]):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and screen.text(f"{longer} \\").cell_len > width:
            lines[-1] += " \\"
            longer = f"  {word}"
            lines.append("")
        lines[-1] = longer
    return [screen.text(line) for line in lines]


def _quoted(word: str) -> str:
    """A word that begins like an order to a CI runner must not begin a line: no bar can be put before a command."""
    return f"'{word}'" if is_order(word) else word


def _units(words: Sequence[str]) -> list[str]:
    """The words, an option and its value as one."""
    units: list[str] = []
    for word in words:
        if units and units[-1].startswith("--") and " " not in units[-1] and not word.startswith("-"):
            units[-1] += f" {word}"
        else:
            units.append(word)
    return units


def _words(command: str) -> list[str]:
    """The words of a shell command with their quotes; the whole command where that would change it."""
    words = _WORD.findall(command)
    return words if " ".join(words) == command else [command]
