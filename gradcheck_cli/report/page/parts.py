"""What pages of both commands hold: verdicts, mistakes, notes, the environment, the time, the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradcheck_cli.model import Finding, Verdict
from gradcheck_cli.model.files import from_here
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.sweep import AnyReport
from gradcheck_cli.model.text import visible
from gradcheck_cli.report import words
from gradcheck_cli.report.page.blocks import (
    Block,
    Column,
    Facts,
    Folded,
    Lines,
    MistakeBlock,
    PageSection,
    Said,
    Sentence,
    Table,
    Text,
    fact,
    plain,
    said,
)
from gradcheck_cli.report.page.quote import Quote, quote_of

AT = "at"
"""The label of the place."""

VERDICT_WORDS = {verdict: "n/a" if verdict == "not-applicable" else verdict.upper() for verdict in Verdict}
# The default is one screen; the notes that matter most come first.
MOST_NOTES = 3


def verdict_said(verdict: Verdict) -> Text:
    """The word for a verdict."""
    return (Said(VERDICT_WORDS[verdict], verdict=verdict),)


def exactly(text: str, value: float) -> Text:
    """A number with all its digits behind it."""
    return (Said(text, exact=words.exact_number(value)),)


def mistakes(findings: Sequence[Finding], file: str, name: str) -> tuple[MistakeBlock, ...]:
    """Each finding with how to mend it and when it shows; what is said of several gradients alike is said once.

    Args:
        findings: of a run or of a target.
        file: where their lines are counted.
        name: the function or class that was judged; a finding whose line was not found stands in it.
    """
    return tuple(_mistake(group, file, name) for group in alike(findings))


def alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """The findings, those together that say the same of several gradients."""
    groups: dict[Finding, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_of_any_gradient(finding), []).append(finding)
    return list(groups.values())


def _of_any_gradient(finding: Finding) -> Finding:
    """The finding without the name of its gradient: two that are then equal say the same."""
    message, evidence = (text.replace(finding.about, "") for text in (finding.message, finding.evidence))
    return replace(finding, gradient="", message=message, evidence=evidence)


def _mistake(group: Sequence[Finding], file: str, name: str) -> MistakeBlock:
    finding = group[0]
    about = ", ".join(each.about for each in group)
    others = ", ".join(each.about for each in group[1:])
    same = f" The same holds for {others}." if others else ""
    return MistakeBlock(
        finding.id,
        f"{finding.claim}, {about}" if finding.claim else f"in {about}",
        f"{finding.message}{same}",
        tuple(fact(label, value) for label, value in _facts(finding, file, name) if value),
        _quote(finding),
        finding.graph,
    )


def _facts(finding: Finding, file: str, name: str) -> list[tuple[str, str]]:
    return [("mend it", finding.fix), ("fails when", finding.fails_when), (AT, _where(finding, file, name))]


def _where(finding: Finding, file: str, name: str) -> str:
    """A place as editors and terminals open it, or what is searched by hand."""
    if finding.line is None:
        return f"somewhere in {name}" if name else ""
    column = "" if finding.column is None else f":{finding.column}"
    return f"{from_here(file)}:{finding.line}{column}"


def _quote(finding: Finding) -> Quote | None:
    if finding.line is None or not finding.text.strip():
        return None
    known = finding.column is not None and finding.end is not None
    columns = (finding.column or 1, finding.end or 1) if known else None
    return quote_of(finding.line, finding.text, columns, finding.evidence)


def told(mistake: MistakeBlock) -> list[str]:
    """A mistake as lines of plain text."""
    title = f"{mistake.id} {mistake.about}: {mistake.message}"
    return [title, *(f"{fact.label}: {said(fact.value)}" for fact in mistake.facts), *quoted(mistake.quote)]


def quoted(quote: Quote | None, room: int = 100) -> list[str]:
    """A line of code with carets below what is meant, and what shows it, as lines of plain text.

    Args:
        room: characters that the code may take.
    """
    if quote is None:
        return []
    cut = visible_quote(quote).within(room)
    number = f"{cut.line}"
    lines = [f"{number} | {cut.before}{cut.marked}{cut.after}"]
    if cut.marked:
        lines.append(f"{' ' * len(number)} | {cut.carets()}")
    return lines + ([cut.evidence] if cut.evidence else [])


def visible_quote(quote: Quote) -> Quote:
    """With everything that cannot be seen written as an escape."""
    parts = (visible(part) for part in (quote.before, quote.marked, quote.after, quote.evidence))
    return Quote(quote.line, *parts)


def notes(notes: Sequence[str]) -> tuple[PageSection, ...]:
    """A paragraph for each note."""
    if not notes:
        return ()
    facts = Facts(tuple(fact("Note", note) for note in notes), MOST_NOTES)
    return (PageSection("notes", "Notes", (facts,), is_short=True),)


def surroundings(report: AnyReport) -> tuple[PageSection, ...]:
    """The environment and where the time went; both only for who wants everything."""
    columns = (Column(""), Column("", prose=True))
    rows = tuple((plain(key), plain(str(value))) for key, value in report.environment.items())
    return (
        PageSection("environment", "Environment", (Table("versions and settings", columns, rows),), is_extra=True),
        PageSection("time", "Where the time went", (_time(report.timings),), is_extra=True),
    )


def settings_table(rows: Sequence[SettingResult]) -> Table:
    """The same in other number formats, memory formats and modes; gradients of which the same is said share a row."""
    alike: dict[SettingResult, list[str]] = {}
    for row in rows:
        alike.setdefault(replace(row, gradient=""), []).append(row.gradient)
    # Of a function no A is known, and where nothing was compared there is no error.
    numbers = (Column("error / A", right=True), Column("allowed", right=True))
    shown = numbers if any(row.error is not None for row in rows) else ()
    columns = (Column("setting"), Column("gradient"), Column("verdict"), *shown, Column("what it is", prose=True))
    told = tuple(_setting_row(row, names, has_numbers=bool(shown)) for row, names in alike.items())
    return Table("the same in other settings", columns, told)


def _setting_row(row: SettingResult, names: Sequence[str], *, has_numbers: bool) -> tuple[Text, ...]:
    numbers = ("" if value is None else f"{value:.2g}" for value in (row.error, row.allowed))
    told = (plain(row.setting), plain(", ".join(names)), verdict_said(row.verdict))
    return (*told, *(map(plain, numbers) if has_numbers else ()), plain(row.detail))


def _time(timings: Mapping[str, float]) -> Block:
    """A table of the stages; of a single one only how long it took."""
    whole = timings.get("total", sum(timings.values()))
    parts = sorted(((name, spent) for name, spent in timings.items() if name != "total"), key=lambda part: -part[1])
    if len(parts) < 2:
        return Sentence(plain(f"{whole:.2f} s in all"))
    return _timings(parts, whole)


def _timings(parts: Sequence[tuple[str, float]], whole: float) -> Table:
    columns = (Column(""), Column("seconds", right=True), Column("share", right=True))
    rows = tuple(
        (plain(name), plain(f"{spent:.3f}"), plain(f"{_share(spent, whole)} %"))
        for name, spent in [*parts, ("total", whole)]
    )
    return Table("seconds of each stage", columns, rows)


def _share(part: float, whole: float) -> int:
    return round(100 * part / whole) if whole else 0


def reproduce(report: AnyReport) -> PageSection:
    """The command that gives this report again."""
    return PageSection("reproduce", "Reproduce", (Lines(report.reproduce, "command"),), is_short=True)


def only_full(title: str, *blocks: Any) -> Folded:
    """Blocks for who wants everything, with nothing in their place."""
    return Folded(title, (), tuple(blocks))
