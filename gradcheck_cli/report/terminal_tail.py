"""What both reports end with: findings, notes, environment, where the time went, and how to reproduce."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.text import Text

from gradcheck_cli.model import Finding, RunReport, VerifyReport
from gradcheck_cli.report.terminal_text import Column, Screen, heading, is_order, styled

_LABEL = 15
_WORD = re.compile(r"""(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+""")


def draw_findings(screen: Screen, findings: Sequence[Finding], file: str, name: str) -> list[Text]:
    """Each finding with how to mend it and when it shows; `file` is where its line is counted, `name` what it is in."""
    lines = []
    for finding in findings:
        title = screen.text(finding.id, "bold red") + screen.text(f" ({finding.certainty}), {finding.about}: ")
        lines += screen.labelled("  finding", title + screen.text(finding.message), _LABEL)
        facts = {"mend it": finding.fix, "fails when": finding.fails_when, **_place(finding, file, name)}
        for label, value in facts.items():
            lines += screen.labelled(f"  {label}", value, _LABEL) if value else []
    return lines


def _place(finding: Finding, file: str, name: str) -> dict[str, str]:
    """The line where it was found, else the function or class that was judged."""
    return {"in": name} if finding.line is None else {"at": f"{file}:{finding.line}"}


def draw_surroundings(screen: Screen, report: RunReport | VerifyReport) -> list[Text]:
    """The notes; under -v also the environment and where the time went."""
    notes = report.notes if isinstance(report, RunReport) else ()
    lines = draw_notes(screen, notes)
    if screen.verbosity < 1:
        return lines
    lines += heading(screen, "Environment")
    facts = [(key, str(value)) for key, value in report.environment.items()]
    lines += screen.table([Column(""), Column("", prose=True)], facts)
    return [*lines, *_timings(screen, report.timings), Text("")]


def draw_notes(screen: Screen, notes: Sequence[str], label: str = "Note", indent: int = 8) -> list[Text]:
    """A paragraph for each note; a long list is cut unless -v was given."""
    shown = screen.first(notes, 3)
    lines = [line for note in shown for line in screen.labelled(styled(label, "bold"), note, indent)]
    hidden = len(notes) - len(shown)
    if hidden:
        lines += screen.labelled(styled(label, "bold"), f"{hidden} more with -v", indent)
    return lines


def _timings(screen: Screen, timings: Mapping[str, float]) -> list[Text]:
    whole = timings.get("total", sum(timings.values()))
    parts = sorted(((name, spent) for name, spent in timings.items() if name != "total"), key=lambda part: -part[1])
    columns = [Column(""), Column("seconds", right=True), Column("share", right=True)]
    rows = [(name, f"{spent:.3f}", f"{_share(spent, whole)} %") for name, spent in [*parts, ("total", whole)]]
    return [*heading(screen, "Where the time went"), *screen.table(columns, rows)]


def _share(part: float, whole: float) -> int:
    return round(100 * part / whole) if whole else 0


def draw_reproduce(screen: Screen, command: str) -> list[Text]:
    """The command that gives this report again; broken so that a shell still takes it as one command."""
    head = styled("Reproduce  ", "bold")
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
