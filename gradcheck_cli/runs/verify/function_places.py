"""Where in the user's file a wrong gradient of a function is made: where one change of the text makes it right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import Change, changes_of
from gradcheck_cli.diagnose.conditions_of_functions import is_read_once, settings_of
from gradcheck_cli.diagnose.exchanges_of_functions import OF_CALLS, OF_FUNCTIONS
from gradcheck_cli.diagnose.kinds import is_of_other_calls, stands_for
from gradcheck_cli.diagnose.mended import sign_of
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import CALL, UNEXPLAINED, CodePlace, Finding, Verdict
from gradcheck_cli.runs.verify.places import place_of_all
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_mending import FunctionMending
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.guards import guards_in

# For all findings of one target: a course file has thirty, and nobody waits a minute for each.
SECONDS = 10.0
# Of the largest entry of a gradient or of G: a guard moves less on usual numbers, and no mistake is so small.
GUARDED = 1e-6
_NEARLY = f"to {GUARDED:g} of the largest entry of it or of G"


@dataclass(frozen=True)
class _Mended:
    """What makes a gradient right.

    Attributes:
        changes: each by itself; none where nothing does.
        where: it is right then, in words.
        place: of the changes; None where they are on several lines.
    """

    changes: tuple[Change, ...]
    where: str
    place: CodePlace | None


@dataclass(frozen=True)
class FunctionPlaces:
    """The search for the places of one function's findings.

    Attributes:
        session: of the function, which is still at work.
        comparison: what it was asked.
        code: its file.
        name: its name there.
    """

    session: FunctionSession
    comparison: FunctionComparison
    code: Code
    name: str

    def found(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings, those whose place was found with it.

        A line that is known already is that of the forward whose path was lost, or the one that raised. The place is
        where it has to be mended, as a change there makes it right; the forward's line is said in words then.
        """
        self.session.deadline = time.perf_counter() + SECONDS
        searched: dict[str, _Mended] = {}
        for name in dict.fromkeys(finding.gradient for finding in findings):
            if name in self.comparison.names or name == CALL:
                known = [change for mended in searched.values() for change in mended.changes]
                ids = [each.id for each in findings if each.gradient == name]
                searched[name] = self._mended_by(known, name) or self._search(name, ids)
        placed = (
            finding if is_of_other_calls(finding.id) else self._placed(finding, searched.get(finding.gradient))
            for finding in findings
        )
        return tuple(self._ignoring(self._quoted(finding)) for finding in placed)

    def _ignoring(self, finding: Finding) -> Finding:
        """What no formula explains, and is wrong with one value of a setting that the backward never reads."""
        setting = finding.fails_when.partition(" = ")[0]
        is_other = finding.id != UNEXPLAINED or bool(finding.evidence) or not setting
        if is_other or not is_read_once(self.code.definition, setting):
            return finding
        mistake = standing_for(Sign.SETTING)
        message = f"grad_{finding.gradient} is right but with {finding.fails_when}, a setting that its backward ignores"
        return replace(finding, id=mistake.id, certainty="probable", message=message, fix=mistake.fix_of_function)

    def _quoted(self, finding: Finding) -> Finding:
        """With the text of its line, where a call was seen to raise or to write there."""
        if finding.line is None or finding.text:
            return finding
        return finding.at(self.code.place(finding.line, evidence=finding.evidence))

    def _mended_by(self, known: Sequence[Change], gradient: str) -> _Mended | None:
        """By what mends another gradient: one slip in what they are both made of spoils both."""
        found = FunctionMending(self.session, self.comparison, gradient).search(known) if known else []
        return self._mended(found, gradient, self.comparison) if found else None

    def _search(self, gradient: str, named: Sequence[str]) -> _Mended:
        exchanges = OF_CALLS if gradient == CALL else OF_FUNCTIONS
        changes = changes_of(self.code, self.name, gradient, named, exchanges, self._verdicts())
        found = FunctionMending(self.session, self.comparison, gradient).search(changes)
        if not found and gradient != CALL and next(guards_in(self.code), None) is not None:
            guarded = _where_guards_only_guard(self.comparison)
            nearly = FunctionMending(self.session, guarded, gradient, GUARDED).search(changes)
            if nearly:
                return self._mended(nearly, gradient, guarded, f", {_NEARLY}")
        plain = _at_first_settings(self.comparison)
        if found or gradient == CALL or len(plain.trials) == len(self.comparison.trials):
            return self._mended(found, gradient, self.comparison)
        # Code that never sees a setting, as `axis`, can be mended for one of its values alone.
        found = FunctionMending(self.session, plain, gradient).search(changes)
        return self._mended(found, gradient, plain, " with the usual settings")

    def _verdicts(self) -> dict[str, bool]:
        """Argument -> whether its gradient was right wherever it was compared."""
        about = {name: self.comparison.about(name) for name in self.comparison.names}
        return {name: all(each.judged.verdict is Verdict.PASS for each in mine) for name, mine in about.items() if mine}

    def _mended(self, found: Sequence[Change], gradient: str, asked: FunctionComparison, settings: str = "") -> _Mended:
        where = f"on {_samples(asked, gradient)}{settings}"
        return _Mended(tuple(found), where, place_of_all(self.code, found, gradient, where))

    def _placed(self, finding: Finding, mended: _Mended | None) -> Finding:
        place = None if mended is None else mended.place
        if mended is None or place is None:
            return finding
        if finding.id == UNEXPLAINED or (finding.certainty == "probable" and _is_proved(finding, mended, place)):
            finding, place = _named(finding, mended, place)
        if finding.line in (None, place.line) or finding.gradient == CALL:
            return finding.at(place)
        forward = f"In the forward that is line {finding.line}: `{finding.text.strip()}`."
        return replace(finding, message=f"{finding.message} {forward}").at(place)


