"""The report as one page that needs nothing else: no script, no font, no network. The page itself is the template.

Every value passes through jinja2's escaping, and before that through `visible_lines`, so that no control character
of a name or of the user's output reaches the file.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.sweep import AnyReport
from gradcheck_cli.model.text import visible, visible_lines
from gradcheck_cli.report import html_arcs, html_view, palette
from gradcheck_cli.report.page import page_of
from gradcheck_cli.report.page.blocks import Page, PageSection
from gradcheck_cli.report.page.parts import VERDICT_WORDS
from gradcheck_cli.report.words import number

VERDICTS = {
    Verdict.PASS: ("good", "✓"),
    Verdict.FAIL: ("bad", "✗"),
    Verdict.ERROR: ("bad", "✗"),
    Verdict.INCONCLUSIVE: ("open", "?"),
    Verdict.MISSING: ("none", "–"),
    Verdict.NOT_APPLICABLE: ("none", "–"),
}


@dataclass(frozen=True)
class FoldedPart:
    """What has a title of its own and a line in the list of contents: a section, or all targets."""

    id: str
    title: str
    sections: tuple[PageSection, ...]

    @property
    def is_extra(self) -> bool:
        """Only for who wants everything: closed, until somebody does."""
        return all(section.is_extra and section.verdict is None for section in self.sections)


def render_html(report: AnyReport) -> str:
    """The page, as HTML text."""
    return _rendered(report, "report.html.j2")


def render_fragment(report: AnyReport) -> str:
    """What a notebook shows of a report: the page without its head, so that no rule of it reaches beyond itself."""
    return _rendered(report, "fragment.html.j2")


def _rendered(report: AnyReport, template: str) -> str:
    page = page_of(report)
    targets = [section for section in page.sections if section.verdict is not None]
    return (
        _environment()
        .get_template(template)
        .render(
            page=page,
            parts=list(_parts(page)),
            headline=page.headline,
            is_page=template == "report.html.j2",
            uid=f"g{zlib.crc32(repr(report).encode('utf-8', 'replace')):08x}",
            places={section.title: section.id for section in reversed(targets)} if len(targets) > 1 else {},
        )
    )


def _parts(page: Page) -> list[FoldedPart]:
    """The sections; all targets are one part of the page."""
    parts = []
    for is_target, sections in groupby(page.sections, key=lambda section: section.verdict is not None):
        found = tuple(sections)
        if is_target:
            parts.append(FoldedPart("details", "One by one" if len(found) > 1 else "Target", found))
        else:
            parts += [FoldedPart(section.id, section.title, (section,)) for section in found]
    return parts


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
    environment.filters.update(number=number)
    environment.globals.update(
        verdicts=VERDICTS,
        words=VERDICT_WORDS,
        visible=visible,
        colours_told=palette.TOLD,
        gradients=html_view.gradients(),
        kind_of=lambda block: type(block).__name__,
        names=html_view.is_list_of_names,
        prose=html_view.prose,
        glued=html_view.glued,
        rows_shown=html_view.rows_shown,
        is_stacked=html_view.is_stacked,
        class_of=html_view.class_of,
        below=html_view.below,
        breakable=html_view.breakable,
        grid_groups=html_view.grid_groups,
        marks_told=html_view.marks_told,
        arcs=html_arcs.arcs,
        shown_strips=html_view.shown_strips,
    )
    return environment


def _finalize(value: Any) -> Any:
    return visible_lines(value) if isinstance(value, str) and not isinstance(value, Markup) else value
