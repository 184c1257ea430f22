"""The targets of `gradcheck verify` as a table for a spreadsheet: one row per target, RFC 4180, UTF-8.

A cell that a spreadsheet would take for a formula gets an apostrophe in front: names of files are strangers' text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from gradcheck_cli.model import GRADIENTS, Finding, Report, RunReport, TargetReport, Verdict
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.text import visible

COLUMNS = (
    *("target", "verdict", "reason", *GRADIENTS, "findings"),
    *("right", "supported", "tried", "file", "line", "seconds", "places"),
)
# What makes a cell a formula in Excel, LibreOffice and Google Sheets (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_csv(report: Report) -> str:
    """The table, with a row of titles; lines end in CR LF, as RFC 4180 has it.

    Raises:
        ReportError: the report is one of `gradcheck run`, which has no targets.
    """
    if isinstance(report, RunReport):
        raise ReportError(
            "a csv report has a row for each target of `gradcheck verify`, and this is a run.",
            hint="a json report holds every number of a run, an npz file its arrays",
        )
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows([_harmless(cell) for cell in _row(target)] for target in report.targets)
    return text.getvalue()


def _row(target: TargetReport) -> Iterator[object]:
    yield from (target.target, target.verdict.value, target.reason)
    for name in GRADIENTS:
        result = target.gradients.get(name)
        yield (Verdict.MISSING if result is None else result.verdict).value
    yield ";".join(dict.fromkeys(finding.id for finding in target.findings))
    yield from (target.geometries.right, target.geometries.supported, target.geometries.tried)
    yield from (target.file, "" if target.line is None else target.line, f"{target.seconds:.3f}")
    yield ";".join(dict.fromkeys(_place(finding) for finding in target.findings if finding.line is not None))


def _place(finding: Finding) -> str:
    """ "batch-mean 12:9": where it was found in the file, line and column."""
    column = "" if finding.column is None else f":{finding.column}"
    return f"{finding.id} {finding.line}{column}"


def _harmless(cell: object) -> object:
    """Numbers are ours, text may be anybody's."""
    if not isinstance(cell, str):
        return cell
    shown = visible(cell)
    return f"'{shown}" if cell.startswith(FORMULA) else shown
