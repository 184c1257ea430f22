"""Which change of a function's text makes a gradient right: each is put into the target, which is asked the same again.

As `mending` does for a convolution, on the samples and the G that were asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.model import FunctionOutcome, Verdict
from gradcheck_cli.trials.compared import Compared, FunctionComparison, judged_of
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.mending import LostError, least_supposing

# What took the process, and the change in it, away: nothing is known of the changes that were not tried then.
_LOST = ("timeout", "crashed", "exited")


@dataclass(frozen=True)
class FunctionMending:
    """A search for the change that makes one gradient right.

    Attributes:
        session: puts the questions, and the changes into the target.
        comparison: all that was asked; what was right then has to stay so.
        gradient: the argument of which the gradient is wrong.
    """

    session: FunctionSession
    comparison: FunctionComparison
    gradient: str

    def search(self, changes: Sequence[Change]) -> list[Change]:
        """Those that mend it on every sample and suppose least; none where one that supposes as little was not tried.

        Args:
            changes: those that suppose less come first.
        """
        asked = self._in_order()
        if not asked:
            return []
        try:
            return least_supposing(
                changes, lambda change: self._holds(change, asked[:1]), lambda change: self._holds(change, asked)
            )
        except LostError:
            return []
        finally:
            self.session.client.edit(())

    def _in_order(self) -> list[Compared]:
        """The smallest sample on which it is wrong, then all others."""
        mine = [each for each in self.comparison.about(self.gradient) if each.asking.outcome.ended]
        wrong = [each for each in mine if each.judged.verdict is Verdict.FAIL]
        first = min(wrong, key=lambda each: each.judged.expected.size, default=None)
        return [] if first is None else [first, *(each for each in mine if each is not first)]

    def _holds(self, change: Change, asked: Sequence[Compared]) -> bool:
        if self.session.is_late:
            raise LostError
        return self.session.client.edit(change.edits) and all(self._mends(each) for each in asked)

    def _mends(self, each: Compared) -> bool:
        """Right now, with the outputs as they were, and nothing wrong that was right."""
        outcome = self.session.client.gradients(each.trial.sample, each.asking.upstream)
        if outcome.error_kind in _LOST:
            raise LostError
        if not outcome.ended or not _same_outputs(outcome, each):
            return False
        again = replace(each.asking, outcome=outcome)
        verdicts = {name: judged_of(each.trial, again, name) for name in self._to_be_right(each)}
        return all(judged is not None and judged.verdict is Verdict.PASS for judged in verdicts.values())

    def _to_be_right(self, each: Compared) -> list[str]:
        others = [other for other in self.comparison.compared if other.asking is each.asking]
        return [self.gradient, *(other.name for other in others if other.judged.verdict is Verdict.PASS)]


def _same_outputs(outcome: FunctionOutcome, each: Compared) -> bool:
    """A change that moves the forward too makes another function right."""
    return len(outcome.outputs) == len(each.trial.outputs) and all(
        np.array_equal(now, before, equal_nan=True)
        for now, before in zip(outcome.outputs, each.trial.outputs, strict=True)
    )
