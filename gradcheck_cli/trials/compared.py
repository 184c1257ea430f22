"""Every gradient of a function beside the truth, sample by sample and G by G. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.checks.ladder.contract import Broken, broken_laws
from gradcheck_cli.checks.ladder.elsewhere import broken_elsewhere
from gradcheck_cli.checks.ladder.forward import ForwardJudged, judged_forward
from gradcheck_cli.checks.ladder.judge import JudgedGradient, depends, judged_closely, judged_exactly
from gradcheck_cli.checks.ladder.ties import broken_at_ties
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import CALL, Array, FunctionForm, ReturnedEntry, Verdict
from gradcheck_cli.targets.functions.inputs.variations import epsilons_raised
from gradcheck_cli.targets.functions.spelling import is_between_layers, looks_like_gradient, tokens, word_set
from gradcheck_cli.trials.function_trial import Asking, Elsewhere, FunctionTrial, LeftOutGuard

# Of what the outputs would change by where the argument grows by itself: far below what float32 keeps, 2^-24.
FLAT = 2.0**-40
# Of the largest entry: what a guard that is left out may move. Where it moves more, it is no guard on these numbers.
LARGEST_SHARE = 1e-2
# Forms whose author chooses what a gradient is wanted of.
CHOOSING = ("loss", "loss-pair")
# The worst first: the verdict of several comparisons is the first that one of them has.
ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.MISSING, Verdict.PASS)


@dataclass(frozen=True, eq=False)
class Compared:
    """One gradient on one sample and one G."""

    name: str
    trial: FunctionTrial
    asking: Asking
    judged: JudgedGradient

    @property
    def is_apart(self) -> bool:
        """On numbers where a guard does more than guard: a larger one, or data beyond the usual."""
        return bool(epsilons_raised(self.trial.sample) or (self.trial.about and not self.trial.exact))

    @property
    def share(self) -> float:
        """The largest error, of the largest entry."""
        actual, expected = self.judged.actual, self.judged.expected
        if actual is None or actual.shape != expected.shape:
            return np.inf
        largest = np.max(np.abs(expected), initial=0.0)
        off = np.max(np.abs(actual - expected), initial=0.0)
        return float(off / largest) if largest and np.isfinite(off) else np.inf


@dataclass(frozen=True, eq=False)
class FunctionComparison:
    """All that was compared of one function.

    Attributes:
        trials: as they were asked.
        names: the gradients that the function owes.
        compared: gradient by gradient.
        broken: the laws that do not hold, each with the sample on which it was seen.
        form: how the function stands in its file.
        forwards: the outputs beside those of a reference, where there is one.
    """

    trials: tuple[FunctionTrial, ...]
    names: tuple[str, ...]
    compared: tuple[Compared, ...]
    broken: tuple[tuple[FunctionTrial, Broken], ...]
    form: FunctionForm
    forwards: tuple[tuple[FunctionTrial, ForwardJudged], ...] = ()

    @classmethod
    def of(cls, trials: Sequence[FunctionTrial], form: FunctionForm) -> FunctionComparison:
        """Compare what was asked."""
        names = _owed(trials, form)
        compared = tuple(each for each in _compared(trials) if each.name in names)
        forwards = tuple(
            (trial, judged_forward(trial.sample, trial.outputs, trial.reference))
            for trial in trials
            if trial.reference is not None
        )
        return cls(tuple(trials), names, compared, (*_broken(trials), *_not_given(trials, names)), form, forwards)

    def but_for(self, guards: Mapping[str, LeftOutGuard]) -> FunctionComparison:
        """The same, with these gradients right where a guard is all that is left out: off by little, or it is large."""
        compared = tuple(_pardoned(each) if _is_left_out(each, guards) else each for each in self.compared)
        return replace(self, compared=compared)

    def with_trials(self, others: Mapping[int, FunctionTrial]) -> FunctionComparison:
        """The same with other trials in the place of some, by their `id`, in which nothing that is compared differs."""

        def now(trial: FunctionTrial) -> FunctionTrial:
            return others.get(id(trial), trial)

        return replace(
            self,
            trials=tuple(map(now, self.trials)),
            compared=tuple(replace(each, trial=now(each.trial)) for each in self.compared),
            broken=tuple((now(trial), each) for trial, each in self.broken),
            forwards=tuple((now(trial), each) for trial, each in self.forwards),
        )

    def about(self, name: str) -> list[Compared]:
        """The comparisons of one gradient."""
        return [each for each in self.compared if each.name == name]

    def laws(self, name: str) -> list[Broken]:
        """The broken laws of one gradient, and of the call as a whole."""
        return [each for _, each in self.broken if each.gradient in (name, CALL)]

    @property
    def left_out(self) -> list[str]:
        """The arguments that the forward depends on, and of which no gradient is owed, as none is ever returned."""
        known = [trial for trial in self.trials if trial.first]
        owed = self.trials[0].sample.differentiated if self.trials else ()
        return [name for name in owed if name not in self.names and any(depends(trial.first, name) for trial in known)]

    @property
    def of_nobody(self) -> list[str]:
        """What is called as gradients are and belongs to no argument: nothing says whether it is right."""
        entries = {each.called for _, each in _entries(self.trials) if not each.name and not each.is_none}
        weights = {called for called in entries if _OF_A_WEIGHT.match(called)}
        return sorted({*_nobodys(self.trials)} | weights)

    def is_unused(self, name: str) -> bool:
        """Does the forward give the same bits for far other values of an argument, wherever it was measured?"""
        measured = [trial for trial in self.trials if name in trial.first]
        return bool(measured) and all(name in trial.unused for trial in measured)

    def is_missing(self, name: str) -> bool:
        """Was a gradient compared, and never there?"""
        mine = self.about(name)
        return bool(mine) and all(each.judged.actual is None for each in mine)


def _is_left_out(each: Compared, guards: Mapping[str, LeftOutGuard]) -> bool:
    guard = guards.get(each.name)
    return guard is not None and (guard.is_whole or each.is_apart or each.share <= LARGEST_SHARE)


def _pardoned(each: Compared) -> Compared:
    result = replace(each.judged.result, verdict=Verdict.PASS)
    return replace(each, judged=replace(each.judged, result=result))


def worst(verdicts: set[Verdict]) -> Verdict:
    """The verdict of several; inconclusive where there are none."""
    return next((verdict for verdict in ORDER if verdict in verdicts), Verdict.INCONCLUSIVE)


def _compared(trials: Sequence[FunctionTrial]) -> Iterator[Compared]:
    for trial in trials:
        for asking in trial.askings:
            for name in trial.sample.differentiated if asking.outcome.ended else ():
                judged = judged_of(trial, asking, name)
                if judged is not None:
                    yield Compared(name, trial, asking, judged)


def judged_of(trial: FunctionTrial, asking: Asking, name: str) -> JudgedGradient | None:
    """One gradient beside the truth of its sample; None where there is none."""
    actual, shape = asking.outcome.gradients.get(name), trial.sample.array(name).shape
    if name in trial.exact:
        judged = judged_exactly(actual, trial.exact[name], asking.upstream, shape)
    elif name in trial.first:
        judged = judged_closely(actual, trial.first[name], trial.second[name], asking.upstream, shape)
    else:
        return None
    is_apart = judged.verdict is Verdict.FAIL or judged.is_either
    return None if is_apart and _is_flat(trial, asking, name, judged) else judged


def _is_flat(trial: FunctionTrial, asking: Asking, name: str, judged: JudgedGradient) -> bool:
    """Both gradients are so near to 0 that rounding of the forward and of the backward is all that is seen of them.

    Where a softmax gives a 1, its slope is what is left of 1 - 1, and no source knows the 29th digit of that.
    """
    actual = judged.actual
    if actual is None or not np.isfinite(actual).all():
        return False
    largest = max(np.abs(judged.expected).max(initial=0.0), np.abs(actual).max(initial=0.0))
    pairs = [*zip(trial.outputs, asking.upstream, strict=False)]
    outputs = sum(np.abs(out * grad).max(initial=0.0) for out, grad in pairs)
    if not outputs:  # the logarithm of a chance that is 1: what it was computed from is of that size
        outputs = sum(np.abs(grad).max(initial=0.0) for _, grad in pairs)
    # An offset that starts at 0 says nothing of its size; it is not flat for that.
    size = np.abs(trial.sample.array(name)).max(initial=0.0) or 1.0
    return bool(largest * size < FLAT * outputs)


def _broken(trials: Sequence[FunctionTrial]) -> Iterator[tuple[FunctionTrial, Broken]]:
    for trial in trials:
        for asking in trial.askings[:1]:
            for each in broken_laws(trial.sample, asking.outcome, list(trial.scaled)):
                yield trial, each
        for other in trial.elsewhere:
            for each in _broken_elsewhere(trial, other):
                yield trial, each
        for call in trial.tied:
            law = broken_at_ties(call)
            if law is not None and _is_right(trial, call.name):
                yield trial, law


def _is_right(trial: FunctionTrial, name: str) -> bool:
    """Where no entries are equal: a gradient that is wrong anyway is told by its numbers."""
    judged = judged_of(trial, trial.askings[0], name) if trial.askings else None
    return judged is not None and judged.verdict is Verdict.PASS


def _broken_elsewhere(trial: FunctionTrial, other: Elsewhere) -> Iterator[Broken]:
    asking = trial.askings[other.asking]

    def is_wrong(name: str, actual: Array) -> bool:
        if name not in trial.first:
            return False
        shape = trial.sample.array(name).shape
        sources = trial.first[name], trial.second[name]
        return judged_closely(actual, *sources, asking.upstream, shape).verdict is Verdict.FAIL

    for each in broken_elsewhere(other.circumstances, asking.outcome, other.outcome, is_wrong):
        plain = asking.outcome.gradients.get(each.gradient)
        # A gradient that is wrong anyway is told by its numbers, not by where they change.
        if plain is None or not is_wrong(each.gradient, plain):
            yield each


def _not_given(trials: Sequence[FunctionTrial], names: Sequence[str]) -> Iterator[tuple[FunctionTrial, Broken]]:
    """None in the place of a gradient on which the forward depends: autograd takes it for zeros."""
    for trial, entry in _entries(trials):
        if entry.is_none and entry.name in names and depends(trial.first, entry.name):
            said = f"None is returned for {entry.name}, and the forward depends on it"
            yield trial, Broken(Sign.ABSENT, entry.name, said)


def _owed(trials: Sequence[FunctionTrial], form: FunctionForm) -> tuple[str, ...]:
    """The gradients of the arguments on which the forward depends, and all that are returned.

    What gives the gradients of a loss gives those that its author wanted; not its data.
    """
    returned = {name for trial in trials for asking in trial.askings for name in asking.outcome.gradients}
    known = [trial for trial in trials if trial.first]
    chosen = form in CHOOSING and bool(returned) and not _nobodys(trials)
    owed = tuple(
        name
        for name in (trials[0].sample.differentiated if trials else ())
        if name in returned or (not chosen and (not known or any(depends(trial.first, name) for trial in known)))
    )
    data = _data(form, owed, returned, trials)
    return tuple(name for name in owed if name not in data)


# So many arguments are those of a layer, whose data come first.
_FEW = 2
_DATA = word_set("x xs inputs data")
# A value between two layers is no weight, whatever its number is.
_OF_A_WEIGHT = re.compile(r"d_?[WUVwb]_?\d*$")
_PREDICTED = word_set("pred preds predicted prediction predictions hat yhat")


def _nobodys(trials: Sequence[FunctionTrial]) -> list[str]:
    """What is called as gradients are, and belongs to no argument: of which one, is not known."""
    return [
        each.called
        for trial, each in _entries(trials)
        if not each.name and not each.is_none and looks_like_gradient(each.called) and not _is_on_the_way(each, trial)
    ]


def _entries(trials: Sequence[FunctionTrial]) -> list[tuple[FunctionTrial, ReturnedEntry]]:
    """What the first call of each trial returned."""
    return [(trial, entry) for trial in trials for asking in trial.askings[:1] for entry in asking.outcome.returned]


def _is_on_the_way(entry: ReturnedEntry, trial: FunctionTrial) -> bool:
    """Is it the gradient of a value between two layers, as `dZ2`, in the shape of no argument that has none?"""
    named = {name for asking in trial.askings[:1] for name in asking.outcome.gradients}
    shapes = [sorted(trial.sample.array(name).shape) for name in trial.sample.differentiated if name not in named]
    return is_between_layers(entry.called) and sorted(entry.shape or ()) not in shapes


def _data(
    form: FunctionForm, owed: Sequence[str], returned: Collection[str], trials: Sequence[FunctionTrial]
) -> Sequence[str]:
    """The argument of a network that needs no gradient, where those of all else come back by name.

    Not so where nothing is returned, or what belongs to nobody: then it may be the one that is missing. Of an object it
    is what its forward takes first; of a function of many weights what is called as data. Where the gradient of what
    is called a prediction is all that is given, all else is what it is compared with, and settings; so is what an
    object without weights is handed second, whose backward is handed no G, and all that one with weights is handed.
    """
    entries = [entry for _, entry in _entries(trials)]
    missing = [name for name in owed if name not in returned]
    if not entries or not all(entry.name for entry in entries):
        return ()
    given = [name for name in owed if name in returned]
    if len(given) == 1 and set(tokens(given[0])) & _PREDICTED:
        return missing
    # What the forward is handed stands before what the object holds.
    if form == "loss-class" and len(given) >= _FEW and missing == list(owed[: len(missing)]):
        return missing
    if len(missing) != 1:
        return ()
    if form == "loss-class" and len(owed) == _FEW and missing == [owed[1]]:
        return missing
    is_first = form == "class" and len(owed) > _FEW and missing == [owed[0]]
    is_called_so = form == "pair" and len(owed) > _FEW + 1 and missing[0].lower() in _DATA
    return missing if is_first or is_called_so else ()
