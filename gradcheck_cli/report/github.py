"""What a GitHub step prints (`--format github`): annotations on the user's lines, and the summary of the step.

Sources: GitHub Docs, "Workflow commands for GitHub Actions" (escaping, stop-commands, job summaries); what the runner
makes of them (actions/runner, `ActionCommand` and `ExecutionContext`): a job's log has the message alone, without its
title and its file, so that the message says both.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck_cli.model import Finding, RunReport, Verdict
from gradcheck_cli.model.errors import ReportError
from gradcheck_cli.model.files import from_here
from gradcheck_cli.model.sweep import AnyReport, SweepReport
from gradcheck_cli.model.text import counted, visible, visible_lines
from gradcheck_cli.report.markdown import render_markdown
from gradcheck_cli.report.page import summary_of
from gradcheck_cli.report.page.blocks import said
from gradcheck_cli.report.page.parts import AT, alike, mistakes
from gradcheck_cli.report.words import findings_with_place, headline, sweep_headline, user_file

MAX_ANNOTATIONS = 10
"""Annotations of one type that GitHub shows per step; it drops the others without a word."""

MESSAGE_LIMIT = 4000
"""Characters of a message; the runner cuts it at 4096 UTF-16 units, in the middle of a word and without a sign."""

SUMMARY_LIMIT = 1_000_000
"""Bytes of all summaries of one step (1 MiB), less a margin; over it GitHub shows none of it."""


@dataclass(frozen=True)
class _Annotation:
    """One ::error, ::warning or ::notice. `file` may be "" and `line` None: then it is about the whole step."""

    level: str
    title: str
    message: str
    file: str = ""
    line: int | None = None
    columns: tuple[int, int] | None = None

    def command(self) -> str:
        """The workflow command, on one line."""
        properties = {"file": self.file, "line": self.line if self.file else None}
        if self.file and self.columns is not None:
            properties |= {"col": self.columns[0], "endLine": self.line, "endColumn": self.columns[1]}
        properties |= {"title": self.title}
        told = [f"{name}={_property(visible(value))}" for name, value in properties.items() if value]
        return f"::{self.level} {','.join(told)}::{_data(_within_limit(visible_lines(self.message)))}"


def render_github(report: AnyReport) -> str:
    """What standard output gets: the verdict and the user's output fenced off, then the annotations.

    At most `MAX_ANNOTATIONS` of one level; the last says how many more there are.
    """
    commands = [annotation.command() for annotation in _limited(_fairly(_annotations(report)))]
    return "\n".join([*_fenced(_plain_text(report)), *commands]) + "\n"


def append_summary(report: AnyReport, path: str) -> None:
    """Append the report to the file that GITHUB_STEP_SUMMARY names, within what is left of its limit.

    Raises:
        ReportError: the file cannot be written.
    """
    try:
        used = os.path.getsize(path) if os.path.exists(path) else 0
        room = SUMMARY_LIMIT - used
        content = render_markdown(report, room).encode("utf-8", "backslashreplace")
        if len(content) <= room:
            with open(path, "ab") as file:
                file.write(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ReportError(
            f"the step summary '{visible(path)}' cannot be written: {reason}.",
            hint="GITHUB_STEP_SUMMARY names it; without that variable none is written",
        ) from error


def _annotations(report: AnyReport) -> Iterator[_Annotation]:
    if isinstance(report, SweepReport):
        yield _whole(report.verdict, f"{sweep_headline(report)}\n{_of_sweep(report)}", "")
        return
    for file, name, line, findings in findings_with_place(report):
        yield from (_mistake(group, file, name, line) for group in alike(findings))
    if isinstance(report, RunReport):
        if not report.findings:
            yield _whole(report.verdict, f"{headline(report)}\n{report.answer}", user_file(report))
        return
    for target in report.targets:
        if not target.findings and target.verdict is not Verdict.PASS:
            message = target.error or target.reason
            title = f"gradcheck: {target.target}: {target.verdict}"
            yield _placed(_level(target.verdict), title, message, target.file, target.line)
    if report.verdict is Verdict.PASS:
        yield _whole(report.verdict, headline(report), "")


def _mistake(findings: Sequence[Finding], file: str, name: str, line: int | None) -> _Annotation:
    """What is said of several gradients alike is one annotation: GitHub shows ten of a step."""
    (mistake,), finding = mistakes(findings, file, name), findings[0]
    told = [fact for fact in mistake.facts if fact.label != AT or finding.line is None]
    facts = [f"{fact.label}: {said(fact.value)}" for fact in told]
    about = f"{mistake.id} {mistake.about}"
    message = "\n".join(part for part in (f"{about}: {mistake.message}", *facts, finding.evidence) if part)
    columns = None if finding.column is None or finding.end is None else (finding.column, finding.end)
    return _placed("error", f"gradcheck: {about}", message, file, finding.line or line, columns)


def _placed(
    level: str, title: str, message: str, file: str, line: int | None, columns: tuple[int, int] | None = None
) -> _Annotation:
    """An annotation whose message begins with its place, as linters print it."""
    path = _in_repository(file)
    numbers = [line, columns[0] if line and columns else None]
    place = ":".join([path, *(str(number) for number in numbers if number)])
    return _Annotation(level, title, f"{place}: {message}" if path else message, path, line, columns)


def _whole(verdict: Verdict, message: str, file: str) -> _Annotation:
    return _Annotation(_level(verdict), f"gradcheck: {verdict}", message, _in_repository(file))


def _in_repository(file: str) -> str:
    """A path as annotations want it, from the root of the repository: a step may run in a folder of it."""
    root, path = os.environ.get("GITHUB_WORKSPACE", ""), os.path.abspath(file)
    is_below = bool(file and root) and path.startswith(os.path.join(os.path.abspath(root), ""))
    return os.path.relpath(path, root).replace(os.sep, "/") if is_below else from_here(file)


def _fairly(annotations: Iterator[_Annotation]) -> Iterator[_Annotation]:
    """The first of each file, then the second of each: ten are shown, and each wrong file is to be among them."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, _Annotation]] = []
    for annotation in annotations:
        ranked.append((seen[annotation.file], annotation))
        seen[annotation.file] += 1
    yield from (annotation for _, annotation in sorted(ranked, key=lambda each: each[0]))


