"""One form tried on what its parameters may be, until its forward and its backward run."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from gradcheck_cli.model import OF_TORCH, WITHOUT_UPSTREAM, Array, Sample
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.inputs.beside import Beside
from gradcheck_cli.targets.functions.inputs.by_layer import as_known, known_samples
from gradcheck_cli.targets.functions.inputs.doubts import NO_NUMBER, why_unproved
from gradcheck_cli.targets.functions.inputs.drawing import (
    ProposalChoice,
    above_zero,
    among_drawn,
    axes_of,
    drawn,
    plainness,
)
from gradcheck_cli.targets.functions.inputs.emptied import is_emptied
from gradcheck_cli.targets.functions.inputs.fitting import Fitted, fitted, keeps_its_shapes
from gradcheck_cli.targets.functions.inputs.given import Given, fixed_options, samples_for
from gradcheck_cli.targets.functions.inputs.guessed import Guess, NearlyError, with_samples
from gradcheck_cli.targets.functions.inputs.guided import (
    FORWARD_ENDED,
    SQUARE,
    UNEQUAL,
    Reached,
    further,
    guided,
    progress_of,
)
from gradcheck_cli.targets.functions.inputs.joined import joined
from gradcheck_cli.targets.functions.inputs.labels import is_no_label, labels, leaves_out
from gradcheck_cli.targets.functions.inputs.meant import is_derivative, right_first
from gradcheck_cli.targets.functions.inputs.more_axes import NOTE as MORE_AXES, with_an_axis_more
from gradcheck_cli.targets.functions.inputs.options import (
    choices,
    chosen,
    holds_data,
    is_said,
    options_of,
)
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.inputs.proving import (
    has_a_one,
    is_meant_for_a_vector,
    is_right_entrywise,
    is_wrong_total,
    proves,
)
from gradcheck_cli.targets.functions.inputs.running import is_flat, is_good, runs, takes
from gradcheck_cli.targets.functions.inputs.unrolled import in_length, is_too_long, shortest
from gradcheck_cli.targets.functions.other_argument import as_other_argument, may_be_another, may_skip_others
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, tokens
from gradcheck_cli.targets.functions.total_loss import ready_forms

# Calls of the forward on small arrays: a wrong shape raises at once, a run of loops takes a millisecond.
MOST_TRIES = 600
# Where nothing fits: so many that come as near as any are asked for the change of the text that makes them right.
MOST_NEARLY = 6
# Once forward and backward ran and not every gradient has its argument's shape: an array with one axis more, or one
# less, is among the next.
FURTHER = 200


@dataclass
class InputSearch:
    """The tries on one form.

    Attributes:
        error: what the likeliest raised.
        second_best: on which only the forward ran, or only some gradients have the shape of their argument.
        nearly: how it did on these; `fits`: how the last one did.
        raised: the likeliest on which the forward ran and the backward raised.
        doubtful: the likeliest that fits but may not be meant: others are tried first.
        proves_nothing: why nothing is proved where it is no derivative there; "" where it is.
        has_wrong_total: it is wrong of a total of losses; only being right of each entry excuses it.
        is_unowned: its gradient has no name, and is not that of the argument of its shape.
        not_finite: of a loss, on which the forward gives no finite numbers.
        as_near: samples on which as much fits as on the best.
        left: how many more are tried once there is one that nearly fits.
    """

    form: WrittenFunction
    said: Given
    seed: int
    file: str
    end: float
    error: BaseException | None = None
    second_best: Guess | None = None
    raised: Guess | None = None
    doubtful: Guess | None = None
    proves_nothing: str = ""
    is_unowned: bool = False
    has_wrong_total: bool = False
    as_near: list[Sample] = field(default_factory=list)
    not_finite: list[ProposalChoice] = field(default_factory=list)
    nearly: Fitted = field(default_factory=lambda: Fitted(0.0))
    fits: Fitted = field(default_factory=lambda: Fitted(0.0))
    left: int = FURTHER

    def run(self) -> Guess | None:
        """The first on which all fits; None where there is none, and `second_best` is what comes nearest."""
        if self.said.calls:
            return self._as_said()
        fixed = fixed_options(self.said, [item.name for item in self.form.parameters])
        first = itertools.islice(choices(self.form, fixed), MOST_TRIES)
        for choice in itertools.chain(first, self._of_positive_weights()):
            if time.thread_time() > self.end or self.left < 0:
                break
            self.left -= bool(self.nearly.share or self.doubtful)
            found = self._found(choice)
            if found is not None and not self._is_doubtful(found, choice):
                return self._meant(found, choice)
            if self.nearly.is_slip:  # shapes on which that fits would hide it
                return None
        is_of_a_number = self.form.kind == "loss" or self.proves_nothing == NO_NUMBER
        may_go_on = self.doubtful is not None and is_of_a_number and not self.said.fixed
        apart = replace(self, doubtful=None, proves_nothing="", is_unowned=False, not_finite=[])
        before = time.thread_time()
        found = apart.in_joined_shapes(fixed)
        self.end += time.thread_time() - before  # what is left is for the others
        # What fits in the shapes of its names is doubtful, and no better told of others but where it is right there.
        found = found if found is None or self._is_right(found) else None
        found = found or (self._led(fixed) if may_go_on else None)
        found = found or self._in_doubt() or (None if self.said.fixed else self._as_a_known_layer()) or self._led(fixed)
        if found is None and self.second_best is None:
            self.second_best, self.nearly, self.as_near = apart.second_best, apart.nearly, apart.as_near
            self.raised = apart.raised
        return found or apart.doubtful

    def _of_positive_weights(self) -> Iterator[ProposalChoice]:
        """What gave no finite numbers in all that was tried, with nothing below 0: a sum of rates has a logarithm."""
        for choice in (waiting := self.not_finite[:MOST_NEARLY]):
            yield from above_zero(choice)
        del self.not_finite[: len(waiting)]

    def _each_above_zero(self, listed: Sequence[ProposalChoice]) -> Iterator[ProposalChoice]:
        """And at once, where one gives no finite numbers, with nothing below 0: others may be finite by chance."""
        for choice in listed:
            yield choice
            yield from self._of_positive_weights()

    def _is_doubtful(self, found: Guess, choice: ProposalChoice) -> bool:
        """Labels of nothing, or that leave something out; a loss of more than one number; a gradient of nobody's.

        The first of these is kept. What the user says in full is meant.
        """
        if {item.name for item in self.form.parameters if not item.has_default} <= set(self.said.fixed or ()):
            return False
        sample = found.samples[0]
        outputs = found.form.forward(sample.values)
        is_entrywise = is_right_entrywise(found.form, sample, outputs)
        is_loss = self.form.kind == "loss" or bool(LOSS_WORDS & set(tokens(self.form.title)))
        is_number = is_entrywise or all(out.size == 1 for out in outputs) or not is_loss
        nothing = why_unproved(found.form, sample, choice, outputs)
        is_seen = not nothing and not leaves_out(found.form, sample, labels(choice)) and not self._hides_a_shape(found)
        is_seen = is_seen and not is_meant_for_a_vector(found.form, sample, outputs)
        is_seen = is_seen and not all(is_emptied(found.form, each, self.file) for each in found.samples)
        self.has_wrong_total = self.has_wrong_total or is_wrong_total(found.form, sample)
        is_seen = is_seen and (is_entrywise or not self.has_wrong_total)
        is_seen = is_seen and keeps_its_shapes(found.form, found.samples[1:2])
        if is_number and is_seen and not self._is_of_another(found):
            return False
        if self.doubtful is None:
            self.doubtful, self.proves_nothing = found, nothing
        return True

    def _meant(self, found: Guess, choice: ProposalChoice) -> Guess:
        """On what has an axis more, where it is right there and not here."""
        more = with_an_axis_more(found.form, found.samples[0], choice, self.seed)
        meant = self._found(more) if more is not None else None
        return (meant and replace(meant, notes=(MORE_AXES.format(next(iter(choice)), found.samples[0].text),))) or found

    def _hides_a_shape(self, found: Guess) -> bool:
        """It fits where a length is 1, and elsewhere its gradient has the shape of the output."""
        return bool(self.nearly.odd) and self.nearly.is_of_output and has_a_one(found.form, found.samples[0])

    def _is_of_another(self, found: Guess) -> bool:
        """A gradient without a name may belong to another argument, for which only other shapes leave room.

        What is right for the first argument on other shapes is no excuse for what is wrong on the first ones.
        """
        if may_skip_others(found.form, found.samples[0]):
            return True
        self.is_unowned = self.is_unowned or may_be_another(found.form, found.samples)
        return self.is_unowned and as_other_argument(found.form, found.samples) is None

    def _in_doubt(self) -> Guess | None:
        """What may not be meant and is all that fits; None where nothing is.

        Raises:
            NearlyError: its gradient is not the derivative, which proves nothing there.
        """
        if (found := self.doubtful) is None or self._hides_a_shape(found):
            return None
        if self.proves_nothing and not is_derivative(found.form, found.samples[0]):
            refusal = NotAFunctionError("read", f"{self.proves_nothing}: it may be meant for others")
            raise NearlyError(refusal, replace(found, raised=self.raising(found.form)))
        return found

    @property
    def is_settled(self) -> bool:
        """Some gradients fit, and nothing was guessed: its file makes its parameters, and says how its data lie."""
        is_known = all(item.is_state or item.known or item.has_default for item in self.form.parameters)
        has_known = any(item.known for item in self.form.parameters)
        return is_known and has_known and self.nearly.share > 0 and not self.nearly.odd

    def raising(self, form: WrittenFunction) -> tuple[Sample, ...]:
        """Those of `raised` that this form takes too, and on which its backward raises."""
        samples = () if self.raised is None else self.raised.samples
        raising = (sample for sample in samples if takes(form, sample) and not runs(form, sample))
        return tuple(sample for sample in raising if proves(form, sample))

    def others(self) -> tuple[Sample, ...]:
        """What comes as near as the second best, itself among it, and that it takes; the plainest first."""
        best = self.second_best
        patterns: dict[tuple[int, ...], Sample] = {}
        for sample in self.as_near:
            patterns.setdefault(axes_of(sample), sample)
        near = [patterns[axes] for axes in sorted(patterns, key=plainness)[:MOST_NEARLY]]
        if best is None:
            return ()
        return tuple(sample for sample in near if takes(best.form, sample) and proves(best.form, sample))

    def _led(self, fixed: Mapping[str, Sequence[Proposal]]) -> Guess | None:
        """Among more shapes, from the choice that comes farthest on.

        Square matrices come last, and not at all where the forward ran on others: on these a lost transpose does not
        raise.
        """
        listed = options_of(self.form, fixed)
        has_run = self.second_best is not None
        for shapes in (UNEQUAL,) if has_run else (UNEQUAL, UNEQUAL + SQUARE):
            # Of the first, a length of 1 would hide that a part of it is all that is given.
            full = [axes for axes in shapes if axes and "1" not in axes]
            more = [
                # What the user or the form says is not widened: it would no longer be what was said.
                options if is_said(item, fixed) else further(options, shapes if place else full)
                for place, (item, options) in enumerate(zip(self.form.parameters, listed, strict=True))
            ]
            found = next(guided(more, partial(self._attempt, more), self.end), None)
            if found is not None:
                choice = chosen(self.form, more, found)
                led = self._try(choice)
                return self._in_doubt() if led is not None and self._is_doubtful(led, choice) else led
        return None

    def _is_right(self, found: Guess) -> bool:
        """Is its gradient the derivative? One without an owner may be that of the targets with the sign lost."""
        if as_other_argument(found.form, found.samples) is not None:
            return True
        if self.doubtful is None or not keeps_its_shapes(self.doubtful.form, self.doubtful.samples):
            return True  # what has its shape by chance is no better
        return not self.is_unowned and is_derivative(found.form, found.samples[0])

    def in_joined_shapes(self, fixed: Mapping[str, Sequence[Proposal]]) -> Guess | None:
        """In the shapes that the code asks for by what it raises, the first of which nothing is doubtful.

        What is doubtful is kept in `doubtful` where a wrong gradient would prove something.
        """
        first: Guess | None = None
        found_there = joined(self.form, options_of(self.form, fixed), self.seed)
        for choice in self._each_above_zero(found_there):
            found = self._found(choice)
            if found is not None and not self._is_doubtful(found, choice):
                return self._meant(found, choice)
            if found is not None and not self.proves_nothing and not self._hides_a_shape(found):
                first = first or found
            self.doubtful, self.proves_nothing, self.is_unowned = None, "", False
        self.doubtful = first
        return None

    def _attempt(self, listed: Sequence[Sequence[Proposal]], places: Sequence[int]) -> Reached | None:
        """How far one choice comes; None where it fits."""
        choice = chosen(self.form, listed, places)
        if not holds_data(choice):
            return ()
        try:
            found = self._try(choice)
        except Exception as error:
            self.error = self.error or error
            return progress_of(error, self.file)
        share = round(100 * self.fits.share)
        if found is None or not self._is_doubtful(found, choice):
            return (FORWARD_ENDED, share) if found is None else None
        return (FORWARD_ENDED, share, -sum(out.size for out in found.form.forward(found.samples[0].values)))

    def _where_it_moves(
        self, ready: WrittenFunction, choice: ProposalChoice, sample: Sample, outputs: Sequence[Array]
    ) -> Guess | None:
        """Of one number that stands still on normal numbers, what fits on positive ones, if it moves there: a rate that
        is kept above 0 before its logarithm is meant to be above 0."""
        other = next(above_zero(choice), None)
        if sum(out.size for out in outputs) != 1 or other is None or not is_flat(ready, sample, outputs):
            return None
        there = drawn(other, SIZES[0], self.seed)
        if not takes(ready, there) or is_flat(ready, there, ready.forward(there.values)):
            return None
        return self._tried(other)

    def _as_a_known_layer(self) -> Guess | None:
        """On the inputs of a layer that its name tells: its axes and its domain are known."""
        for samples in known_samples(self.form, self.seed):
            try:
                if (found := as_known(self.form, samples)) is not None:
                    return found
            except Exception as error:
                self.error = self.error or error
        return None

    def _as_said(self) -> Guess | None:
        """On what the user gives, which is not judged here: a backward that raises there is to be told."""
        samples = tuple(samples_for(self.form, self.said, self.seed))
        try:
            ready = next(ready_forms(self.form, samples[0]))
            self.second_best = Guess(ready, samples)
            for one in ready_forms(self.form, samples[0]):
                if fitted(one, samples[0], one.forward(samples[0].values)).share == 1:
                    return Guess(one, samples)
        except Exception as error:
            self.error = self.error or error
        return None

    def _found(self, choice: ProposalChoice) -> Guess | None:
        """What fits there; None also where the forward raises, of which the first is kept."""
        try:
            return self._try(choice)
        except Exception as error:
            self.error = self.error or error
            return None

    def _try(self, choice: ProposalChoice) -> Guess | None:
        """Where normal numbers give none that are finite, as a root or a logarithm does, positive ones are tried."""
        try:
            return self._tried(choice)
        except FloatingPointError:
            is_loss = self.form.kind in WITHOUT_UPSTREAM or bool(LOSS_WORDS & set(tokens(self.form.title)))
            if is_loss and self.form.kind not in (*OF_TORCH, "operation"):  # its own domain is among what comes next
                self.not_finite.append(choice)
                raise
            for other in above_zero(choice):
                with suppress(FloatingPointError):
                    return self._tried(other)
            raise

    def _ends(self, choice: ProposalChoice) -> bool:
        """Does the forward end on it?"""
        try:
            self._called(choice)
        except Exception:  # whatever it raises
            return False
        return True

    def _called(self, choice: ProposalChoice) -> None:
        sample = drawn(choice, SIZES[0], self.seed)
        next(ready_forms(self.form, sample)).forward(sample.values)

    def _in_length(self, choice: ProposalChoice) -> ProposalChoice:
        """The choice with its vector, where that is too long, as long as the forward reads it."""
        try:
            self._called(choice)
        except ValueError as error:
            return in_length(choice, error) or choice
        return shortest(choice, self._ends) or choice

    def _tried(self, choice: ProposalChoice) -> Guess | None:
        choice = self._in_length(choice) if is_too_long(choice) else choice
        sample = drawn(choice, SIZES[0], self.seed)
        waiting = ready_forms(self.form, sample)
        for ready in waiting:
            outputs = ready.forward(sample.values)
            if not is_good(outputs):
                raise FloatingPointError("the forward gives no finite floating-point numbers")
            if any(is_no_label(ready, sample, name, outputs) for name in labels(choice)):
                raise ValueError("it computes with its labels as with any numbers: they are none")
            if (livelier := self._where_it_moves(ready, choice, sample, outputs)) is not None:
                return livelier
            self.fits = fits = fitted(ready, sample, outputs)
            if fits.share == 1:
                ready = right_first([ready, *waiting], sample)
                # Drawn again, labels of more classes than there are would raise, and no other setting be seen.
                if not takes(ready, drawn(choice, SIZES[0], self.seed + 1)):
                    choice = among_drawn(choice, sample)
                beside = Beside(ready, choice, self.seed, self.file, self.end)
                return with_samples(ready, choice, self.seed, beside.samples())
            if fits.error is not None and self.raised is None:
                self.raised = with_samples(ready, choice, self.seed, ())
            if fits.share >= self.nearly.share:
                self.as_near = [*(self.as_near if fits.share == self.nearly.share else ()), sample]
            if fits.share > self.nearly.share or self.second_best is None:
                self.nearly, self.second_best = fits, with_samples(ready, choice, self.seed, ())
        return None
