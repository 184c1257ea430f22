"""The one door to a target: every question of a run goes through it, and nothing here looks whether an answer is right.

An interrupt ends it, and what dies on a call has answered too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gradcheck_cli.model import Case, ConvSpec, Gradients, Setting
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.targets import Outcome, Repetition, TextEdit
from gradcheck_cli.targets.variants import Variants
from gradcheck_cli.trials.answer import Answer
from gradcheck_cli.trials.question import Question


class Called(Protocol):
    """What runs the target: see `targets.Worker`."""

    def backward(self, case: Case, calls: Repetition, setting: Setting, /) -> Outcome:
        """The target's gradients for a case."""

    def backward_of_variants(
        self, variants: Variants, case: Case, calls: Repetition, setting: Setting, /
    ) -> Sequence[Outcome | None]:
        """The same with each of these edits in its text, of the first of them; None where they cannot be put."""

    def refusals(self, specs: Sequence[ConvSpec], /) -> Sequence[str]:
        """Why it is not called on each of these geometries, "" where it is."""

    def edit(self, edits: Sequence[TextEdit], /) -> bool:
        """Put other expressions into the target; see `targets.Worker.edit`."""

    def end(self) -> None:
        """Kill it for good."""


class Running:
    """The workers of one `verify`, so that an interrupt can end them at once."""

    def __init__(self) -> None:
        self._workers: list[Called] = []
        self.ended = False

    def watch(self, worker: Called) -> None:
        """Remember a worker.

        Raises:
            InterruptedError: the run is being ended.
        """
        # In this order: an end that comes in between finds it in the list.
        self._workers.append(worker)
        if self.ended:
            raise InterruptedError

    def end(self) -> None:
        """Kill what is at work; nothing is asked any more."""
        self.ended = True
        for worker in self._workers:
            worker.end()


@dataclass
class Asker:
    """Puts questions to one target.

    Attributes:
        worker: runs it.
        timeout: seconds, of one call.
        deadline: of `time.perf_counter`; who asks looks at `is_late` before each question.
        running: tells when to give up.
    """

    worker: Called
    timeout: float
    deadline: float = math.inf
    running: Running = field(default_factory=Running)

    @property
    def is_late(self) -> bool:
        """Is the time of this target up?"""
        return time.perf_counter() > self.deadline

    def allow(self, seconds: float) -> None:
        """Some time more from now on, or less."""
        self.deadline = time.perf_counter() + seconds

    def refusals(self, specs: Sequence[ConvSpec]) -> Sequence[str]:
        """Why the target is not called on each of these geometries; "" where it is, or where nobody knows.

        Raises:
            InterruptedError: the run is being ended.
        """
        if self.running.ended:
            raise InterruptedError
        try:
            return self.worker.refusals(specs)
        except TargetError:
            return [""] * len(specs)  # told by `ask`

    def edit(self, edits: Sequence[TextEdit]) -> bool:
        """Let the target run with these in its text; none undoes it. False where they cannot be put.

        Raises:
            InterruptedError: the run is being ended.
        """
        if self.running.ended:
            raise InterruptedError
        return self.worker.edit(edits)

    def ask(self, question: Question, case: Case) -> Answer:
        """Put a question; `case` holds the numbers that it stands for.

        A target that could be loaded once and not again has died for good: that is an answer as well.

        Raises:
            InterruptedError: the run is being ended.
        """
        if self.running.ended:
            raise InterruptedError
        try:
            outcome = self.worker.backward(case, question.calls, question.setting)
        except TargetError as error:
            outcome = Outcome(Gradients(), error=error.sentence, error_kind="crashed")
        return self._answer(question, case, outcome)

    def ask_variants(self, variants: Variants, question: Question, case: Case) -> list[Answer | None]:
        """Put a question to the target with each of these edits in its text, as far as a slice of time goes.

        Returns:
            For the first of them, one at least; None where the edits cannot be put. The last ones stay in its text.

        Raises:
            InterruptedError: the run is being ended.
        """
        if self.running.ended:
            raise InterruptedError
        outcomes = self.worker.backward_of_variants(variants, case, question.calls, question.setting)
        return [None if outcome is None else self._answer(question, case, outcome) for outcome in outcomes]

    def _answer(self, question: Question, case: Case, outcome: Outcome) -> Answer:
        if outcome.error_kind == "timeout":
            # A call that was ended at the limit took that long; nobody was left to measure it.
            outcome = replace(outcome, seconds=self.timeout)
        return Answer(question, case, outcome)
