"""What a page says of `gradcheck verify`: a table of the targets, then each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcheck_cli.model import (
    GRADIENTS,
    FunctionPower,
    Geometries,
    GeometryResult,
    GradientResult,
    RungEvidence,
    SampleResult,
    TargetReport,
    Verdict,
    VerifyReport,
)
from gradcheck_cli.model.text import counted
from gradcheck_cli.report import words
from gradcheck_cli.report.page.blocks import (
    Block,
    Column,
    Fact,
    Facts,
    Lines,
    Page,
    PageSection,
    Said,
    Sentence,
    Table,
    Text,
    Tone,
    fact,
    plain,
)
from gradcheck_cli.report.page.example import example_of
from gradcheck_cli.report.page.parts import (
    MOST_NOTES,
    VERDICT_WORDS,
    mistakes,
    only_full,
    reproduce,
    settings_table,
    surroundings,
    verdict_said,
)
from gradcheck_cli.report.words import geometry, outcomes, reservations, right, where_right

# Targets in one line, the width of a notification or of a log's first line.
_NAMED = 3
_TONES = {Verdict.FAIL: Tone.BAD, Verdict.ERROR: Tone.BAD, Verdict.INCONCLUSIVE: Tone.OPEN, Verdict.MISSING: Tone.OPEN}


def verify_page(report: VerifyReport) -> Page:
    """The verdict over all targets, their table where there are several, then a section for each."""
    return Page(
        verdict=report.verdict,
        headline=words.headline(report),
        answer=plain(outcomes(report), Tone.STRONG),
        ran="",
        sections=(
            *(_overview(report) if len(report.targets) > 1 else ()),
            *(_target(number, target, len(report.targets)) for number, target in enumerate(report.targets, start=1)),
            *_not_asked(report.without_forward),
            *surroundings(report),
            reproduce(report),
        ),
    )


def verify_summary(report: VerifyReport) -> str:
    """How many targets are right, and what is wrong with those that are not, in one line."""
    wrong = [f"{target.target}: {_brief(target)}" for target in report.targets if target.verdict is not Verdict.PASS]
    named = words.first(wrong, _NAMED)
    more = [f"{len(wrong) - len(named)} more"] if len(named) < len(wrong) else []
    return "; ".join([f"{VERDICT_WORDS[report.verdict]}  {outcomes(report)}", *named, *more])


def _brief(target: TargetReport) -> str:
    """The mistakes' names, or why there are none."""
    return ", ".join(dict.fromkeys(finding.id for finding in target.findings)) or target.reason.rstrip(".")


def _overview(report: VerifyReport) -> tuple[PageSection, ...]:
    """A row for each target, then each mistake once."""
    roles = _shared_gradients(report.targets)
    # Functions have gradients of many names: their column is wide, and the first to go below the row.
    titles = ("verdict", *roles, "right", "target") if roles else ("verdict", "right", "target", "gradients")
    columns = tuple(Column(title, right=title == "right") for title in titles)
    columns = (*columns, Column("reason", prose=True, clip=True))
    table = Table("targets", columns, tuple(_row(target, roles) for target in report.targets))
    return (PageSection("targets", "Targets", (table,), is_plain=True), *_mistakes(report.summary))


def _not_asked(names: Sequence[str]) -> tuple[PageSection, ...]:
    """Backwards without a forward: nobody is to take them for judged."""
    if not names:
        return ()
    verb = "has" if len(names) == 1 else "have"
    told = (
        f"{', '.join(names)} {verb} no forward that was found in the file to be judged by; a convolution's needs none, "
        "but to be named"
    )
    return (PageSection("not-asked", "Not asked", (Sentence(plain(told)),), is_short=True),)


def _shared_gradients(targets: Sequence[TargetReport]) -> tuple[str, ...]:
    """The gradients that all targets have a column for: a convolution's; none where functions have others."""
    return GRADIENTS if all(target.kind != "function" for target in targets) else ()


