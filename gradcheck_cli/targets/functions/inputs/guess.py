"""Tries proposals on the target until its forward and its backward run, and says what they were."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import BackwardError, Form, NotAFunctionError, Parameter
from gradcheck_cli.targets.functions.inputs.drawing import Choice, drawn
from gradcheck_cli.targets.functions.inputs.given import Given, fixed_options, samples_for
from gradcheck_cli.targets.functions.inputs.parameters import settings
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal, proposals
from gradcheck_cli.targets.functions.inputs.variations import with_a_label_left_out, with_other_settings
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, tokens, word_set

Shape: TypeAlias = tuple[int, ...]

# Calls of the forward on small arrays: a wrong shape raises at once, a run of loops takes a millisecond.
MOST_TRIES = 600
# Further ones once the backward has run somewhere, with gradients that do not all have the shapes of their arguments:
# it may be meant for other inputs, or it may be wrong.
MORE_TRIES = 120
SECONDS = 6.0
IMAGE_WORDS = word_set("pool pooling maxpool avgpool spatial image images bn2d 2d upsample unpool")
ADDED_WORDS = word_set("b bias biases b1 b2 beta shift offset gamma scale gain weight")
TABLE_WORDS = word_set("embedding embed embeddings emb lookup gather")


class Fit(Enum):
    """A gradient's shape beside that of its argument: the same; wrong by a slip that is known; or neither."""

    RIGHT = "right"
    SLIP = "slip"
    ODD = "odd"


def fit_of(name: str, argument: Shape, gradient: Shape, output: Shape) -> Fit:
    """How a gradient fits. Turned round, or that of a bias not summed over what it was added to, is a slip."""
    if gradient == argument:
        return Fit.RIGHT
    if sorted(gradient) == sorted(argument):
        return Fit.SLIP
    unsummed = gradient == output and output[len(output) - len(argument) :] == argument
    return Fit.SLIP if unsummed and set(tokens(name)) & ADDED_WORDS else Fit.ODD


@dataclass(frozen=True)
class Guess:
    """What ran: the form as it hangs together then, and its samples on each set of sizes that it takes."""

    form: Form
    samples: tuple[Sample, ...]


def guess(forms: Iterable[Form], told: Given, seed: int, seconds: float = SECONDS) -> Guess:
    """The first choice of proposals, form by form, on which forward and backward run.

    Where the backward runs on none, the first on which the forward does, if that is what the user gives or it raises
    what no other input would mend: then that is what is told.

    Raises:
        NotAFunctionError: the forward runs on none, or the backward on none that was guessed; says what it raised on
            the likeliest.
    """
    end = time.monotonic() + seconds
    searches: list[_Search] = []
    for form in forms:
        searches.append(_Search(form, told, seed, end))
        found = searches[-1].run()
        if found is not None:
            return found
    loose = _loose(searches)
    if loose is None:
        _unsaid(searches, told)
    return loose or _failing(searches, told)


def _loose(searches: Sequence[_Search]) -> Guess | None:
    """Where the backward ran, and not all that it gave had the right shapes."""
    return next((search.loose for search in searches if search.loose is not None), None)


def _unsaid(searches: Sequence[_Search], told: Given) -> None:
    """Refuse where the backward ran on inputs alone that it may not be meant for.

    Raises:
        NotAFunctionError: with the shapes.
    """
    odd = next((search.odd for search in searches if search.odd), "")
    if odd and told.source == "guess":
        raise NotAFunctionError("read", f"on all inputs that were tried, {odd}: it may be meant for others")


def _failing(searches: Sequence[_Search], told: Given) -> Guess:
    """Where the backward only raised: its own failure where the inputs are known, or no input would have mended it."""
    ran = next((search for search in searches if search.second_best is not None), None)
    if ran is None:
        cause = next((search.error for search in searches if search.error is not None), None)
        raise NotAFunctionError("run", "its forward runs on no inputs that were tried", cause=cause)
    assert ran.second_best is not None
    if told.source == "guess" and not _is_own_doing(ran.backward_error):
        raise NotAFunctionError(
            "run", "its backward raises on all inputs that were tried", cause=ran.backward_error or ran.error
        )
    return ran.second_best


