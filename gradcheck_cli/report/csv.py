"""A table for a spreadsheet, RFC 4180, UTF-8: a row for each target of `verify`, or for each answer of a sweep.

A cell that a spreadsheet would take for a formula gets an apostrophe in front: names of files are strangers' text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from gradcheck_cli.model import GRADIENTS, Finding, GradientResult, RunReport, TargetReport, Verdict
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.sweep import AnyReport, SweepAnswer, SweepReport
from gradcheck_cli.model.text import visible

COLUMNS = (
    *("target", "verdict", "reason", *GRADIENTS, "findings"),
    *("right", "supported", "tried", "file", "line", "seconds", "gradients", "places"),
)
ANSWER_COLUMNS = ("number", "verdict", "target", "geometry", "seed", *GRADIENTS, "message", "seconds", "id")
# What makes a cell a formula in Excel, LibreOffice and Google Sheets (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_csv(report: AnyReport) -> str:
    """The table, with a row of titles; lines end in CR LF, as RFC 4180 has it.

    Raises:
        ReportError: the report is one of `gradcheck run`, which has no targets.
    """
    if isinstance(report, RunReport):
        raise ReportError(
            "a csv report has a row for each target of `gradcheck verify`, and this is a run.",
            hint="a json report holds every number of a run, an npz file its arrays",
        )
    if isinstance(report, SweepReport):
        return _table(ANSWER_COLUMNS, map(_answer_row, report.answers))
    return _table(COLUMNS, map(_row, report.targets))


def _table(titles: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(titles)
    table.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _answer_row(answer: SweepAnswer) -> Iterator[object]:
    yield from (answer.number, answer.verdict.value, answer.target, answer.geometry, answer.seed)
    yield from (answer.gradients[name].value if name in answer.gradients else "" for name in GRADIENTS)
    yield from (answer.message, f"{answer.seconds:.6f}", answer.id)


def _row(target: TargetReport) -> Iterator[object]:
    yield from (target.target, target.verdict.value, target.reason)
    for name in GRADIENTS:
        # A function has gradients of other names, which stand in a column of their own; it lacks none of these. What
        # could not be asked lacks none either: nobody knows what it has.
        is_asked = target.kind != "function" and not target.error
        yield target.gradients.get(name, GradientResult(Verdict.MISSING)).verdict.value if is_asked else ""
    yield ";".join(dict.fromkeys(finding.id for finding in target.findings))
    yield from (target.geometries.right, target.geometries.supported, target.geometries.tried)
    yield from (target.file, "" if target.line is None else target.line, f"{target.seconds:.3f}")
    yield ";".join(f"{name}:{result.verdict.value}" for name, result in target.gradients.items())
    yield ";".join(dict.fromkeys(_place(finding) for finding in target.findings if finding.line is not None))


def _place(finding: Finding) -> str:
    """The mistake, then where it was found in the file, line and column."""
    column = "" if finding.column is None else f":{finding.column}"
    return f"{finding.id} {finding.line}{column}"


def _harmless(cell: object) -> object:
    """Numbers are ours, text may be anybody's."""
    if not isinstance(cell, str):
        return cell
    shown = visible(cell)
    return f"'{shown}" if cell.startswith(FORMULA) else shown
