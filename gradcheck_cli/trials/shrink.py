"""The smallest geometry on which a backward is still wrong in the same way, with the terms of one wrong entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from gradcheck_cli.diagnose.terms import read_terms
from gradcheck_cli.layers.smaller import smaller
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import TENSORS, Array, Case, ConvSpec, Counterexample, GradientName
from gradcheck_cli.numbers.digits import digits_case
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.question import ProbeName, Question

# Geometries that are asked about: enough for a layer in which every number has to go to its least, one at a time.
SHRINK_CALLS = 240
# Calls for the terms of one entry; where the example is larger than that, its products are read several at a time.
_TERM_CALLS = 160


class Asks(Protocol):
    """What puts the questions: see `Asker`."""

    @property
    def is_late(self) -> bool:
        """Is the time up?"""

    def ask(self, question: Question, case: Case, /) -> Answer:
        """Put one question."""


class OutOfTimeError(Exception):
    """The search had to end before it was through."""


@dataclass
class Shrinking:
    """The search for the smallest example of one wrong gradient.

    Attributes:
        asker: puts the questions.
        target: who is asked.
        gradient: the one that is wrong.
        seed: decides the numbers.
        most: questions about geometries.
        asked: how many questions were put up to now.
        seen: how it failed on each geometry that was asked about, "" where it was right.
    """

    asker: Asks
    target: str
    gradient: GradientName
    seed: int
    most: int = SHRINK_CALLS
    asked: int = 0
    seen: dict[ConvSpec, str] = field(default_factory=dict)

    def failure(self, spec: ConvSpec) -> str:
        """How the target fails on digits of this geometry, in a word; "" where it is right."""
        if spec not in self.seen:
            case = digits_case(spec, self.seed)
            self.seen[spec] = failure_of(self.answer(case, "digits"), Problem(case).right(self.gradient), self.gradient)
        return self.seen[spec]

    def answer(self, case: Case, probe: ProbeName) -> Answer:
        """What the target does with these numbers.

        Raises:
            OutOfTimeError: the time is up.
        """
        if self.asker.is_late:
            raise OutOfTimeError
        self.asked += 1
        return self.asker.ask(Question(self.target, case.spec, probe, self.seed), case)

    def gradient_of(self, case: Case, probe: ProbeName = "terms") -> Array | None:
        """The gradient that the target gives; None where it gives none."""
        return _returned(self.answer(case, probe), self.gradient)


def shrink(search: Shrinking, spec: ConvSpec) -> Counterexample | None:
    """Shrink a failing geometry while it fails in the same way, then read off the terms of one wrong entry.

    Args:
        search: whom to ask about which gradient. The target is called at most 400 times, on small integers in float64.
        spec: a geometry on which it fails.

    Returns:
        The counterexample; `actual` is None where the target returned nothing. None where it does not fail on `spec`.

    Raises:
        OutOfTimeError: the time was up first.
    """
    kind = search.failure(spec)
    if not kind:
        return None
    gradient, smallest = search.gradient, _smallest(search, spec, kind)
    case = digits_case(smallest, search.seed)
    right, actual = Problem(case).right(gradient), search.gradient_of(case, "digits")
    entry = _wrong_entry(right, actual) if kind == "numbers" else None
    terms = () if entry is None else read_terms(search.gradient_of, case, gradient, entry, _TERM_CALLS)
    return Counterexample(
        gradient=gradient,
        spec=smallest,
        x=case.x,
        weight=case.weight,
        grad_output=case.grad_output,
        expected=right,
        actual=actual,
        entry=entry,
        other=TENSORS[gradient].partner,
        terms=terms,
        bias=case.bias,
    )


def failure_of(answer: Answer, right: Array, gradient: GradientName) -> str:
    """How an answer is wrong: "numbers", "shape", "missing", "not finite", "error ..."; "" where it is right."""
    if not (answer.ended and answer.is_comparable):
        return f"error {answer.outcome.error.partition(':')[0]}"
    actual = _returned(answer, gradient)
    if actual is None:
        return "missing"
    if actual.shape != right.shape:
        return "shape"
    if not np.isfinite(actual).all():
        return "not finite"
    return "" if np.array_equal(right, actual) else "numbers"


def _returned(answer: Answer, gradient: GradientName) -> Array | None:
    if not (answer.ended and answer.is_comparable):
        return None
    actual = answer.outcome.gradients.get(gradient)
    return None if actual is None else np.asarray(actual)


def _smallest(search: Shrinking, spec: ConvSpec, kind: str) -> ConvSpec:
    """Take the first smaller geometry that fails in the same way, and start over, until none does."""
    while True:
        for candidate in smaller(spec):
            if search.asked >= search.most:
                return spec
            if search.failure(candidate) == kind:
                spec = candidate
                break
        else:
            return spec


def _wrong_entry(right: Array, actual: Array | None) -> tuple[int, ...] | None:
    """The first entry that differs; None where code that answers differently each time is right this once."""
    if actual is None or np.array_equal(right, actual):
        return None
    return tuple(int(i) for i in np.argwhere(right != actual)[0])
