"""Where in the user's file a wrong gradient of a function is made: where one change of the text makes it right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import changes_of
from gradcheck_cli.diagnose.conditions_of_functions import settings_of
from gradcheck_cli.diagnose.exchanges_of_functions import OF_FUNCTIONS
from gradcheck_cli.model import CALL, CodePlace, Finding
from gradcheck_cli.runs.verify.places import place_of_all
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_mending import FunctionMending
from gradcheck_cli.trials.functions import FunctionSession

# For all findings of one target: a course file has thirty, and nobody waits a minute for each.
SECONDS = 10.0


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
        searched: dict[str, CodePlace | None] = {}
        for name in dict.fromkeys(finding.gradient for finding in findings):
            if name in self.comparison.names or name == CALL:
                searched[name] = self._search(name, [each.id for each in findings if each.gradient == name])
        placed = (_placed(finding, searched.get(finding.gradient)) for finding in findings)
        return tuple(self._quoted(finding) for finding in placed)

    def _quoted(self, finding: Finding) -> Finding:
        """With the text of its line, where a call was seen to raise or to write there."""
        if finding.line is None or finding.text:
            return finding
        return finding.at(self.code.place(finding.line, evidence=finding.evidence))

    def _search(self, gradient: str, named: Sequence[str]) -> CodePlace | None:
        changes = changes_of(self.code, self.name, gradient, named, OF_FUNCTIONS)
        found = FunctionMending(self.session, self.comparison, gradient).search(changes)
        if found or gradient == CALL:
            return place_of_all(self.code, found, gradient, f"on {_samples(self.comparison, gradient)}")
        plain = _at_first_settings(self.comparison)
        if len(plain.trials) == len(self.comparison.trials):
            return None
        # Code that never sees a setting, as `axis`, can be mended for one of its values alone.
        found = FunctionMending(self.session, plain, gradient).search(changes)
        return place_of_all(self.code, found, gradient, f"on {_samples(plain, gradient)} with the usual settings")


def _at_first_settings(comparison: FunctionComparison) -> FunctionComparison:
    """What was asked with the settings of the first sample."""
    usual = settings_of(comparison.trials[0].sample.values)
    trials = tuple(trial for trial in comparison.trials if settings_of(trial.sample.values) == usual)
    compared = tuple(each for each in comparison.compared if any(each.trial is trial for trial in trials))
    return replace(comparison, trials=trials, compared=compared)


def _samples(comparison: FunctionComparison, gradient: str) -> str:
    about = comparison.trials if gradient == CALL else [each.trial for each in comparison.about(gradient)]
    samples = len({id(trial) for trial in about if trial.askings})
    return f"all {samples} samples" if samples > 1 else "the sample that was asked"


def _placed(finding: Finding, place: CodePlace | None) -> Finding:
    if place is None:
        return finding
    if finding.line in (None, place.line) or finding.gradient == CALL:
        return finding.at(place)
    forward = f"In the forward that is line {finding.line}: `{finding.text.strip()}`."
    return replace(finding, message=f"{finding.message} {forward}").at(place)