def _at_first_settings(comparison: FunctionComparison) -> FunctionComparison:
    """What was asked with the settings of the first sample."""
    usual = settings_of(comparison.trials[0].sample.values)
    trials = tuple(trial for trial in comparison.trials if settings_of(trial.sample.values) == usual)
    compared = tuple(each for each in comparison.compared if any(each.trial is trial for trial in trials))
    return replace(comparison, trials=trials, compared=compared)


def _where_guards_only_guard(comparison: FunctionComparison) -> FunctionComparison:
    """Without the samples on which a guard was made larger."""
    compared = tuple(each for each in comparison.compared if not each.is_apart)
    return replace(comparison, compared=compared, trials=tuple(dict.fromkeys(each.trial for each in compared)))


def _samples(comparison: FunctionComparison, gradient: str) -> str:
    about = comparison.trials if gradient == CALL else [each.trial for each in comparison.about(gradient)]
    samples = len({id(trial) for trial in about if trial.askings})
    return f"all {samples} samples" if samples > 1 else "the sample that was asked"


def _is_proved(finding: Finding, mended: _Mended, place: CodePlace) -> bool:
    """Does what makes it right say the same? Or is it `+=` for `=`, which a path that is lost is one way to see?"""
    signs = [sign for change in mended.changes if (sign := sign_of(change, place.text)) is not None]
    return any(sign is Sign.LAST_WINS or stands_for(finding.id, sign) for sign in signs)


def _named(finding: Finding, mended: _Mended, place: CodePlace) -> tuple[Finding, CodePlace]:
    """What no formula explains, called as the first of the changes that make it right and that has a name.

    Its place then says nothing of the change: the message does.
    """
    signs = ((change, sign_of(change, place.text)) for change in mended.changes)
    change, sign = next(((change, sign) for change, sign in signs if sign is not None), (None, None))
    if change is None or sign is None:
        return replace(finding, fix="Change the line as it is said there: no other change was needed."), place
    mistake = standing_for(sign)
    message = f"grad_{finding.gradient} is right {mended.where} with `{change.edit.text}` where `{change.was}` stands."
    # The line of a cause that it was taken for says nothing of this one.
    plain = replace(finding, line=None, text="")
    named = replace(plain, id=mistake.id, certainty="proved", message=message, fix=mistake.fix_of_function)
    return named, place if change.also is not None else replace(place, evidence="No other change was needed.")