def _row(target: TargetReport, roles: Sequence[str]) -> tuple[Text, ...]:
    gradients = [_short(_gradient(target, name).verdict) if not target.error else plain("-") for name in roles]
    counted = "-" if target.is_surrogate or not target.geometries.tried else right(target.geometries)
    # What is wrong may need its count: "grad_x is right on all 2 samples with `a` where `b` stands".
    said = target.reason if target.findings else words.uncounted(target.reason)
    reason = "; ".join(part for part in (*words.reserved(target), said) if part)
    name = (Said(target.target, target=target.target),)
    tone = _TONES.get(target.verdict, Tone.PLAIN)
    of_any_name = () if roles else (_all_short(target),)
    return (verdict_said(target.verdict), *gradients, plain(counted), name, *of_any_name, plain(reason, tone))


def _mistakes(summary: Mapping[str, Sequence[str]]) -> tuple[PageSection, ...]:
    """Each mistake once, with those who make it."""
    if not summary:
        return ()
    columns = (Column("mistake"), Column("targets", right=True), Column("which", prose=True))
    rows = tuple(
        (plain(mistake, Tone.BAD), plain(str(len(names))), tuple(Said(name, target=name) for name in names))
        for mistake, names in summary.items()
    )
    return (PageSection("mistakes", "Mistakes", (Table("mistakes", columns, rows),), is_plain=True),)


def _short(verdict: Verdict) -> Text:
    word = "unclear" if verdict is Verdict.INCONCLUSIVE else VERDICT_WORDS[verdict].lower()
    return (Said(word, verdict=verdict),)


def _all_short(target: TargetReport) -> Text:
    """Every gradient by name in one cell, those that did not pass first: "w fail; x, b pass"."""
    alike: dict[Verdict, list[str]] = {}
    for name, result in target.gradients.items():
        alike.setdefault(result.verdict, []).append(name)
    told: list[Said] = []
    for verdict in sorted(alike, key=lambda verdict: verdict is Verdict.PASS):
        told += [Said(f"{'; ' if told else ''}{', '.join(alike[verdict])} "), *_short(verdict)]
    return tuple(told) or plain("-")


def _gradient(target: TargetReport, name: str) -> GradientResult:
    return target.gradients.get(name, GradientResult(Verdict.MISSING))


def _target(number: int, target: TargetReport, of_all: int) -> PageSection:
    """One target: what is wrong, the example, how it was asked; a right one of several is for who wants everything."""
    place = "" if target.line is None else f"(line {target.line})"
    blocks: list[Block] = [Facts((Fact("gradients", _gradients(target)),))] if not target.error else []
    blocks += [Lines(target.error, "error")] if target.error else []
    blocks += mistakes(target.findings, target.file, target.name)
    blocks += [example_of(target.counterexample)] if target.counterexample is not None else []
    blocks += _asked(target)
    blocks += [settings_table(target.settings)] if target.settings else []
    blocks += [Facts(tuple(fact("note", note) for note in target.notes), MOST_NOTES)] if target.notes else []
    return PageSection(
        f"t{number}",
        target.target,
        (*blocks, *_details(target)),
        note=f"{place}{reservations(target)}",
        verdict=target.verdict,
        is_extra=of_all > 1 and target.verdict is Verdict.PASS,
    )


def _asked(target: TargetReport) -> list[Block]:
    """How it was called, on what, and what a pass is worth; with a title where an example stands before it.

    Nothing of what could not be called.
    """
    if target.error:
        return []
    told = (
        fact("convention", _convention(target)),
        fact("samples" if target.kind == "function" else "geometries", _where_right(target)),
        fact("inputs", target.inputs),
        fact("power", "" if target.power is None else _power(target.power)),
    )
    facts = tuple(each for each in told if any(piece.text for piece in each.value))
    return [Facts(facts, title="" if target.counterexample is None else "How it was asked")] if facts else []


