"""What one target is asked, and in which order: what is asked next depends on what it did up to now.

It ends in a `Transcript`; the verdict on that is reached elsewhere.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gradcheck_cli.layers import forms, geometries
from gradcheck_cli.layers.variants import EACH, in_layout, kind_of, of_missing_kinds, plainer, squared, variants
from gradcheck_cli.model import GRADIENTS, ConvSpec, Counterexample, GradientName, Verdict, VerifyOptions
from gradcheck_cli.model.line import as_asked
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers.arithmetic import declared_slack
from gradcheck_cli.targets import NOT_TRIED, Described
from gradcheck_cli.trials.answer import Answer, refused
from gradcheck_cli.trials.asker import Asker
from gradcheck_cli.trials.deciding import decide, doubtful
from gradcheck_cli.trials.question import ProbeName, Question
from gradcheck_cli.trials.shrink import OutOfTimeError, Shrinking, shrink
from gradcheck_cli.trials.transcript import Transcript, smallest_failure
from gradcheck_cli.trials.trial import Trial
from gradcheck_cli.trials.truth import Truths

# Geometries that see the further probes: a hidden float32 or a cut shows on the first one, a second costs little.
PROBES = 2
# What the narrow probe cannot show: see `ProbeName`.
FURTHER: tuple[ProbeName, ...] = ("wide", "fractional", "tiny")
# Each death costs a new process and a new import of the user's file; three are no accident.
MOST_DEATHS = 3
# A target that takes fewer geometries than this, or is wrong on a single one, is asked about their neighbours too.
FEW_GEOMETRIES = 8
# Neighbours, of which a target may refuse nearly all: each refusal still costs a call.
MOST_VARIANTS = 40
# For the search for the smallest example, from when it begins: beyond that nobody waits for a prettier one.
SHRINK_SECONDS = 10.0


@dataclass
class Session:
    """One target being asked.

    Attributes:
        target: how it was named, for the questions.
        asker: puts the questions.
        described: how it is called.
        options: seed, arithmetic, time limit.
        truths: the numbers and the truth of each question.
        trials: the narrow probe, one geometry each, in the order in which they were asked.
        further: other probes on some of these geometries.
        shrunk: see `Transcript`.
        refusals: geometry -> why the target is not called there, "" where it is.
        stopped: see `Transcript`.
        deaths: of how many of these calls the process ended with them.
        calls: made up to now.
    """

    target: str
    asker: Asker
    described: Described
    options: VerifyOptions
    truths: Truths
    trials: tuple[Trial, ...] = ()
    further: tuple[Trial, ...] = ()
    shrunk: dict[GradientName, dict[ConvSpec, str]] = field(default_factory=dict)
    refusals: dict[ConvSpec, str] = field(default_factory=dict)
    stopped: str = ""
    deaths: int = 0
    calls: int = 0

    def run(self, specs: Iterable[ConvSpec]) -> Transcript:
        """Ask everything: the narrow probe on every geometry, their neighbours where these are few, then the others."""
        asked = map(as_asked, specs) if self.options.geometry else self._of_its_kind(specs)
        self.try_all(asked)
        if self.options.geometry:  # asked for by name: it alone, with all probes
            self.try_further()
            return self.finished()
        same = (spec for rule in self.described.same for spec in geometries.SAME.get(rule, ()))
        self.try_all(self._new(self._of_its_kind(same)))
        if self.described.sides:
            self.try_all(self._new(self._of_its_kind(geometries.SIDES)))
        if self.described.square:
            self.try_all(self._new(map(squared, [trial.case.spec for trial in self.trials if not trial.supported])))
        if self.described.pointwise:
            self.try_all(self._new(self._of_its_kind(geometries.POINTWISE)))
        self.try_all(self._new(self._of_its_kind(geometries.around(self.described.constants))))
        self.try_plainer()
        self.try_more()
        self.try_all(self._new(of_missing_kinds([trial.case.spec for trial in self.trials if trial.supported])))
        self.try_deciding()
        if self._wrong_once():
            self.try_more()
        self.try_further()
        return self.finished()

    def finished(self) -> Transcript:
        """The smallest example of what is wrong, what it leaves in doubt, and all that is known then."""
        example = self._counterexample()
        self.try_doubtful()
        slack = declared_slack(self.options.arithmetic, self.described.rate)
        return Transcript(self.described, slack, self.trials, self.further, self.stopped, example, self.shrunk)

    def try_all(self, specs: Iterable[ConvSpec]) -> None:
        """The narrow integer probe on every geometry, until time is up or the target keeps dying."""
        specs = list(specs)
        self._foresee(specs)
        for spec in specs:
            if not self._try(spec):
                return

    def try_plainer(self) -> None:
        """The narrow probe on what was refused: in the target's own axes, or less some of its options.

        Only where no geometry of that kind is taken yet.
        """
        taken = {kind_of(trial.case.spec) for trial in self.trials if trial.supported}
        refused: Counter[frozenset[str]] = Counter()
        unasked = [in_layout(trial.case.spec, self.described.layout) for trial in self.trials if not trial.supported]
        for spec in self._new([*unasked, *(other for refusal in unasked for other in plainer(refusal))]):
            kind = kind_of(spec)
            if kind in taken or refused[kind] >= EACH:
                continue
            if not self._try(spec):
                return
            if self.trials[-1].supported:
                taken.add(kind)
            else:
                refused[kind] += 1

    def try_more(self) -> None:
        """The narrow probe on neighbours, where few geometries are taken or a gradient is wrong on a single one.

        First on those of the single ones, then on those of all that are taken; a neighbour that is taken has neighbours
        too.
        """
        most = len(self.trials) + MOST_VARIANTS
        taken = [trial.case.spec for trial in self.trials if trial.supported]
        waiting = deque([*self._wrong_once(), *taken])
        while waiting:
            for spec in self._new(variants(waiting.popleft())):
                if not self._too_little() or len(self.trials) >= most or not self._try(spec):
                    return
                if self.trials[-1].supported:
                    waiting.append(spec)

    def try_deciding(self) -> None:
        """The narrow probe where it tells apart under which condition the target is wrong; see `deciding`.

        So many and no more, whatever the clock says: the same command gives the same report on a busy machine.
        """
        decide(lambda: self.trials, self._try)

    def try_doubtful(self) -> None:
        """Once the smallest example is known: what in the search for it speaks against a condition."""
        specs = doubtful(self.trials, self.shrunk)
        self.try_all(specs)
        if specs:
            self.try_deciding()

    def try_further(self) -> None:
        """Where the narrow probe was right: what only wide, fractional or tiny numbers show, or a second use."""
        right = [trial.case.spec for trial in self.trials if trial.supported and trial.right]
        right.sort(key=lambda spec: -spec.terms)
        questions: list[tuple[ConvSpec, ProbeName]] = [(spec, probe) for spec in right[:PROBES] for probe in FURTHER]
        questions += [(spec, "after-another") for spec in right[:1]]
        for spec, probe in questions:
            if self._over():
                return
            further = self._asked(spec, probe)
            self.deaths += further.answer.died
            self.further = (*self.further, further)

    def _counterexample(self) -> Counterexample | None:
        """The smallest failing geometry of the first wrong gradient; None where only behaviour or wide sums are wrong.

        The failing geometry itself, where it could not be made smaller in time.
        """
        for name in self.described.yields:
            found = smallest_failure(self.trials, name)
            if found is not None and self.options.geometry:  # what was asked for is what is shown
                return found.as_counterexample(name)
            if found is not None:
                self.asker.allow(min(SHRINK_SECONDS, self.options.timeout))
                search = Shrinking(self.asker, self.target, name, self.options.seed)
                self.shrunk[name] = search.seen
                try:
                    return shrink(search, found.case.spec) or found.as_counterexample(name)
                except OutOfTimeError:
                    return found.as_counterexample(name)
        return None

    def _over(self) -> bool:
        """Is it time to stop? Then `stopped` says why.

        One call is made in any case: what takes all of its time while it is tried is slow, and is to be shown so.
        """
        if self.stopped:
            return True
        if self.deaths >= MOST_DEATHS:
            self._stop_dying()
        elif self.calls and self.asker.is_late:
            # What is refused costs nothing: the geometries that are counted are those that the target takes.
            taken = counted(sum(trial.supported for trial in self.trials), "geometry")
            self.stopped = f"stopped after {taken} at the time limit of {self.options.timeout:g} s"
        return bool(self.stopped)

    def _stop_dying(self) -> None:
        """Why nothing more is asked of what took its process with it so often."""
        calls = counted(self.deaths, "call")
        self.stopped = f"stopped after {calls} that ended the target, hung or outgrew its memory"

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

    def _of_its_kind(self, specs: Iterable[ConvSpec]) -> Iterable[ConvSpec]:
        """What stands in the place of geometries of pictures for a layer of another form."""
        return forms.of_layer(self.described.layer, self.described.modes, specs)

    def _new(self, specs: Iterable[ConvSpec]) -> list[ConvSpec]:
        """Those that were not asked before, each once."""
        known = {trial.case.spec for trial in self.trials}
        return [spec for spec in dict.fromkeys(specs) if spec not in known]

    def _try(self, spec: ConvSpec) -> bool:
        """Ask the narrow probe, unless it is time to stop: then False."""
        if self._over():
            return False
        trial = self._asked(spec, "narrow")
        if trial.outcome.error == NOT_TRIED:  # no call was made, so there is nothing to count
            self._stop_dying()
            return False
        self.deaths += trial.answer.died
        self.trials = (*self.trials, trial)
        if self.described.assumed:
            self._learn_what_it_yields()
        return True

    def _learn_what_it_yields(self) -> None:
        """Of a target that only raised before: what it gave where a call ended. The others it does not owe."""
        given = tuple(name for name in GRADIENTS if any(t.outcome.gradients.get(name) is not None for t in self.trials))
        if given:
            self.described = replace(self.described, yields=given)
            self.trials = tuple(replace(trial, yields=given) for trial in self.trials)

    def _asked(self, spec: ConvSpec, probe: ProbeName) -> Trial:
        question = Question(self.target, spec, probe, self.options.seed, self.described.layer)
        self._foresee([spec])
        # What has died may not live to refuse: then it is asked, and says so.
        if self.refusals[spec] and not self.deaths:
            truth = self.truths.unasked(question)
            answer = Answer(question, truth.case, refused(self.refusals[spec]))
        else:
            truth = self.truths.of(question)
            self.calls += 1
            answer = self.asker.ask(question, truth.case)
        return Trial(answer, truth, self.described.yields, declared_slack(self.options.arithmetic, self.described.rate))

    def _foresee(self, specs: Sequence[ConvSpec]) -> None:
        """What the target refuses whatever the numbers are, of all these at once."""
        unknown = [spec for spec in dict.fromkeys(specs) if spec not in self.refusals]
        if unknown and not self._over():
            self.refusals.update(zip(unknown, self.asker.refusals(unknown), strict=True))
        for spec in unknown:
            self.refusals.setdefault(spec, "")
