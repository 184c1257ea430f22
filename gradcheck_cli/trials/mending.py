"""Which change of the user's text makes it right: each is put into the target, which is asked the same again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.targets.variants import Variants
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.trial import Trial

# Changes that hold on the first geometry are asked on all others, which costs a hundred times as much.
MOST_ASKED_EVERYWHERE = 40
_Answer = TypeVar("_Answer")


class LostError(Exception):
    """The time is up, or a change took the process with it: then nothing is known of the others."""


def least_supposing(
    changes: Sequence[Change], likely: Callable[[Sequence[Change]], list[Change]], is_right: Callable[[Change], bool]
) -> list[Change]:
    """The changes that are right everywhere and suppose least; none where one that supposes as little was not tried.

    Args:
        changes: those that suppose less come first.
        likely: those of some changes that are right by one question.
        is_right: by all questions; asked of those that look right.
    """
    left = MOST_ASKED_EVERYWHERE
    for _, group in groupby(changes, lambda change: change.cost):
        found_once = likely(list(group))
        found = [change for change in found_once[:left] if is_right(change)]
        left -= len(found_once)
        if found or left < 0:
            return found if left >= 0 else []
    return []


def right_ones(
    changes: Sequence[Change], ask: Callable[[Variants], Sequence[_Answer | None]], is_right: Callable[[_Answer], bool]
) -> list[Change]:
    """The changes with which one question is answered rightly.

    Args:
        changes: each is tried.
        ask: the answers for the first of some variants, one at least; None where a change cannot be put.
        is_right: of an answer; raises `LostError` where the process was lost.
    """
    found: list[Change] = []
    while changes:
        answers = ask([change.edits for change in changes])
        found += [
            change for change, answer in zip(changes, answers, strict=False) if answer is not None and is_right(answer)
        ]
        changes = changes[len(answers) :]
    return found


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
                lambda group: self._likely(group, trials[0]),
                lambda change: self._holds(change, trials),
            )
        except LostError:
            return []
        finally:
            self.asker.edit(())

    def asked_again(self, change: Change, trials: Sequence[Trial]) -> list[Trial] | None:
        """What comes of these, which took no part in the search, with the change; None where the time is up."""
        if self.asker.is_late or not self.asker.edit(change.edits):
            return None
        try:
            answers = [self.asker.ask(trial.answer.question, trial.case) for trial in trials]
            again = zip(trials, answers, strict=True)
            return [replace(trial, answer=answer) for trial, answer in again]
        finally:
            self.asker.edit(())

    def _in_order(self) -> list[Trial]:
        """The smallest that shows it, then the largest, which refute most; those that show it come first."""
        showing = sorted((trial for trial in self.trials if self.shows(trial)), key=_work)
        right = sorted((trial for trial in self.trials if not self.shows(trial)), key=_work)
        return showing[:1] + showing[:0:-1] + right if showing else []

    def _likely(self, changes: Sequence[Change], first: Trial) -> list[Change]:
        """Those that mend it on one geometry."""
        asked = first.answer.question
        question = replace(asked, probe="changed") if self.in_one_call else asked

        def ask(variants: Variants) -> Sequence[Answer | None]:
            self._look_at_the_clock()
            return self.asker.ask_variants(variants, question, first.case)

        return right_ones(changes, ask, lambda answer: self._mends(first, answer))

    def _holds(self, change: Change, trials: Sequence[Trial]) -> bool:
        self._look_at_the_clock()
        return self.asker.edit(change.edits) and all(
            self._mends(trial, self.asker.ask(trial.answer.question, trial.case)) for trial in trials
        )

    def _look_at_the_clock(self) -> None:
        if self.asker.is_late:
            raise LostError

    def _mends(self, trial: Trial, answer: Answer) -> bool:
        """Whether the answer to what a trial asked is all right."""
        if answer.died:
            raise LostError
        return self.mended(Trial(answer, trial.truth, trial.yields, trial.slack))


def _work(trial: Trial) -> int:
    return trial.case.grad_output.size * trial.case.weight.size
