"""Which change of a function's text makes a gradient right: each is put into the target, which is asked the same again.

As `mending` does for a convolution, on the samples and the G that were asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.checks.ladder.judge import JudgedGradient
from gradcheck_cli.diagnose.changes import Change
from gradcheck_cli.model import CALL, FunctionOutcome, Verdict
from gradcheck_cli.targets.variants import Variants
from gradcheck_cli.trials.compared import FunctionComparison, judged_of
from gradcheck_cli.trials.function_trial import Asking, FunctionTrial
from gradcheck_cli.trials.functions import FunctionSession
from gradcheck_cli.trials.mending import LostError, least_supposing, right_ones

# What took the process, and the change in it, away: nothing is known of the changes that were not tried then.
_LOST = ("timeout", "crashed", "exited")


@dataclass(frozen=True, eq=False)
class _Asked:
    """One call that a change has to come through: the gradients that have to be right then, and is one of them not?"""

    trial: FunctionTrial
    asking: Asking
    names: tuple[str, ...]
    is_wrong: bool


@dataclass(frozen=True)
class FunctionMending:
    """A search for the change that makes one gradient right, or the call as a whole where it does not end.

    Attributes:
        session: puts the questions, and the changes into the target.
        comparison: all that was asked; what was right then has to stay so.
        gradient: the argument of which the gradient is wrong; `CALL`: every gradient has to be right where it raises.
        share: of the largest entry of it or of G, what a gradient may be off by: what a guard of the forward moves, as
            in `log(p + 1e-12)`, which a backward leaves out.
    """

    session: FunctionSession
    comparison: FunctionComparison
    gradient: str
    share: float = 0.0

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
                changes, lambda group: self._likely(group, asked[0]), lambda change: self._holds(change, asked)
            )
        except LostError:
            return []
        finally:
            self.session.client.edit(())

    def _in_order(self) -> list[_Asked]:
        """The smallest sample on which it is wrong, then all others."""
        mine = list(self._of_the_call() if self.gradient == CALL else self._of_the_gradient())
        first = min((each for each in mine if each.is_wrong), key=lambda each: _size(each.trial), default=None)
        return [] if first is None else [first, *(each for each in mine if each is not first)]

    def _of_the_gradient(self) -> Iterator[_Asked]:
        """Where it was compared."""
        for each in self.comparison.about(self.gradient):
            names = (self.gradient, *self._right(each.asking))
            is_wrong = _is_wrong(each.judged) and not _is_near(each.judged, each.asking, self.share)
            yield _Asked(each.trial, each.asking, names, is_wrong)

    def _of_the_call(self) -> Iterator[_Asked]:
        """Where it raised every gradient of which the truth is known; elsewhere what was right."""
        for trial in self.comparison.trials:
            known = tuple(name for name in self.comparison.names if name in trial.exact or name in trial.first)
            for asking in trial.askings if known else ():
                is_wrong = not asking.outcome.ended
                yield _Asked(trial, asking, known if is_wrong else tuple(self._right(asking)), is_wrong)

    def _right(self, asking: Asking) -> list[str]:
        mine = [each for each in self.comparison.compared if each.asking is asking]
        return [each.name for each in mine if each.judged.verdict is Verdict.PASS]

    def _likely(self, changes: Sequence[Change], first: _Asked) -> list[Change]:
        """Those that mend one call."""

        def ask(variants: Variants) -> Sequence[FunctionOutcome | None]:
            self._look_at_the_clock()
            return self.session.client.gradients_of_variants(variants, first.trial.sample, first.asking.upstream)

        return right_ones(changes, ask, lambda outcome: _mends(first, outcome, self.share))

    def _holds(self, change: Change, asked: Sequence[_Asked]) -> bool:
        self._look_at_the_clock()
        client = self.session.client
        return client.edit(change.edits) and all(
            _mends(each, client.gradients(each.trial.sample, each.asking.upstream), self.share) for each in asked
        )

    def _look_at_the_clock(self) -> None:
        if self.session.is_late:
            raise LostError


def _mends(each: _Asked, outcome: FunctionOutcome, share: float) -> bool:
    """Right now, with the outputs as they were, and nothing wrong that was right."""
    if outcome.error_kind in _LOST:
        raise LostError
    if not outcome.ended or not _same_outputs(outcome, each.trial):
        return False
    again = replace(each.asking, outcome=outcome)
    verdicts = (judged_of(each.trial, again, name) for name in each.names)
    return all(
        judged is not None and (judged.verdict is Verdict.PASS or _is_near(judged, again, share)) for judged in verdicts
    )


def _is_near(judged: JudgedGradient, asking: Asking, share: float) -> bool:
    actual, expected = judged.actual, judged.expected
    if not share or actual is None or actual.shape != expected.shape or not np.isfinite(actual).all():
        return False
    largest = max(float(np.abs(each).max(initial=0.0)) for each in (expected, *asking.upstream))
    return float(np.abs(actual - expected).max(initial=0.0)) <= share * largest


def _is_wrong(judged: JudgedGradient) -> bool:
    """By its numbers, by its shape, or not there at all."""
    actual = judged.actual
    return judged.verdict is Verdict.FAIL or actual is None or actual.shape != judged.expected.shape


def _same_outputs(outcome: FunctionOutcome, trial: FunctionTrial) -> bool:
    """A change that moves the forward too makes another function right."""
    return len(outcome.outputs) == len(trial.outputs) and all(
        np.array_equal(now, before, equal_nan=True) for now, before in zip(outcome.outputs, trial.outputs, strict=True)
    )


def _size(trial: FunctionTrial) -> int:
    return sum(trial.sample.array(name).size for name in trial.sample.differentiated)