def _is_own_doing(error: BaseException | None) -> bool:
    """A name that is nowhere defined, or code that is not written yet: other inputs would meet it too."""
    undefined = isinstance(error, NameError) and not isinstance(error, UnboundLocalError)
    return error is None or undefined or isinstance(error, NotImplementedError)


@dataclass
class _Search:
    """The tries on one form.

    Attributes:
        error: what the likeliest raised.
        loose: the first on which the backward ran, and gave a gradient of a shape that is wrong by a known slip.
        odd: what other shape a gradient had where the backward ran, in words.
        second_best: the first on which only the forward ran, and `backward_error` what its backward raised.
    """

    form: Form
    told: Given
    seed: int
    end: float
    error: BaseException | None = None
    loose: Guess | None = None
    odd: str = ""
    second_best: Guess | None = None
    backward_error: BaseException | None = None

    def run(self) -> Guess | None:
        if self.told.calls:
            return self._as_told()
        fixed = fixed_options(self.told, [item.name for item in self.form.parameters])
        left = MOST_TRIES
        for choice in choices(self.form, fixed):
            left = min(left, MORE_TRIES) - 1 if self.loose else left - 1
            if left < 0 or time.monotonic() > self.end:
                break
            try:
                found = self._try(choice)
            except Exception as error:
                self.error = self.error or error
                continue
            if found is not None:
                return found
        return None

    def _as_told(self) -> Guess | None:
        """On what the user gives, which is not judged here: a backward that raises there is to be told."""
        samples = tuple(samples_for(self.form, self.told, self.seed))
        try:
            ready = next(_ready(self.form, samples[0]))
            self.second_best = Guess(ready, samples)
            for one in _ready(self.form, samples[0]):
                if any(self._fitting(one, samples[0], one.forward(samples[0].values))):
                    return Guess(one, samples)
        except Exception as error:
            self.error = self.error or error
        return None

    def _try(self, choice: Choice) -> Guess | None:
        sample = drawn(choice, SIZES[0], self.seed)
        for ready in _ready(self.form, sample):
            outputs = ready.forward(sample.values)
            if not _is_good(outputs):
                raise ValueError("the forward gives no finite floating-point numbers")
            fitting = self._fitting(ready, sample, outputs)
            if fitting and all(fit is Fit.RIGHT for fit in fitting):
                return _with_samples(ready, choice, self.seed)
            if fitting and Fit.ODD not in fitting:
                self.loose = self.loose or _with_samples(ready, choice, self.seed)
            elif not fitting:
                self.second_best = self.second_best or _with_samples(ready, choice, self.seed)
        return None

    def _fitting(self, form: Form, sample: Sample, outputs: Sequence[np.ndarray]) -> list[Fit]:
        """How each gradient that the backward gives has the shape of its argument; [] where it raises."""
        try:
            ran = form.run(sample.values, [np.ones_like(out) for out in outputs])
        except BackwardError as error:
            self.backward_error = self.backward_error or error.cause
            return []
        shapes = {name: (sample.array(name).shape, array.shape) for name, array in ran.gradients.items()}
        found = {name: fit_of(name, *pair, outputs[0].shape) for name, pair in shapes.items()}
        odd = [f"grad_{name} has the shape {shapes[name][1]}, {name} has {shapes[name][0]}" for name in found]
        self.odd = self.odd or next((text for text, fit in zip(odd, found.values(), strict=True) if fit is Fit.ODD), "")
        return list(found.values())


