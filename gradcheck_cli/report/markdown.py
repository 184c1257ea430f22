"""The report as GitHub-flavoured Markdown: for a comment on a pull request, and for the summary of a CI step.

Free text is escaped, so that a file called `<img onerror=...>` or `@everyone` stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gradcheck_cli.model import (
    GRADIENTS,
    ChannelDifference,
    Check,
    Counterexample,
    Finding,
    Report,
    RunReport,
    Sameness,
    TargetReport,
    Verdict,
    VerifyReport,
)
from gradcheck_cli.model.text import visible, visible_lines
from gradcheck_cli.report.words import (
    count,
    gauge_explained,
    geometry,
    headline,
    index,
    number,
    reservations,
    right,
    user_name,
    where_right,
)

COMMENT_LIMIT = 65_000
"""Characters that one comment of GitHub may hold (65,536), less a margin."""

MARKS = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.ERROR: "❌",
    Verdict.INCONCLUSIVE: "⚠️",
    Verdict.MISSING: "➖",
    Verdict.NOT_APPLICABLE: "➖",
}
MAX_ROWS = 8
MAX_TARGETS = 200
MAX_TEXT = 1500
MAX_REASON = 160

_SPECIAL = re.compile(r"[\\`*_{}\[\]()#!|~$^]")
_CUT = "*{} left out: too long for this place. The other reports hold everything.*"


def render_markdown(report: Report, limit: int | None = COMMENT_LIMIT) -> str:
    """The report as Markdown.

    Args:
        limit: bytes that there is room for; whole sections that do not fit are left out, and counted at the end.
    """
    sections = list(_run_sections(report) if isinstance(report, RunReport) else _verify_sections(report))
    sections.append(_reproduce(report.reproduce))
    head = f"## gradcheck: {MARKS[report.verdict]} {text(headline(report))}"
    return "\n\n".join(_within(head, sections, limit)) + "\n"


def _within(head: str, sections: Sequence[str], limit: int | None) -> Iterator[str]:
    """The head, the sections that there is room for, and how many there was none for."""
    room = float("inf") if limit is None else limit - len((head + _CUT).encode()) - 20
    left_out = 0
    yield head
    for section in sections:
        size = len(section.encode()) + 2
        if size <= room:
            room -= size
            yield section
        else:
            left_out += 1
    if left_out:
        yield _CUT.format(count(left_out, "section"))


def text(value: object) -> str:
    """Free text with nothing left in it that Markdown, HTML or GitHub would act on. One line, clipped."""
    shown = visible(value)
    if len(shown) > MAX_TEXT:
        shown = shown[:MAX_TEXT] + "…"
    escaped = _SPECIAL.sub(lambda match: "\\" + match[0], shown.replace("&", "&amp;"))
    # GitHub links a name after an @ even where the @ is written as an entity; an empty comment parts the two.
    return escaped.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@<!-- -->")


def code(value: object) -> str:
    """A name in the typewriter face. A code span could not hold both a backtick and a table's pipe."""
    return f"<code>{text(value)}</code>"


def block(value: str, language: str = "") -> str:
    """Lines as they are, in a fence that none of them can close."""
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible_lines(value).rstrip()}\n{fence}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> str:
    """`right`: one letter per column, r for numbers."""
    rule = ["---:" if letter == "r" else "---" for letter in right.ljust(len(titles))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (titles, rule, *rows))


def _verdict(verdict: Verdict) -> str:
    return f"{MARKS[verdict]} {verdict.value}"


def _run_sections(report: RunReport) -> Iterator[str]:
    yield f"**Answer** {text(report.answer)}"
    yield from _findings(report.findings, user_name(report))
    if report.counterexample is not None:
        yield "### The smallest counterexample\n\n" + _counterexample(report.counterexample)
    gauge = gauge_explained(report.checks)
    yield "### Checks\n\n" + _checks(report.checks) + (f"\n\n{text(gauge)}" if gauge else "")
    yield "### The same?\n\n" + _sameness(report)
    yield "### Per channel, the worst first\n\n" + _channels(report.channels)
    if report.notes:
        yield "### Notes\n\n" + "\n".join(f"* {text(note)}" for note in report.notes)


def _checks(checks: Iterable[Check]) -> str:
    rows = [
        [
            text(check.name),
            text(check.gradient),
            _verdict(check.verdict),
            f"{check.mismatched:,} of {check.entries:,}",
            _worst(check),
            text(check.detail or check.criterion),
        ]
        for check in checks
    ]
    return _table(["check", "gradient", "verdict", "mismatched", "worst", "what"], rows, "   r  ")


