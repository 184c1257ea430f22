"""Where in the user's file a mistake stands: where the call raised, or where one change of the text makes it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.calls import is_empty_slice
from gradcheck_cli.diagnose.changes import Change, changes_at, changes_of, marked_text, place_of
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
        searched: dict[tuple[str, str], CodePlace | None] = {}
        placed = []
        for finding in findings:
            key = self._searched_for(finding)
            if key is not None and key not in searched:
                named = [each.id for each in findings if each.gradient == finding.gradient]
                searched[key] = self._found_for(finding, key[1], named)
            place = searched.get(key) if key is not None else None
            placed.append(finding.at(place) if place is not None else finding)
        return tuple(placed)

    def _searched_for(self, finding: Finding) -> tuple[str, str] | None:
        """What it is about, and what shows it: a behaviour, a line that raised, "" where the numbers do."""
        if finding.gradient == CALL:
            raised = finding.line is not None and stands_for(finding.id, Sign.RAISED)
            return (CALL, str(finding.line)) if raised else None
        if finding.line is not None and not stands_for(finding.id, Sign.EMPTY_SLICE):
            return None
        shows = behaviour_of(finding.id)
        return finding.gradient, finding.id if shows is not None and shows.fails else ""

    def _found_for(self, finding: Finding, behaviour: str, named: Sequence[str]) -> CodePlace | None:
        gradient = next((name for name in GRADIENTS if name == finding.gradient), None)
        if gradient is not None:
            return self._search(gradient, behaviour, named)
        return self._search_call(finding.line) if finding.line is not None else None

    def _search(self, gradient: GradientName, behaviour: str, named: Sequence[str]) -> CodePlace | None:
        def mended(trial: Trial) -> bool:
            summed = gradient in trial.outcome.summed_by_autograd
            return _is_right(trial, gradient) and not summed and not _behaves(trial, gradient, behaviour)

        is_emptied = any(stands_for(each, Sign.EMPTY_SLICE) for each in named)

        def shows(trial: Trial) -> bool:
            if is_emptied and is_empty_slice(trial.observation(), self.code):
                return True
            return _behaves(trial, gradient, behaviour) or trial.verdict(gradient) is Verdict.FAIL

        trials = [trial for trial in self.transcript.compared if shows(trial) or _is_right(trial, gradient)]
        search = Mending(self.asker, trials, shows, mended, in_one_call=not behaviour)
        change = at_one_place(self.code, search.search(changes_of(self.code, self.name, gradient, named)))
        return None if change is None else self._placed(search, change, gradient)

    def _search_call(self, line: int) -> CodePlace | None:
        """Where calls raise: the change on that very line with which all is right, also where it was right before."""

        def shows(trial: Trial) -> bool:
            return not trial.ended and trial.outcome.error_line == line

        def mended(trial: Trial) -> bool:
            return trial.right and not trial.outcome.summed_by_autograd

        trials = [trial for trial in self.transcript.compared if shows(trial) or trial.right]
        search = Mending(self.asker, trials, shows, mended)
        change = at_one_place(self.code, search.search(changes_at(self.code, line)))
        return None if change is None else self._placed(search, change, CALL)

    def _placed(self, search: Mending, change: Change, about: str) -> CodePlace:
        """With what was seen of the change on every geometry that was asked, also where the call raises."""
        took_part = {id(trial) for trial in search.trials}
        others = [trial for trial in self.transcript.compared if id(trial) not in took_part]
        again = search.asked_again(change, others)
        where = self._where([] if again is None else [trial for trial in again if not search.mended(trial)])
        if again is None:
            where = "wherever the call ends"
        return place_of(self.code, change, _evidence(change, about, where))

    def _where(self, failed: Sequence[Trial]) -> str:
        """ "on all 46 geometries", "on 35 of 46 geometries, and the call raises on the others"."""
        asked = len({trial.case.spec for trial in self.transcript.compared})
        left = len({trial.case.spec for trial in failed})
        if asked == 1:
            return "on the geometry that was asked"
        if not left:
            return f"on all {asked} geometries"
        raises = ", and the call raises on the others" if not any(trial.ended for trial in failed) else ""
        return f"on {asked - left} of {asked} geometries{raises}"


def place_of_all(code: Code, mending: Sequence[Change], gradient: str, where: str) -> CodePlace | None:
    """The place at which all these changes mend a gradient; None where they are on several lines, or there are none.

    Args:
        gradient: `CALL` for all of them.
        where: it is right then, in words ("on all 5 geometries").
    """
    change = at_one_place(code, mending)
    return None if change is None else place_of(code, change, _evidence(change, gradient, where))


def at_one_place(code: Code, mending: Sequence[Change]) -> Change | None:
    """Of changes that each mend it, the one that changes least; None where they are on several lines, or none is."""
    if len({(change.mark[0], change.also and change.also.line) for change in mending}) != 1:
        return None
    return min(mending, key=lambda each: len(marked_text(place_of(code, each, ""))))


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