def _where_right(target: TargetReport) -> str:
    """The condition only where the finding does not say it already; nothing of a surrogate, of which a note tells."""
    is_said = len(target.findings) == 1 and target.findings[0].fails_when
    geometries = target.geometries
    if target.is_surrogate:
        return ""
    if target.verdict is Verdict.FAIL and target.findings and 0 < geometries.supported == geometries.right:
        return f"right on {words.right_of_taken(geometries)}, which is not what the finding is about"
    return where_right(replace(geometries, summary="") if is_said and geometries.tried else geometries)


def _convention(target: TargetReport) -> str:
    # Of the others the layout says the axes, and a word on groups stands among the notes.
    layer = target.layer if "transpose" in target.layer and target.kind != "function" else ""
    told = ", ".join(part for part in (layer, target.convention, target.layout) if part)
    return f"{told}: {target.why}" if told and target.why else told or target.why


def _gradients(target: TargetReport) -> Text:
    told: list[Said] = []
    for name in target.gradients if target.kind == "function" else GRADIENTS:
        told += [Said(f"{'   ' if told else ''}{name} "), *verdict_said(_gradient(target, name).verdict)]
    return tuple(told)


def _details(target: TargetReport) -> list[Block]:
    """What only who wants everything is shown."""
    details: list[Block] = []
    if target.geometries.list:
        details.append(only_full("Every geometry", _geometry_table(target.geometries)))
    if target.samples:
        details.append(only_full("Every sample", _sample_table(target)))
    if target.power is not None and target.power.not_shown:
        details.append(only_full("What would not have shown", _not_shown_table(target.power)))
    if target.evidence:
        details.append(only_full("Every rung", _evidence_table(target.evidence)))
    if target.output:
        details.append(only_full("What the code printed", Lines(target.output, "output")))
    return [*details, only_full("Time", Sentence(plain(f"took {target.seconds:.2f} s", Tone.SOFT)))]


def _sample_table(target: TargetReport) -> Table:
    columns = (*(Column(name) for name in target.gradients), Column("sample", prose=True))
    return Table("every sample that was tried", columns, tuple(_sample_row(each, target) for each in target.samples))


def _sample_row(result: SampleResult, target: TargetReport) -> tuple[Text, ...]:
    verdicts = [verdict_said(result.gradients.get(name, Verdict.MISSING)) for name in target.gradients]
    message = f": {result.message}" if result.message else ""
    return (*verdicts, plain(f"{result.text}{message}"))


def _evidence_table(evidence: Sequence[RungEvidence]) -> Table:
    columns = (Column("rung"), Column("gradient"), Column("verdict"), Column("what decided", prose=True))
    rows = tuple(
        (plain(f"{each.rung} {each.name}"), plain(each.gradient), verdict_said(each.verdict), plain(each.detail))
        for each in evidence
    )
    return Table("what each rung of the ladder decided", columns, rows)


def _power(power: FunctionPower) -> str:
    """What a pass is worth, in one line."""
    if not power.planted:
        return ""
    told = f"{power.caught} of {counted(power.planted, 'planted mistake')} would have shown"
    missed = words.listed(list(dict.fromkeys(each.id for each in power.not_shown)), _NAMED)
    told += f"; not: {missed}" if missed else ""
    return f"{told}; not tried: {', '.join(power.untried)}" if power.untried else told


def _not_shown_table(power: FunctionPower) -> Table:
    columns = (Column("mistake"), Column("gradient"), Column("what it is, and why it would not have shown", prose=True))
    rows = tuple((plain(each.id), plain(each.gradient), plain(f"{each.what}: {each.why}")) for each in power.not_shown)
    return Table("mistakes that no sample shows", columns, rows)


def _geometry_table(geometries: Geometries) -> Table:
    columns = (*(Column(name) for name in GRADIENTS), Column("geometry", prose=True))
    return Table("every geometry that was tried", columns, tuple(_geometry_row(each) for each in geometries.list))


def _geometry_row(result: GeometryResult) -> tuple[Text, ...]:
    verdicts = [verdict_said(result.gradients[name]) for name in GRADIENTS]
    message = f": {result.message}" if result.message else ""
    supported = "" if result.supported else " (not supported)"
    return (*verdicts, plain(f"{geometry(result.spec)}{supported}{message}"))
