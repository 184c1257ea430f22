"""The report as one page that needs nothing else: no script, no font, no network. The page itself is the template.

Every value passes through jinja2's escaping, and before that through `visible_lines`, so that no control character
of a name or of the user's output reaches the file.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gradcheck_cli.model import Report, Rung, RunReport, Verdict, VerifyReport
from gradcheck_cli.model.text import visible, visible_lines
from gradcheck_cli.report import html_view, palette, words

VERDICTS = {
    Verdict.PASS: ("good", "✓"),
    Verdict.FAIL: ("bad", "✗"),
    Verdict.ERROR: ("bad", "✗"),
    Verdict.INCONCLUSIVE: ("open", "?"),
    Verdict.MISSING: ("none", "–"),
    Verdict.NOT_APPLICABLE: ("none", "–"),
}
# How the answer to "are they the same?" reads, for each rung of the ladder.
ANSWERS = {
    Rung.IDENTICAL: "Yes, identical",
    Rung.IDENTICAL_TO_ROUNDING: "Yes, identical to rounding",
    Rung.LOOKS_SAME: "No, they only look the same",
    Rung.NEARLY_SAME: "No, nearly the same",
    Rung.SIMILAR_SHAPE: "No, only similar in shape",
    Rung.DIFFERENT: "No, different",
}


def render_html(report: Report) -> str:
    """The page, as HTML text."""
    return _rendered(report, "report.html.j2")


def render_fragment(report: Report) -> str:
    """What a notebook shows of a report: the page without its head, so that no rule of it reaches beyond itself."""
    return _rendered(report, "fragment.html.j2")


def _rendered(report: Report, template: str) -> str:
    run = report if isinstance(report, RunReport) else None
    yours = "yours" if run is not None and words.user_file(run) else "hand-written"
    return (
        _environment()
        .get_template(template)
        .render(
            report=report,
            is_page=template == "report.html.j2",
            uid=f"g{zlib.crc32(repr(report).encode('utf-8', 'replace')):08x}",
            headline=words.headline(report),
            parts_of_page=_parts(report),
            yours=yours,
            gauge=words.gauge_explained(report.checks) if isinstance(report, RunReport) else "",
            pictures=html_view.pictures(run) if run is not None else None,
            colours_told=palette.TOLD,
            gradients=html_view.gradients(),
            places={} if isinstance(report, RunReport) else _places(report),
        )
    )


def _parts(report: Report) -> list[tuple[str, str]]:
    """(id, title) of what the page's own list of contents leads to, what is wrong first."""
    if not isinstance(report, RunReport):
        mistakes = [("mistakes", "Mistakes")] if len(report.targets) > 1 and report.summary else []
        return [("targets", "Targets"), *mistakes, ("details", "One by one"), ("reproduce", "Reproduce")]
    wrong = [("findings", "What is wrong")] if report.findings else []
    example = [("example", "Counterexample")] if report.counterexample else []
    same = [("same", "The same?"), ("checks", "Checks")]
    drawn = [("channels", "Per channel"), ("pictures", "Pictures")]
    return [*wrong, *example, *same, *drawn, ("power", "Power"), ("reproduce", "Reproduce")]


def _places(report: VerifyReport) -> dict[str, int]:
    """Target -> the number of its part of the page, from 1."""
    return {target.target: number for number, target in reversed(list(enumerate(report.targets, start=1)))}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gradcheck_cli.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number,
        exact=words.exact_number,
        index=words.index,
        size=words.size,
        geometry=words.geometry,
        right=words.right,
    )
    environment.globals.update(
        verdicts=VERDICTS,
        answers=ANSWERS,
        amount=words.count,
        visible=visible,
        user_name=words.user_name,
        where_right=words.where_right,
        channels_named=words.channels_named,
        reservations=words.reservations,
        worst_channels=html_view.worst_channels,
        extreme_pairs=html_view.extreme_pairs,
        grid_groups=html_view.grid_groups,
        term_rows=html_view.term_rows,
        max_terms=html_view.MAX_TERMS,
    )
    return environment


def _finalize(value: Any) -> Any:
    return visible_lines(value) if isinstance(value, str) and not isinstance(value, Markup) else value
