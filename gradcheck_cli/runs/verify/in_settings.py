"""The same target in other settings: every one that was asked for, on geometries on which it is right as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import PLAIN, ConvSpec, Finding, Setting, TargetReport, Verdict, VerifyOptions
from gradcheck_cli.model.evidence import WORST_FIRST
from gradcheck_cli.model.in_settings import Level, SettingResult
from gradcheck_cli.model.options import settings_of
from gradcheck_cli.numbers.arithmetic import no_slack
from gradcheck_cli.runs.called_in import CalledIn
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.transcript import Transcript

# Geometries of a target that are asked in each setting, those with the most terms: each costs three calls.
GEOMETRIES = 2
# The compiler needs many seconds for each geometry.
COMPILED = 1


def in_settings(report: TargetReport, transcript: Transcript, asker: Asker, options: VerifyOptions) -> TargetReport:
    """The report with what came of the other settings, where any was asked for."""
    asked = settings_of(options)
    if asked == (PLAIN,):
        return report
    reason = _unasked(transcript)
    if reason:
        rows = [SettingResult(setting.text, "call", Verdict.NOT_APPLICABLE, "", reason) for setting in asked]
    else:
        rows = [row for setting in asked for row in _rows(setting, transcript, asker, options.seed)]
    return judged_in_settings(report, tuple(rows), is_survey=options.settings == "all")


def judged_in_settings(report: TargetReport, rows: tuple[SettingResult, ...], *, is_survey: bool) -> TargetReport:
    """The report with these rows and what follows from them.

    Args:
        report: of the plain setting.
        rows: of all settings.
        is_survey: every setting was asked, so that one that the target does not take is told, and no more.
    """
    verdicts = {row.verdict for row in rows}
    wrong = [row for row in rows if row.verdict is Verdict.FAIL or (row.verdict is Verdict.ERROR and not is_survey)]
    left = verdicts - {Verdict.PASS} if not is_survey else verdicts if Verdict.PASS not in verdicts else set()
    verdict = report.verdict
    if wrong:
        verdict = Verdict.FAIL
    elif left and verdict is Verdict.PASS:
        verdict = Verdict.INCONCLUSIVE
    findings = (*report.findings, *_findings(wrong))
    notes = tuple(dict.fromkeys(f"{row.setting}: {row.detail}" for row in rows if row.gradient == "call"))
    return replace(report, settings=rows, verdict=verdict, findings=findings, notes=(*report.notes, *notes))


def _findings(wrong: Sequence[SettingResult]) -> Iterator[Finding]:
    """One for each gradient that adds up with too few bits: there the mistake has a name."""
    mistake = standing_for(Sign.LOW_PRECISION)
    named = [row for row in wrong if row.level == "accumulates in low precision"]
    for name in dict.fromkeys(row.gradient for row in named):
        mine = [row for row in named if row.gradient == name]
        when = " or ".join(row.setting for row in mine)
        yield Finding(mistake.id, name, "proved", f"grad_{name} {mine[0].detail}", mistake.fix, f"in {when}")


def _unasked(transcript: Transcript) -> str:
    """Why no setting is asked, a clause; "" where they are."""
    if transcript.slack is not no_slack:
        return f"not asked: {transcript.slack.cause}, which is not exact on whole numbers"
    if not _right(transcript):
        return "not asked: it is right on no geometry in float64"
    return ""


def _right(transcript: Transcript) -> list[ConvSpec]:
    """The geometries on which it is right, those with the most terms first."""
    right = [trial.case.spec for trial in transcript.trials if trial.supported and trial.right]
    return sorted(right, key=lambda spec: -spec.terms)


def _rows(setting: Setting, transcript: Transcript, asker: Asker, seed: int) -> Iterator[SettingResult]:
    """A row for each gradient: the worst of the geometries."""
    if setting == PLAIN:
        yield from _as_judged(transcript)
        return
    caller = CalledIn(setting, asker, transcript.described, seed)
    found: dict[str, SettingResult] = {}
    for number, spec in enumerate(_right(transcript)[: COMPILED if setting.compile else GEOMETRIES]):
        for row in caller.results(spec, counts=not number):
            known = found.setdefault(row.gradient, row)
            if WORST_FIRST.index(row.verdict) < WORST_FIRST.index(known.verdict):
                found[row.gradient] = row
    yield from found.values()


def _as_judged(transcript: Transcript) -> Iterator[SettingResult]:
    """The plain setting, in which every mistake was looked for already."""
    text = "judged on every geometry, see above"
    for name in transcript.described.yields:
        wrong = any(trial.verdict(name) is Verdict.FAIL for trial in transcript.compared)
        level: Level = "" if wrong else "bit for bit"
        yield SettingResult(PLAIN.text, name, Verdict.FAIL if wrong else Verdict.PASS, level, text)
