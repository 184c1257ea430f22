"""Where in the user's file a mistake stands: where the call raised, or where one change of the text makes it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.changes import Change, changes_of, marked_text, place_of
from gradcheck_cli.diagnose.kinds import behaviour_of, stands_for
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import CALL, GRADIENTS, CodePlace, Finding, GradientName, Verdict
from gradcheck_cli.targets import TargetRef
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.mending import Mending
from gradcheck_cli.trials.transcript import Transcript
from gradcheck_cli.trials.trial import Trial

# For all findings of one target. So long on a busy machine only: the changes are counted, so that the same command
# gives the same report.
SECONDS = 60.0
_WRONG = (Verdict.FAIL,)


def code_of(ref: TargetRef, line: int | None) -> Code:
    """The text of a target's file and the line of its definition; no text where the file cannot be read."""
    try:
        return Code(Path(ref.file).read_text("utf-8", errors="replace"), line or ref.line)
    except OSError:
        return Code(defined=line or ref.line)


@dataclass(frozen=True)
class Locating:
    """The search for the places of one target's findings.

    Attributes:
        asker: of the target, which is still at work.
        transcript: what it was asked.
        code: its file.
        name: its name there.
    """

    asker: Asker
    transcript: Transcript
    code: Code
    name: str

    def found(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings, those whose place was found with it."""
        self.asker.allow(SECONDS)
        searched: dict[tuple[GradientName, str], CodePlace | None] = {}
        placed = []
        for finding in findings:
            key = self._searched_for(finding)
            if key is not None and key not in searched:
                named = [each.id for each in findings if each.gradient == finding.gradient]
                searched[key] = self._search(*key, named)
            place = searched.get(key) if key is not None else None
            placed.append(finding.at(place) if place is not None else finding)
        return tuple(placed)

    def _searched_for(self, finding: Finding) -> tuple[GradientName, str] | None:
        """The gradient, and the behaviour that shows in it, "" where the numbers show it."""
        gradient = next((name for name in GRADIENTS if name == finding.gradient), None)
        if finding.line is not None or gradient is None:
            return None
        shows = behaviour_of(finding.id)
        return gradient, finding.id if shows is not None and shows.fails else ""

    def _search(self, gradient: GradientName, behaviour: str, named: Sequence[str]) -> CodePlace | None:
        def mended(trial: Trial) -> bool:
            return _is_right(trial, gradient) and not _behaves(trial, gradient, behaviour)

        failures = (
            (Verdict.FAIL, Verdict.ERROR) if any(stands_for(each, Sign.EMPTY_SLICE) for each in named) else _WRONG
        )

        def shows(trial: Trial) -> bool:
            return _behaves(trial, gradient, behaviour) or trial.verdict(gradient) in failures

        trials = [trial for trial in self.transcript.compared if shows(trial) or _is_right(trial, gradient)]
        search = Mending(self.asker, trials, shows, mended, in_one_call=not behaviour)
        found = search.search(changes_of(self.code, self.name, gradient, named))
        asked = len({trial.case.spec for trial in self.transcript.compared})
        where = f"on all {asked} geometries" if asked > 1 else "on the geometry that was asked"
        return place_of_all(self.code, found, gradient, where)


def place_of_all(code: Code, mending: Sequence[Change], gradient: str, where: str) -> CodePlace | None:
    """The place at which all these changes mend a gradient; None where they are on several lines, or there are none.

    Args:
        gradient: `CALL` for all of them.
        where: it is right then, in words ("on all 5 geometries").
    """
    if len({(change.mark[0], change.also and change.also.line) for change in mending}) != 1:
        return None
    change = min(mending, key=lambda each: len(marked_text(place_of(code, each, ""))))
    return place_of(code, change, _evidence(change, gradient, where))


def _evidence(change: Change, gradient: str, where: str) -> str:
    instead = "Without it" if change.takes_away else f"With `{change.now}` in its place"
    if change.also is not None:
        line = change.also.line
        instead += ", and the same beside it," if line == change.edit.line else f", and line {line} likewise,"
    mended = "every gradient" if gradient == CALL else f"grad_{gradient}"
    return f"{instead} {mended} is right {where}."


def _is_right(trial: Trial, gradient: GradientName) -> bool:
    """Right, and the same when it is asked again."""
    if trial.verdict(gradient) is not Verdict.PASS:
        return False
    first, second = trial.outcome.gradients.get(gradient), trial.outcome.second
    again = None if second is None else second.get(gradient)
    return second is None or (first is not None and again is not None and np.array_equal(first, again))


def _behaves(trial: Trial, gradient: GradientName, behaviour: str) -> bool:
    shows = behaviour_of(behaviour)
    return shows is not None and trial.ended and bool(shows.said(trial.observation(), gradient))
