"""What `gradcheck verify` says on the screen: a table of the targets, then each target that deserves a closer look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from gradcheck_cli.model import (
    GRADIENTS,
    Geometries,
    GeometryResult,
    GradientName,
    GradientResult,
    TargetReport,
    Verdict,
    VerifyReport,
)
from gradcheck_cli.report.terminal_grids import draw_counterexample
from gradcheck_cli.report.terminal_tail import draw_findings, draw_notes, draw_reproduce, draw_surroundings
from gradcheck_cli.report.terminal_text import VERDICT_STYLES, VERDICT_WORDS, Column, Screen, heading, styled
from gradcheck_cli.report.words import geometry, outcomes, reservations, right, where_right

_LABEL = 15
_SECTIONS = 8
_NAMED = 3
_NAMES = 8


def verify_lines(screen: Screen, report: VerifyReport) -> list[Text]:
    """The verdict over all targets, their table where there are several, then one section for each target."""
    lines = _answer(screen, report)
    shown = _worth_showing(screen, report)
    detailed = screen.first(shown, _SECTIONS)
    for target in detailed:
        lines += _target(screen, target)
    if len(shown) > len(detailed):
        lines += [Text(""), Text(f"{len(shown) - len(detailed)} more targets in detail with -v")]
    return [*lines, Text(""), *draw_surroundings(screen, report), *draw_reproduce(screen, report.reproduce)]


def _worth_showing(screen: Screen, report: VerifyReport) -> tuple[TargetReport, ...]:
    """The targets that get a section: a single one, all under -v, else those that are not simply right."""
    if len(report.targets) == 1 or screen.verbosity > 0:
        return report.targets
    return tuple(target for target in report.targets if target.verdict is not Verdict.PASS)


def verify_summary(report: VerifyReport) -> str:
    """One line for -q: how many targets are right, and what is wrong with those that are not."""
    wrong = [f"{target.target}: {_brief(target)}" for target in report.targets if target.verdict is not Verdict.PASS]
    more = [f"{len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
    return "; ".join([f"{VERDICT_WORDS[report.verdict]}  {outcomes(report)}", *wrong[:_NAMED], *more])


def _brief(target: TargetReport) -> str:
    """The mistakes' names, or why there are none."""
    return ", ".join(dict.fromkeys(finding.id for finding in target.findings)) or target.reason.rstrip(".")


def _answer(screen: Screen, report: VerifyReport) -> list[Text]:
    verdict = screen.verdict(report.verdict)
    lines = screen.labelled(verdict, styled(outcomes(report), "bold"), max(6, verdict.cell_len + 2))
    if len(report.targets) < 2:
        return lines
    titles = ("verdict", *GRADIENTS, "right", "target")
    columns = [Column(title, right=title == "right") for title in titles]
    columns += [Column("reason", prose=True, clip=screen.verbosity < 1)]
    rows = [_summary_row(screen, target) for target in report.targets]
    return [*lines, Text(""), *screen.table(columns, rows), *_mistakes(screen, report.summary)]


def _summary_row(screen: Screen, target: TargetReport) -> tuple[str | Text, ...]:
    gradients = [_short(_gradient(target, name).verdict) for name in GRADIENTS]
    counted = right(target.geometries) if target.geometries.tried else "-"
    style = "" if target.verdict is Verdict.PASS else VERDICT_STYLES[target.verdict].removeprefix("bold ")
    kept_back = reservations(target).removeprefix(";").strip()
    reason = screen.text(f"{kept_back}; {target.reason}" if kept_back else target.reason, style)
    return (screen.verdict(target.verdict), *gradients, counted, screen.text(target.target), reason)


def _mistakes(screen: Screen, summary: Mapping[str, Sequence[str]]) -> list[Text]:
    """Each mistake once, with those who make it."""
    if not summary:
        return []
    columns = [Column("mistake"), Column("targets", right=True), Column("which", prose=True)]
    rows = [(styled(mistake, "red"), str(len(names)), _names(screen, names)) for mistake, names in summary.items()]
    return [Text(""), *screen.table(columns, rows)]


def _names(screen: Screen, names: Sequence[str]) -> str:
    shown = screen.first(names, _NAMES)
    hidden = len(names) - len(shown)
    return ", ".join(shown) + (f" and {hidden} more with -v" if hidden else "")


def _short(verdict: Verdict) -> Text:
    word = "unclear" if verdict is Verdict.INCONCLUSIVE else VERDICT_WORDS[verdict].lower()
    return styled(word, VERDICT_STYLES[verdict])


def _gradient(target: TargetReport, name: GradientName) -> GradientResult:
    return target.gradients.get(name, GradientResult(Verdict.MISSING))


def _target(screen: Screen, target: TargetReport) -> list[Text]:
    place = "" if target.line is None else f"  (line {target.line})"
    title = Text.assemble(screen.verdict(target.verdict), "  ", screen.text(target.target, "bold"), (place, "dim"))
    lines = [Text(""), *screen.wrap(title + screen.text(reservations(target)), screen.width)]
    for label, value in (
        ("convention", _convention(target)),
        ("gradients", _gradients(screen, target)),
        ("geometries", where_right(target.geometries)),
    ):
        lines += screen.labelled(f"  {label}", value, _LABEL) if value else []
    lines += screen.fenced(target.error, "red")
    lines += draw_findings(screen, target.findings, target.file, target.name)
    if target.counterexample is not None:
        lines += draw_counterexample(screen, target.counterexample)
    return lines + draw_notes(screen, target.notes, "  note", _LABEL) + _details(screen, target)


def _convention(target: TargetReport) -> str:
    told = ", ".join(part for part in (target.convention, target.layout) if part)
    return f"{told}: {target.why}" if told and target.why else told or target.why


def _gradients(screen: Screen, target: TargetReport) -> Text:
    told = Text("")
    for name in GRADIENTS:
        told += Text(f"{'   ' if told else ''}{name} ") + screen.verdict(_gradient(target, name).verdict)
    return told


def _details(screen: Screen, target: TargetReport) -> list[Text]:
    if screen.verbosity < 1:
        return []
    lines = [Text(""), *_geometry_table(screen, target.geometries)] if target.geometries.list else []
    if target.output:
        lines += heading(screen, "What the code printed")
        lines += screen.fenced(target.output)
    return [*lines, styled(f"{target.seconds:.2f} s", "dim")]


def _geometry_table(screen: Screen, geometries: Geometries) -> list[Text]:
    columns = [*(Column(name) for name in GRADIENTS), Column("geometry", prose=True)]
    return screen.table(columns, [_geometry_row(screen, result) for result in geometries.list])


def _geometry_row(screen: Screen, result: GeometryResult) -> tuple[str | Text, ...]:
    verdicts = [screen.verdict(verdict) for verdict in result.gradients.values()]
    message = f": {result.message}" if result.message else ""
    supported = "" if result.supported else " (not supported)"
    return (*verdicts, f"{geometry(result.spec)}{supported}{message}")