def _worst(check: Check) -> str:
    worst = check.worst
    if worst is None:
        return ""
    values = f"{number(worst.expected, 9)} expected, {number(worst.actual, 9)} got"
    return text(f"{values} at {index(worst.index)}; difference {number(worst.difference)} of {number(worst.allowed)}")


def _sameness(report: RunReport) -> str:
    rows = [
        _sameness_row("across channels", report.sameness.across_channels),
        _sameness_row("across filters", report.sameness.across_filters),
    ]
    return _table(["kernel gradients", "verdict", "relative difference", "correlation", "why"], rows)


def _sameness_row(name: str, sameness: Sameness) -> list[str]:
    verdict = "only one plane" if sameness.verdict is None else f"**{sameness.verdict.value}**"
    return [name, verdict, _range(sameness.relative_difference), _range(sameness.correlation, 6), text(sameness.reason)]


def _range(values: tuple[float, float] | None, digits: int = 3) -> str:
    return "" if values is None else f"{number(values[0], digits)} to {number(values[1], digits)}"


def _channels(channels: Sequence[ChannelDifference]) -> str:
    worst = sorted(channels, key=lambda row: -row.ratio if row.ratio == row.ratio else float("-inf"))
    rows = [
        [
            str(row.filter),
            str(row.channel),
            number(row.max_abs_difference),
            number(row.ratio),
            f"{row.equal_entries:,} of {row.entries:,}",
        ]
        for row in (worst if len(worst) == MAX_ROWS + 1 else worst[:MAX_ROWS])
    ]
    table = _table(["filter", "channel", "largest difference", "of what is allowed", "equal entries"], rows, "rrrrr")
    more = len(channels) - len(rows)
    return table + (f"\n\n{more:,} more." if more else "")


def _findings(findings: Sequence[Finding], name: str) -> Iterator[str]:
    if findings:
        yield "### What is wrong\n\n" + "\n".join(_finding(finding, name) for finding in findings)


def _finding(finding: Finding, name: str) -> str:
    place = f", line {finding.line}" if finding.line is not None else f", in {text(name)}" if name else ""
    words = [f"* **{text(finding.id)}** ({finding.certainty}, {text(finding.about)}{place}): {text(finding.message)}"]
    words += [f"Fails when {text(finding.fails_when)}."] if finding.fails_when else []
    words += [f"Mend: {text(finding.fix)}"] if finding.fix else []
    return " ".join(words)


def _counterexample(example: Counterexample) -> str:
    arrays = {"x": example.x, "weight": example.weight, "grad_output": example.grad_output}
    arrays["expected"] = example.expected
    if example.actual is not None:
        arrays["actual"] = example.actual
    lines = [f"grad_{example.gradient}: {geometry(example.spec)}"]
    lines += [f"{name} = {array.tolist()}" for name, array in arrays.items() if array.size <= 64]
    return block("\n".join(lines))


def _reproduce(command: str) -> str:
    return "### Reproduce\n\n" + block(command, "sh")


def _verify_sections(report: VerifyReport) -> Iterator[str]:
    rows = [_target_row(target) for target in report.targets[:MAX_TARGETS]]
    titles = ["target", "verdict", "weight", "input", "bias", "right", "reason"]
    more = len(report.targets) - len(rows)
    yield _table(titles, rows) + (f"\n\n{count(more, 'target')} more." if more else "")
    if len(report.targets) > 1 and report.summary:
        yield "### Mistakes\n\n" + _mistakes(report.summary)
    for target in report.targets:
        if target.verdict is not Verdict.PASS or target.findings:
            yield _target(target)


def _target_row(target: TargetReport) -> list[str]:
    gradients = [target.gradients.get(name) for name in GRADIENTS]
    return [
        code(target.target) + text(reservations(target)),
        _verdict(target.verdict),
        *("" if gradient is None else _verdict(gradient.verdict) for gradient in gradients),
        right(target.geometries) if target.geometries.tried else "",
        text(_clipped(target.reason)),
    ]


def _clipped(reason: str) -> str:
    return reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1].rstrip() + "…"


def _mistakes(summary: Mapping[str, Sequence[str]]) -> str:
    """Each mistake once, with those who make it."""
    rows = [
        [text(mistake), str(len(names)), ", ".join(map(code, names[:MAX_TARGETS]))]
        for mistake, names in summary.items()
    ]
    return _table(["mistake", "targets", "which"], rows, " r ")


def _target(target: TargetReport) -> str:
    parts = [f"### {MARKS[target.verdict]} {code(target.target)}", f"**Where** {text(where_right(target.geometries))}"]
    parts += ["\n".join(_finding(finding, target.name) for finding in target.findings)] if target.findings else []
    parts += [block(target.error[:MAX_TEXT])] if target.error else []
    parts += [_counterexample(target.counterexample)] if target.counterexample else []
    return "\n\n".join(parts)
