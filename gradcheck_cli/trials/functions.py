"""What a function is asked: on real numbers and on whole ones, with several G; and its forward around each point.

It ends in a `FunctionTranscript`; the verdict on that is reached elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from gradcheck_cli.checks.ladder.contract import ScaledCall, is_finite
from gradcheck_cli.checks.ladder.judge import depends
from gradcheck_cli.checks.ladder.ties import TiedCall, tied, together
from gradcheck_cli.checks.ladder.twice import SecondOrder
from gradcheck_cli.model import Array, Sample
from gradcheck_cli.model.circumstances import Circumstances, every_circumstance
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.model.text import counted
from gradcheck_cli.oracles.blackbox import (
    MOST_BYTES,
    Direction,
    Evaluate,
    EvaluationError,
    Jacobian,
    along,
    complex_step,
    differences,
    direction,
    exact_differences,
    with_its_rounding,
)
from gradcheck_cli.trials.empty_batch import empty_batch
from gradcheck_cli.trials.function_trial import (
    Asking,
    CalledFunction,
    Elsewhere,
    FunctionTranscript,
    FunctionTrial,
    RecordedForward,
)
from gradcheck_cli.trials.twice import second_order

# B(k G) = k B(G) is asked for these: doubled, turned, nothing.
FACTORS = (2.0, -1.0, 0.0)
# Samples that are also asked on whole numbers: one of each set of sizes.
WHOLE = 2
# Far from any number that is drawn: other steps of a rounding, and the other side of 0 for nearly all.
FAR = 64.0
# Whole numbers for G: small, so that sums of products stay exact, and none is 0, which would hide an entry.
LARGEST_G = 4


@dataclass
class FunctionSession:
    """One function being asked.

    Attributes:
        client: puts the questions.
        has_upstream: its backward is handed a G; not so a loss.
        deadline: of `time.perf_counter`.
        against: the name of another forward, "" for none.
        graphs: what is known of a recorded forward; None where forwards are not recorded.
        has_circumstances: its arrays have layouts, and a graph knows which gradients are needed: code of torch.
        configurations: with so many an autotuned kernel is to run.
    """

    client: CalledFunction
    has_upstream: bool
    deadline: float
    against: str = ""
    graphs: RecordedForward | None = None
    has_circumstances: bool = False
    configurations: int = 1

    def run(self, samples: Sequence[Sample]) -> FunctionTranscript:
        """Ask everything, on each sample as it is and on whole numbers of its shapes."""
        trials: list[FunctionTrial] = []
        for number, sample in enumerate(samples):
            if self.is_late:
                return FunctionTranscript(tuple(trials), f"stopped at the time limit after {counted(number, 'sample')}")
            trial = self._real(sample)
            if number == _widest(samples) and self.has_circumstances and trial.failure is None:
                trial = replace(
                    trial,
                    elsewhere=tuple(self._elsewhere(trial)),
                    second_order=self._twice(trial),
                    empty=empty_batch(self.client, trial) if self.has_upstream else None,
                )
            if not number and trial.failure is None:
                trial = replace(trial, tied=tuple(self._tied(sample)))
            trials.append(trial)
            if number < WHOLE and trials[-1].failure is None:
                straight = [name for name, second in trials[-1].second.items() if second.is_straight]
                trials += self._whole(whole_numbers(sample), straight)
        return FunctionTranscript(tuple(trials))

    def further(self, sample: Sample, about: str) -> FunctionTrial:
        """One more sample, with one G, at values where the forward itself may lose digits: its truth says how many."""
        outcome = self.client.outputs(sample)
        if not is_finite(outcome):
            return FunctionTrial(sample, failure=outcome, about=about)
        askings = tuple(islice(self._asked(sample, outcome.outputs), 1))
        trial = FunctionTrial(sample, outcome.outputs, askings, about=about)
        measured = self._measured(replace(trial, recording=self._recording(sample)))
        for name in list(measured.first):
            self.refine(measured, name)
        return measured

    def _recording(self, sample: Sample) -> Recording | None:
        recording = self.client.recording(sample) if self.graphs else None
        return recording if isinstance(recording, Recording) else None

    @property
    def is_late(self) -> bool:
        """Is the time up?"""
        return time.perf_counter() > self.deadline

    def about(self, sample: Sample, name: str, upstream: Sequence[Array] = ()) -> FunctionTrial:
        """One gradient on one sample: no more than it takes to show that it is wrong.

        Args:
            upstream: G; of whole numbers where none is given.
        """
        outcome = self.client.outputs(sample)
        if not outcome.ended:
            return FunctionTrial(sample, failure=outcome)
        drawn = whole_upstream(outcome.outputs, sample.seed) if self.has_upstream else _ones(outcome.outputs)
        trial = FunctionTrial(
            sample, outcome.outputs, (self._asking("whole numbers", sample, list(upstream) or drawn),)
        )
        self._measure(trial, name, partial(self._evaluate, sample, name))
        return trial

    def _real(self, sample: Sample) -> FunctionTrial:
        outcome = self.client.outputs(sample)
        if not outcome.ended:
            return FunctionTrial(sample, failure=outcome)
        askings = tuple(self._asked(sample, outcome.outputs))
        should = self.client.reference(sample, self.against) if self.against else None
        scaled = tuple(self._scaled(sample, askings[0]))
        trial = FunctionTrial(
            sample,
            outcome.outputs,
            askings,
            scaled,
            reference=should,
            recording=self._recording(sample),
        )
        return self._measured(trial)

    def _without_unused(self, trial: FunctionTrial) -> FunctionTrial:
        """The derivative by what the forward does not use is 0, and not to within what differences know."""
        unused = frozenset(self._unused(trial))
        exact = {name: _nothing(trial.first[name]) for name in unused if not trial.first[name].values.any()}
        return replace(trial, unused=unused, first=trial.first | exact) if unused else trial

    def _unused(self, trial: FunctionTrial) -> Iterator[str]:
        """What is constant nearby is a step, or nothing at all: a step is another one on the other side of 0."""
        for name in trial.sample.differentiated:
            if name not in trial.first or depends(trial.first, name):
                continue
            moved = trial.sample.replacing(name, FAR - FAR * trial.sample.array(name))
            outcome = self.client.outputs(moved)
            pairs = zip(outcome.outputs, trial.outputs, strict=False)
            if outcome.ended and all(np.array_equal(one, other) for one, other in pairs):
                yield name

    def _tied(self, sample: Sample) -> Iterator[TiedCall]:
        """Equal entries in one argument at a time; in all of them the kinks of one would be those of another."""
        for name in sample.differentiated:
            array = tied(sample.array(name))
            meeting = sample.replacing(name, array)
            outcome = self.client.outputs(meeting)
            if np.size(array) < 2 or not outcome.ended:
                continue
            try:
                slope = along(array, together(array), partial(self._evaluate, meeting, name))
            except EvaluationError:
                continue
            upstream = whole_upstream(outcome.outputs, sample.seed) if self.has_upstream else _ones(outcome.outputs)
            yield TiedCall(name, slope, tuple(upstream), self.client.gradients(meeting, upstream))

    def _elsewhere(self, trial: FunctionTrial) -> Iterator[Elsewhere]:
        """The call with random numbers, and for strides of 0 that with ones."""
        others = [Circumstances(configuration=number) for number in range(1, self.configurations)]
        for circumstances in every_circumstance(trial.sample) + others:
            number = next(
                (place for place, each in enumerate(trial.askings) if circumstances.fits(each.upstream)), None
            )
            if number is not None and trial.askings[number].outcome.ended:
                upstream = trial.askings[number].upstream
                outcome = self.client.in_circumstances(trial.sample, upstream, circumstances)
                yield Elsewhere(circumstances, number, outcome)

    def _twice(self, trial: FunctionTrial) -> SecondOrder | None:
        asking = trial.askings[0] if trial.askings else None
        if trial.recording is None or asking is None or not asking.outcome.ended:
            return None
        return second_order(self.client, trial.sample, asking.upstream, trial.recording)

    def _asked(self, sample: Sample, outputs: Sequence[Array]) -> Iterator[Asking]:
        if not self.has_upstream:
            yield self._asking("a loss", sample, _ones(outputs), calls=2)
            return
        generator = np.random.default_rng(sample.seed)
        yield self._asking("random numbers", sample, _normal(outputs, generator), calls=2)
        # A random G hides a lost mean, as its own mean is near 0; G along the output shows what is lost along it.
        yield self._asking("all ones", sample, _ones(outputs))
        yield self._asking("the output itself", sample, [np.array(out, np.float64) for out in outputs])

    def _asking(self, about: str, sample: Sample, upstream: list[Array], calls: int = 1) -> Asking:
        return Asking(about, tuple(upstream), self.client.gradients(sample, upstream, calls))

    def _scaled(self, sample: Sample, first: Asking) -> Iterator[ScaledCall]:
        if self.has_upstream and first.outcome.ended:
            for factor in FACTORS:
                grads = [factor * part for part in first.upstream]
                yield ScaledCall(factor, self.client.gradients(sample, grads))

    def _measured(self, trial: FunctionTrial) -> FunctionTrial:
        by_graph: dict[str, Jacobian] = {}
        widened = None
        if self.graphs is not None and trial.recording is not None:
            by_graph = self.graphs.jacobians(trial.recording, trial.sample, trial.outputs)
            widened = self.graphs.widened(trial.recording, trial.sample, trial.outputs)
        for name in trial.sample.differentiated:
            evaluate = partial(self._evaluate, trial.sample, name) if widened is None else partial(widened, name)
            self._measure(trial, name, evaluate, by_graph.get(name))
        is_confirmed = all(by_graph.get(name) is known for name, known in trial.first.items())
        is_another = not is_confirmed and trial.recording is not None and trial.recording.left_torch
        return self._without_unused(replace(trial, recording=None) if is_another else trial)

    def _measure(self, trial: FunctionTrial, name: str, evaluate: Evaluate, known: Jacobian | None = None) -> None:
        """The derivative by one argument and its second opinion; `known` is a first opinion that is there already."""
        point = trial.sample.array(name)
        try:
            second = direction(point, evaluate, trial.sample.seed)
            if known is None or not second.confirms_all(known):
                known = _derivative(point, evaluate, second)
            trial.first[name], trial.second[name] = known, second
        except EvaluationError as error:
            trial.unmeasured[name] = str(error)

    def refine(self, trial: FunctionTrial, name: str) -> None:
        """Measure what the forward's own rounding leaves unknown of a derivative that no graph gave.

        It stays as it is where the forward takes no longer numbers.
        """
        known = None if name in trial.unused else trial.first.get(name)
        if trial.recording is None and known is not None and not known.knows_rounding:
            point = trial.sample.array(name).astype(np.longdouble)
            with suppress(EvaluationError):
                longer = _derivative(point, partial(self._evaluate, trial.sample, name), trial.second[name])
                trial.first[name] = with_its_rounding(known, longer)

    def _whole(self, sample: Sample, names: Sequence[str]) -> list[FunctionTrial]:
        """The same on whole numbers, where the forward is straight along some arguments: else nothing."""
        if not names:
            return []
        outcome = self.client.outputs(sample)
        if not is_finite(outcome):
            return []
        exact: dict[str, Jacobian] = {}
        for name in names:
            try:
                slope = exact_differences(sample.array(name), partial(self._evaluate, sample, name))
            except EvaluationError:
                continue
            if slope is not None and np.isfinite(slope.values).all():
                exact[name] = slope
        if not exact:
            return []
        grads = whole_upstream(outcome.outputs, sample.seed) if self.has_upstream else _ones(outcome.outputs)
        asking = self._asking("whole numbers", sample, grads)
        return [FunctionTrial(sample, outcome.outputs, (asking,), exact=exact, about="whole numbers")]

    def _evaluate(self, sample: Sample, name: str, values: Array) -> tuple[Array, ...]:
        gathered: list[tuple[Array, ...]] = []
        while not gathered or len(values):
            if self.is_late:
                raise EvaluationError(
                    "the time limit is reached; smaller inputs take less (gradcheck_inputs, --timeout)"
                )
            stacked = self.client.varied(sample, name, values[: max(1, MOST_BYTES // max(1, values[:1].nbytes))])
            if stacked.error or not stacked.outputs:
                raise EvaluationError(stacked.error or "the forward gives nothing")
            gathered.append(stacked.outputs)
            values = values[len(stacked.outputs[0]) :]
        return gathered[0] if len(gathered) == 1 else tuple(map(np.concatenate, zip(*gathered, strict=True)))


def _derivative(point: Array, evaluate: Evaluate, second: Direction) -> Jacobian:
    """The first source that the second opinion confirms, else the last.

    The complex step is no derivative where the code takes absolute values, as numpy's variance of complex numbers does.

    Raises:
        EvaluationError: no source gives anything.
    """
    try:
        found = complex_step(point, evaluate)
        if second.confirms_all(found):
            return found
    except EvaluationError:
        pass
    return differences(point, evaluate, second.noise)


def _nothing(known: Jacobian) -> Jacobian:
    """The derivative by an argument that the forward does not use."""
    source = "the forward gives the same bits for far other values"
    return Jacobian(source, np.zeros_like(known.values), np.zeros_like(known.error))


def whole_numbers(sample: Sample) -> Sample:
    """The same shapes with whole numbers; what lies between 0 and 1 stays, as it may be a probability or a variance."""
    arrays = {name: sample.array(name) for name in sample.differentiated}
    within = {name for name, array in arrays.items() if array.size > 1 and array.min() >= 0 and array.max() <= 1}
    return whole_along(sample, [name for name in arrays if name not in within])


def whole_along(sample: Sample, names: Sequence[str]) -> Sample:
    """Whole numbers in these arguments, none of them 0 and none twice in an array: no kink and no tie.

    What is positive stays so, and what is symmetric.
    """
    generator = np.random.default_rng([sample.seed, 1])
    for name in names:
        array = sample.array(name)
        signs = generator.choice([-1.0, 1.0], array.size)
        signs = np.abs(signs) if array.size > 1 and array.min() > 0 else signs
        drawn = generator.permutation(np.arange(1.0, array.size + 1)) * signs
        sample = sample.replacing(name, _mirrored_as(array, drawn.reshape(array.shape)))
    return sample


def _mirrored_as(array: Array, drawn: Array) -> Array:
    """The upper half of a matrix in the lower one too, where it was so before."""
    is_square = array.ndim == 2 and array.shape[0] == array.shape[1] > 1  # rows and columns, and more than one of each
    return np.triu(drawn) + np.triu(drawn, 1).T if is_square and np.array_equal(array, array.T) else drawn


def whole_upstream(outputs: Sequence[Array], seed: int) -> list[Array]:
    """A G of small whole numbers."""
    generator = np.random.default_rng([seed, 2])
    return [
        generator.integers(1, LARGEST_G + 1, out.shape) * generator.choice([-1.0, 1.0], out.shape) for out in outputs
    ]


def _widest(samples: Sequence[Sample]) -> int:
    """The first of those with the most axes: with two axes a transposed array can still be seen as one row."""
    axes = [max((np.ndim(sample.array(name)) for name in sample.differentiated), default=0) for sample in samples]
    return axes.index(max(axes))


def _ones(outputs: Sequence[Array]) -> list[Array]:
    return [np.ones(out.shape) for out in outputs]


def _normal(outputs: Sequence[Array], generator: np.random.Generator) -> list[Array]:
    return [np.asarray(generator.standard_normal(out.shape)) for out in outputs]
