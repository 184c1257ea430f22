"""The edits of a forward's graph, planted into the right gradients of the calls that were made, and of further ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradcheck_cli.checks.ladder.sight import Shows, Sight
from gradcheck_cli.diagnose.edits.by_layer import AsLayer
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.diagnose.edits.plants import GraphPlants, fingerprint
from gradcheck_cli.model import Array, FunctionForm, NotShown, Sample, Verdict
from gradcheck_cli.runs.verify.function_graph import recorded_call
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.elsewhere import other_values
from gradcheck_cli.trials.function_trial import FunctionTrial
from gradcheck_cli.trials.graphs import detached_in, narrowest

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.edits import Edit

AskFurther: TypeAlias = Callable[[Sample, str], FunctionTrial]
"""Puts a further sample to the target; the words say what is special about it."""

# Further samples for a target: each costs a derivative of the forward.
_MOST_FURTHER = 2
# Of the largest entry: what a mistake of a branch changes by far, and rounding at extreme values does not.
GROSS = 2.0**-20


@dataclass(frozen=True)
class Graphs:
    """How the graph of a forward is had: written down, or by the known layer that it equals."""

    layer: AsLayer
    form: FunctionForm

    def of(self, trial: FunctionTrial) -> Observed | None:
        """That of a call; None where there is none, or its derivative is not that which the call was judged by."""
        observed = recorded_call(trial)
        if observed is not None:
            observed = replace(observed, detached=detached_in(self.form))
        elif self.layer.match is not None:
            observed = self.layer.observed_at(trial.sample.values, trial.askings[0].upstream)
        return observed if observed is not None and self._is_right(observed, trial) else None

    def elsewhere(self, observed: Observed, sample: Sample) -> Observed:
        """The same call with the values of another sample of its shapes."""
        if self.layer.match is not None and observed.recording.layer:
            return self.layer.observed_at(sample.values, observed.upstream)
        return replace(observed, values={name: sample.array(name) for name in observed.recording.inputs})

    def _is_right(self, observed: Observed, trial: FunctionTrial) -> bool:
        if observed.recording.layer:
            return True
        right, upstream = observed.literal.right, trial.askings[0].upstream
        for name, truth in trial.first.items():
            expected, _, gauge = truth.gradient(upstream, trial.sample.array(name).shape)
            if name not in right or _largest(right[name] - expected) > GROSS * _largest(gauge):
                return False
        return True


@dataclass(frozen=True, eq=False)
class PlantedCall:
    """A call whose gradients are right: with the graph of its forward, and how sharply each gradient was compared."""

    trial: FunctionTrial
    observed: Observed | None
    sights: Mapping[str, Sight]

    @classmethod
    def of(cls, trial: FunctionTrial, graphs: Graphs) -> PlantedCall:
        """Of a sample with its first G."""
        upstream = trial.askings[0].upstream
        single = trial.recording is not None and bool(narrowest(trial.recording))
        sights = {name: Sight.of(truth, upstream, is_float32=single) for name, truth in trial.first.items()}
        return cls(trial, graphs.of(trial), sights)


@dataclass
class PlantOutcome:
    """What became of one mistake, by gradient; a gradient that it leaves alone is not there."""

    id: str
    words: str
    shows: dict[str, Shows] = field(default_factory=dict)

    def add(self, name: str, shows: Shows) -> None:
        """On a further call; the sharpest call counts."""
        if shows != "nothing" and self.shows.get(name) != "shown":
            self.shows[name] = shows

    @property
    def is_caught(self) -> bool:
        """Would one of the gradients not have passed?"""
        return "shown" in self.shows.values()


@dataclass
class GraphSearch:
    """Every edit of one forward.

    Attributes:
        names: the gradients that the graph has.
        plants: the edits, on all calls.
        sights: how each of these calls was compared.
        sample: of the first call.
        graphs: how a graph is had.
        outcomes: of the edits that change a gradient on some call.
        silent: the others.
        hidden: those of them that would show on values which the target was not judged on.
    """

    names: tuple[str, ...]
    plants: GraphPlants
    sights: list[Mapping[str, Sight]]
    sample: Sample
    graphs: Graphs
    outcomes: list[PlantOutcome] = field(default_factory=list)
    silent: list[Edit] = field(default_factory=list)
    hidden: list[NotShown] = field(default_factory=list)

    @classmethod
    def of(cls, names: Sequence[str], calls: Sequence[PlantedCall], graphs: Graphs) -> GraphSearch | None:
        """Plant all edits; None where no call has a graph."""
        pairs = [(call, call.observed) for call in calls if call.observed is not None]
        if not pairs:
            return None
        plants = GraphPlants.of([observed for _, observed in pairs])
        # Calls of other operations are left out; those that stay are in order.
        kept = {id(each.recording) for each in plants.calls}
        sights = [call.sights for call, observed in pairs if id(observed.recording) in kept]
        known = tuple(name for name in names if name in plants.calls[0].editor.right)
        search = cls(known, plants, sights, pairs[0][0].trial.sample, graphs)
        search._plant()
        return search

    def _plant(self) -> None:
        seen: set[tuple[tuple[str, str], ...]] = set()
        for edit in self.plants.edits:
            if self.plants.is_tired:
                return
            added = self.plants.added(edit, self.plants.calls[0])
            mark = fingerprint(added)
            if mark in seen:
                continue
            outcome = self._outcome(edit, added)
            if outcome.shows:
                seen.add(mark)
                self.outcomes.append(outcome)
            else:
                self.silent.append(edit)

    def _outcome(self, edit: Edit, first: Mapping[str, Array]) -> PlantOutcome:
        """On the calls in turn, until all that the edit changes shows."""
        outcome = PlantOutcome("", "")
        for number, call in enumerate(self.plants.calls):
            added = self.plants.added(edit, call) if number else first
            self._add(outcome, added, self.sights[number])
            if outcome.shows and all(shows == "shown" for shows in outcome.shows.values()):
                break
        if outcome.shows and not outcome.is_caught:
            outcome.id, outcome.words = self.plants.words(edit)
        return outcome

    def _add(self, outcome: PlantOutcome, added: Mapping[str, Array], sights: Mapping[str, Sight]) -> None:
        for name in self.names:
            if name in added and name in sights:
                outcome.add(name, sights[name].of_change(added[name]))

    def further(self, ask: AskFurther | None) -> tuple[FunctionTrial, ...]:
        """Ask for what the silent edits show on, and tell of those which it does not help."""
        trials: list[FunctionTrial] = []
        for words, sample, shown in self._elsewhere():
            trial = ask(sample, words) if ask and len(trials) < _MOST_FURTHER else None
            if trial is not None and self._planted_on(trial, shown):
                trials.append(trial)
                if not self._is_right(trial):
                    break
            for edit, name in shown.items():
                if edit in self.silent:
                    self.silent.remove(edit)
                    self.hidden.append(NotShown(*self._named(edit, name), f"it shows where {words}; not judged there"))
        return tuple(trials)

    def _is_right(self, trial: FunctionTrial) -> bool:
        compared = FunctionComparison.of([trial], self.graphs.form).compared
        return all(each.judged.verdict is Verdict.PASS for each in compared)

    def _named(self, edit: Edit, name: str) -> tuple[str, str, str]:
        identifier, words = self.plants.words(edit)
        return identifier, name, words

    def _elsewhere(self) -> Iterator[tuple[str, Sample, dict[Edit, str]]]:
        """Other values, those on which most of the silent edits show first; and which these are."""
        is_worth_it = (self.silent or self.plants.has_branches) and not self.plants.is_tired
        ways = list(other_values(self.sample)) if is_worth_it else []
        found = [(words, sample, self._shown_at(sample)) for words, sample in ways]
        # None of them where every argument is a share, between 0 and 1.
        if self.plants.has_branches and found:
            yield found.pop(0)
        while found:
            silent = set(self.silent)
            found = [(words, sample, _only(shown, silent)) for words, sample, shown in found]
            most = max(range(len(found)), key=lambda place: len(found[place][2]))
            if found[most][2]:
                yield found.pop(most)
            else:
                return

    def _shown_at(self, sample: Sample) -> dict[Edit, str]:
        """The silent edits that change a gradient by far at other values, and which."""
        call = self.graphs.elsewhere(self.plants.calls[0], sample)
        plants = self.plants.on(call)
        if plants is None or not all(np.isfinite(array).all() for array in plants.calls[0].editor.right.values()):
            return {}
        right, found = plants.calls[0].editor.right, {}
        for edit in self.silent:
            for name, added in plants.added(edit, plants.calls[0]).items():
                if name in self.names and _largest(added) > GROSS * _largest(right[name]):
                    found[edit] = name
                    break
        return found

    def _planted_on(self, trial: FunctionTrial, shown: Mapping[Edit, str]) -> bool:
        """Count what shows on a further sample, if it was judged there."""
        call = PlantedCall.of(trial, self.graphs) if is_settled(trial, self.graphs.form) else None
        plants = None if call is None or call.observed is None else self.plants.on(call.observed)
        if call is None or plants is None:
            return False
        for edit in shown:
            outcome = PlantOutcome(*self.plants.words(edit))
            self._add(outcome, plants.added(edit, plants.calls[0]), call.sights)
            if outcome.shows:
                self.outcomes.append(outcome)
                self.silent.remove(edit)
        return True


def is_settled(trial: FunctionTrial, form: FunctionForm) -> bool:
    """Whether a further sample decides: every gradient is right there, or wrong by far more than rounding.

    At extreme values right code loses digits that no bound of ours knows of.
    """
    if not trial.askings or not trial.askings[0].outcome.ended:
        return False
    compared = FunctionComparison.of([trial], form).compared
    for each in compared:
        if each.judged.verdict is Verdict.FAIL and each.judged.actual is not None:
            off = np.abs(each.judged.actual - each.judged.expected)
            if not _largest(off) > GROSS * _largest(each.judged.expected):
                return False
        elif each.judged.verdict is not Verdict.PASS:
            return False
    return bool(compared)


def _only(shown: Mapping[Edit, str], kept: set[Edit]) -> dict[Edit, str]:
    return {edit: name for edit, name in shown.items() if edit in kept}


def _largest(array: Array) -> float:
    return float(np.max(np.abs(array), initial=0.0))