def choices(form: Form, fixed: Mapping[str, Sequence[Proposal]]) -> Iterator[Choice]:
    """Every combination of what the parameters may be, those of the likeliest parts first; `fixed` are known."""
    listed = [fixed.get(item.name) or _options(form, item) for item in form.parameters]
    names = [item.name for item in form.parameters]
    for places in by_rank([len(options) for options in listed]):
        choice = {name: options[place] for name, options, place in zip(names, listed, places, strict=True)}
        if _holds_data(choice):
            yield choice


def by_rank(lengths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every tuple of places below these lengths, those of a small sum first."""

    def summing(total: int, left: Sequence[int]) -> Iterator[tuple[int, ...]]:
        if not left:
            if total == 0:
                yield ()
            return
        for place in range(min(total, left[0] - 1) + 1):
            yield from ((place, *rest) for rest in summing(total - place, left[1:]))

    for total in range(sum(length - 1 for length in lengths) + 1):
        yield from summing(total, lengths)


def _options(form: Form, item: Parameter) -> Sequence[Proposal]:
    keys = settings(form.source, item.name)
    if keys is not None:
        return [Proposal("constant", value=keys)]
    words = set(tokens(form.title)) | ({"loss"} if form.kind in ("loss", "loss-class") else set())
    found = proposals(
        item.name,
        of_images=bool(words & IMAGE_WORDS),
        is_loss=bool(words & LOSS_WORDS),
        looks_up=bool(words & TABLE_WORDS),
    )
    if item.is_state:
        return [_state(item, 0)]
    if not item.has_default:
        return found
    if item.default is None and found[0].kind == "real":  # as `bias=None`: with it more is seen
        return [*found[:4], Proposal("keep")]
    return [Proposal("keep")]


def _holds_data(choice: Choice) -> bool:
    return any(
        proposal.kind in ("real", "positive", "unit") or isinstance(proposal.value, np.ndarray)
        for proposal in choice.values()
    )


def _ready(form: Form, sample: Sample) -> Iterator[Form]:
    """The form itself; a pair in each way in which it may hang together on this sample."""
    if isinstance(form, PairForm) and form.wiring is None:
        yield from form.wirings(sample.values)
    else:
        yield form


def _is_good(outputs: Sequence[np.ndarray]) -> bool:
    return bool(outputs) and all(out.dtype.kind == "f" and out.size and np.isfinite(out).all() for out in outputs)


def _with_samples(form: Form, choice: Choice, seed: int) -> Guess:
    """On both sets of sizes, two draws of the first where the forward does not take the second; then other settings."""
    first = drawn(choice, SIZES[0], seed)
    other = drawn(_for_sizes(form, choice, 1), SIZES[1], seed)
    second = other if _takes(form, other) else drawn(choice, SIZES[0], seed + 1)
    others = [drawn(changed, SIZES[0], seed + 2) for changed in with_other_settings(form.parameters, choice)]
    others += with_a_label_left_out(form.parameters, first)
    return Guess(form, (first, second, *(sample for sample in others if _runs(form, sample))))


def _takes(form: Form, sample: Sample) -> bool:
    """Its forward runs there: what it does not take is not asked."""
    try:
        return _is_good(form.forward(sample.values))
    except Exception:  # whatever it raises
        return False


def _runs(form: Form, sample: Sample) -> bool:
    """Forward and backward: a setting for which a layer has no backward, as at inference, is not asked either."""
    try:
        outputs = form.forward(sample.values)
        return _is_good(outputs) and bool(form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients)
    except Exception:  # whatever it raises
        return False


def _for_sizes(form: Form, choice: Choice, number: int) -> Choice:
    """The same choice, with what an object holds as it is made for other sizes."""
    states = {item.name: item for item in form.parameters if item.is_state}
    return {name: _state(states[name], number) if name in states else proposal for name, proposal in choice.items()}


def _state(item: Parameter, number: int) -> Proposal:
    """A weight of an object, as its constructor shaped it."""
    return Proposal("real", " ".join(map(str, item.shapes[number])))
