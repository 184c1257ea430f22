"""A target at work: what it is asked, and what it did.

The verdict is reached elsewhere; whether an answer is right only decides here what is asked next.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from gradcheck_cli.layers import geometries
from gradcheck_cli.layers.variants import EACH, in_layout, kind_of, of_missing_kinds, plainer, variants
from gradcheck_cli.model import Case, ConvSpec, GradientName, Gradients, Verdict, VerifyOptions
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.numbers.arithmetic import Slack, declared_slack
from gradcheck_cli.targets import Described, Outcome, Worker
from gradcheck_cli.trials.deciding import deciding_specs, doubtful_specs
from gradcheck_cli.trials.trial import CANNOT_RUN, Trial
from gradcheck_cli.trials.truth import Question, Questions

PROBES = 2
MOST_DEATHS = 3
DEATHS = ("timeout", "crashed", "memory", "exited")
# A target that takes fewer geometries than this, or is wrong on a single one, is asked about their neighbours too.
FEW_GEOMETRIES = 8
MOST_VARIANTS = 40


class Running:
    """The workers of one `verify`, so that an interrupt can end them at once."""

    def __init__(self) -> None:
        self._workers: list[Worker] = []
        self.ended = False

    def watch(self, worker: Worker) -> None:
        """Remember a worker."""
        self._workers.append(worker)

    def end(self) -> None:
        """Kill what is at work; nothing is asked any more."""
        self.ended = True
        for worker in self._workers:
            worker.close()


@dataclass
class Session:
    """One target, its worker, the questions and its answers.

    Attributes:
        deadline: of `time.perf_counter`; nothing is asked after it.
        stopped: why not everything was asked, "" if it was.
        shrunk: gradient -> what the search for the smallest example saw: geometry -> how it failed, "" where right.
        late: a call after the deadline was refused.
        running: tells when to give up.
    """

    worker: Worker
    described: Described
    options: VerifyOptions
    questions: Questions
    deadline: float
    trials: list[Trial] = field(default_factory=list)
    further: list[Trial] = field(default_factory=list)
    stopped: str = ""
    shrunk: dict[GradientName, dict[ConvSpec, str]] = field(default_factory=dict)
    late: bool = False
    running: Running = field(default_factory=Running)

    @property
    def slack(self) -> Slack:
        """What its kind of arithmetic explains."""
        return declared_slack(self.options.arithmetic, self.described.rate)

    def run(self, specs: Iterable[ConvSpec]) -> None:
        """Ask everything: the narrow probe on every geometry, their neighbours where these are few, then the others."""
        self.try_all(specs)
        if self.options.geometry:  # asked for by name: it alone, with all probes
            self.try_further()
            return
        self.try_all(self._new(spec for rule in self.described.same for spec in geometries.SAME[rule]))
        self.try_all(self._new(geometries.around(self.described.constants)))
        self.try_plainer()
        self.try_more()
        self.try_all(self._new(of_missing_kinds([trial.case.spec for trial in self.trials if trial.supported])))
        self.try_deciding()
        if self._wrong_once():
            self.try_more()
        self.try_further()

    def try_all(self, specs: Iterable[ConvSpec]) -> None:
        """The narrow integer probe on every geometry, until time is up or the target keeps dying."""
        for spec in specs:
            if self._over():
                return
            self.trials.append(self._try(self.questions.narrow(spec)))

    def try_plainer(self) -> None:
        """The narrow probe on what was refused: in the target's own axes, or less some of its options.

        Only where no geometry of that kind is taken yet.
        """
        taken = {kind_of(trial.case.spec) for trial in self.trials if trial.supported}
        refused: Counter[frozenset[str]] = Counter()
        unasked = [in_layout(trial.case.spec, self.described.layout) for trial in self.trials if not trial.supported]
        for spec in self._new(chain(unasked, (other for refusal in unasked for other in plainer(refusal)))):
            if self._over():
                return
            kind = kind_of(spec)
            if kind in taken or refused[kind] >= EACH:
                continue
            trial = self._try(self.questions.narrow(spec))
            self.trials.append(trial)
            if trial.supported:
                taken.add(kind)
            else:
                refused[kind] += 1

    def try_more(self) -> None:
        """The narrow probe on neighbours, where few geometries are taken or a gradient is wrong on a single one."""
        asked = {trial.case.spec for trial in self.trials}
        for spec in self._neighbours():
            if not self._too_little() or self._over() or len(self.trials) >= len(asked) + MOST_VARIANTS:
                return
            if all(trial.case.spec != spec for trial in self.trials):
                self.trials.append(self._try(self.questions.narrow(spec)))

    def try_deciding(self) -> None:
        """The narrow probe where it tells apart under which condition the target is wrong; see `deciding`.

        So many and no more, whatever the clock says: the same command gives the same report on a busy machine.
        """
        for spec in deciding_specs(self):
            if self._over():
                return
            self.trials.append(self._try(self.questions.narrow(spec)))

    def try_doubtful(self) -> None:
        """Once the smallest example is known: what in the search for it speaks against a condition."""
        specs = list(doubtful_specs(self))
        self.try_all(specs)
        if specs:
            self.try_deciding()

    def try_further(self) -> None:
        """Where the narrow probe was right: what only wide, fractional or tiny numbers show."""
        right = [trial.case.spec for trial in self.trials if trial.supported and trial.right]
        right.sort(key=lambda spec: -spec.terms)
        kinds = (self.questions.wide, self.questions.fractional, self.questions.tiny)
        for spec in right[:PROBES]:
            for question in kinds:
                if not self._over():
                    self.further.append(self._try(question(spec)))
        if right and not self._over():
            self.further.append(self._try_after_another(self.questions.narrow(right[0])))

    def gradients_of(self, case: Case) -> Gradients:
        """The target's gradients for a case.

        Raises:
            RuntimeError: the target's error, or that its time is up.
        """
        if time.perf_counter() > self.deadline:
            self.late = True
            raise RuntimeError("no time left")
        outcome = self._answer(lambda: self.worker.backward(case, calls=1))
        if outcome.error_kind in CANNOT_RUN or not outcome.supported:
            raise RuntimeError(outcome.error)
        return outcome.gradients

    @property
    def compared(self) -> list[Trial]:
        """Every trial whose gradients were held against the truth."""
        return [trial for trial in self.trials + self.further if trial.compared]

    def _over(self) -> bool:
        """Is it time to stop? Then `stopped` says why."""
        count = len(self.trials)
        deaths = sum(trial.outcome.error_kind in DEATHS for trial in self.trials + self.further)
        if deaths >= MOST_DEATHS:
            self.stopped = f"stopped after {count} geometries: {deaths} calls ended or hung the target"
        elif time.perf_counter() > self.deadline:
            self.stopped = f"stopped after {count} geometries at the time limit of {self.options.timeout:g} s"
        return bool(self.stopped)

    def _too_little(self) -> bool:
        few = sum(trial.compared for trial in self.trials) < FEW_GEOMETRIES
        return few or bool(self._wrong_once())

    def _wrong_once(self) -> list[ConvSpec]:
        """Geometries that are the only one on which some gradient is wrong: too few to prove a cause."""
        found = []
        for name in self.described.yields:
            wrong = [trial.case.spec for trial in self.trials if trial.verdict(name) is Verdict.FAIL]
            found += wrong if len(wrong) == 1 else []
        return found

    def _neighbours(self) -> Iterator[ConvSpec]:
        """Of those where a gradient is wrong once, then of all that are taken, and of the neighbours that are taken."""
        for spec in self._wrong_once():
            yield from variants(spec)
        walked = 0
        while walked < len(self.trials):  # a neighbour that is taken has neighbours too
            trial = self.trials[walked]
            walked += 1
            if trial.supported:
                yield from variants(trial.case.spec)

    def _new(self, specs: Iterable[ConvSpec]) -> Iterator[ConvSpec]:
        """Those that were not asked before, each once."""
        known = {trial.case.spec for trial in self.trials}
        for spec in specs:
            if spec not in known:
                known.add(spec)
                yield spec

    def _try(self, question: Question) -> Trial:
        return self._trial(question, lambda: self.worker.backward(question.case, calls=2))

    def _try_after_another(self, question: Question) -> Trial:
        """What an object keeps of the arrays before shows in the second call only."""
        return self._trial(question, lambda: self.worker.backward_after_another(question.case))

    def _trial(self, question: Question, ask: Callable[[], Outcome]) -> Trial:
        return Trial(question.case, self._answer(ask), question.truth, self.described.yields, self.slack)

    def _answer(self, ask: Callable[[], Outcome]) -> Outcome:
        """A target that could be loaded once and not again has died for good."""
        if self.running.ended:
            raise InterruptedError
        try:
            return with_limit(ask(), self.options.timeout)
        except TargetError as error:
            return Outcome(Gradients(), error=error.sentence, error_kind="crashed")


def with_limit(outcome: Outcome, timeout: float) -> Outcome:
    """A call that was ended at the limit took that long."""
    return replace(outcome, seconds=timeout) if outcome.error_kind == "timeout" else outcome
