"""Which change of the user's text makes it right: each is put into the target, which is asked the same again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.trial import Trial

# Changes that hold on the first geometry are asked on all others, which costs a hundred times as much.
MOST_ASKED_EVERYWHERE = 40


class LostError(Exception):
    """The time is up, or a change took the process with it: then nothing is known of the others."""


def least_supposing(
    changes: Sequence[Change], looks_right: Callable[[Change], bool], is_right: Callable[[Change], bool]
) -> list[Change]:
    """The changes that are right everywhere and suppose least; none where one that supposes as little was not tried.

    Args:
        changes: those that suppose less come first.
        looks_right: by one question.
        is_right: by all questions; asked of those that look right.
    """
    left = MOST_ASKED_EVERYWHERE
    for _, group in groupby(changes, lambda change: change.cost):
        likely = [change for change in group if looks_right(change)]
        found = [change for change in likely[:left] if is_right(change)]
        left -= len(likely)
        if found or left < 0:
            return found if left >= 0 else []
    return []


@dataclass(frozen=True)
class Mending:
    """A search for the change that mends one finding.

    Attributes:
        asker: puts the questions, and the changes into the target.
        trials: all that was compared; where a change makes one wrong that was right, it mends nothing.
        shows: does a trial show what was found?
        mended: is all of it right?
        in_one_call: a single call shows it, so that the first look may be as short.
    """

    asker: Asker
    trials: Sequence[Trial]
    shows: Callable[[Trial], bool]
    mended: Callable[[Trial], bool]
    in_one_call: bool = True

    def search(self, changes: Sequence[Change]) -> list[Change]:
        """Those that mend it everywhere and suppose least; none where one that supposes as little was not tried.

        Args:
            changes: those that suppose less come first.
        """
        trials = self._in_order()
        if not trials:
            return []
        try:
            return least_supposing(
                changes,
                lambda change: self._holds(change, trials[:1], self.in_one_call),
                lambda change: self._holds(change, trials),
            )
        except LostError:
            return []
        finally:
            self.asker.edit(())

    def asked_again(self, change: Change, trials: Sequence[Trial]) -> list[Trial] | None:
        """What comes of these, which took no part in the search, with the change; None where the time is up."""
        try:
            if self.asker.is_late or not self.asker.edit(change.edits):
                return None
            return [self._again(trial, once=False) for trial in trials]
        except LostError:
            return None
        finally:
            self.asker.edit(())

    def _in_order(self) -> list[Trial]:
        """The smallest that shows it, then the largest, which refute most; those that show it come first."""
        showing = sorted((trial for trial in self.trials if self.shows(trial)), key=_work)
        right = sorted((trial for trial in self.trials if not self.shows(trial)), key=_work)
        return showing[:1] + showing[:0:-1] + right if showing else []

    def _holds(self, change: Change, trials: Sequence[Trial], once: bool = False) -> bool:
        if self.asker.is_late:
            raise LostError
        return self.asker.edit(change.edits) and all(self.mended(self._again(trial, once)) for trial in trials)

    def _again(self, trial: Trial, once: bool) -> Trial:
        question = trial.answer.question
        answer = self.asker.ask(replace(question, probe="changed") if once else question, trial.case)
        if answer.died:
            raise LostError
        return Trial(answer, trial.truth, trial.yields, trial.slack)


def _work(trial: Trial) -> int:
    return trial.case.grad_output.size * trial.case.weight.size