def _level(verdict: Verdict) -> str:
    return {Verdict.PASS: "notice", Verdict.INCONCLUSIVE: "warning"}.get(verdict, "error")


def _limited(annotations: Iterator[_Annotation]) -> Iterator[_Annotation]:
    levels: dict[str, list[_Annotation]] = {}
    for annotation in annotations:
        levels.setdefault(annotation.level, []).append(annotation)
    for level, listed in levels.items():
        if len(listed) <= MAX_ANNOTATIONS:
            yield from listed
            continue
        yield from listed[: MAX_ANNOTATIONS - 1]
        more = counted(len(listed) - MAX_ANNOTATIONS + 1, "more annotation").replace("more annotations", "more")
        where = f"GitHub shows {MAX_ANNOTATIONS} per step. The step's log has every target, its summary every mistake."
        yield _Annotation(level, f"gradcheck: {more}", f"{more}: {where}")


def _of_sweep(report: SweepReport) -> str:
    """The counts, and what a sum over pictures says of data-parallel training."""
    return "\n".join(part for part in (summary_of(report), report.answer) if part)


def _plain_text(report: AnyReport) -> str:
    if isinstance(report, SweepReport):
        return visible_lines(_of_sweep(report))
    lines = [headline(report)]
    if isinstance(report, RunReport):
        lines.append(report.answer)
    else:
        lines += [f"{target.target}: {target.verdict}: {target.reason}" for target in report.targets]
        lines += [f"{mistake}: {', '.join(names)}" for mistake, names in report.summary.items()]
        lines += [f"--- output of {target.target}\n{target.output}" for target in report.targets if target.output]
    return visible_lines("\n".join(lines))


def _fenced(text: str) -> list[str]:
    """`text` where no line of it is taken for a command. No text can hold its own digest, so none can end the fence."""
    token = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return [f"::stop-commands::{token}", text.rstrip("\n"), f"::{token}::"]


def _within_limit(text: str) -> str:
    """A message that is too long ends with a sign that there is more."""
    return text if len(text) <= MESSAGE_LIMIT else f"{text[: MESSAGE_LIMIT - 4]} ..."


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
