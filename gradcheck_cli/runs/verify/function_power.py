"""What a pass of a function is worth: mistakes planted into the right gradients on the very samples that were asked.

A mistake that changes nothing on these samples is looked for on other values of theirs. Where it shows there, the
target is asked about these too; one that shows nowhere is no mistake but another way to write the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import numpy as np

from gradcheck_cli.diagnose.edits.by_layer import AsLayer
from gradcheck_cli.diagnose.plants import Planted, RightGradient, planted
from gradcheck_cli.mistakes import standing_for
from gradcheck_cli.model import Array, FunctionForm, FunctionPower, NotShown, RungEvidence, Verdict
from gradcheck_cli.model.evidence import POWER
from gradcheck_cli.model.text import counted
from gradcheck_cli.runs.verify.function_planting import (
    AskFurther,
    Graphs,
    GraphSearch,
    PlantedCall,
    PlantOutcome,
    is_settled,
)
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.elsewhere import other_values
from gradcheck_cli.trials.function_trial import FunctionTrial

AskUntaken: TypeAlias = Callable[[Sequence[FunctionTrial]], Sequence[FunctionTrial]]
"""The trials that were made -> further ones, on sides of branches that none of them took."""

OTHER_DTYPES = "dtypes other than float64"
TOO_LONG = "all slips of so long a forward"
# Calls on which a mistake is planted: what none of these shows is looked for elsewhere.
_MOST_CALLS = 3


@dataclass(frozen=True, eq=False)
class PowerOfFunction:
    """All that was planted. `hidden`: what would show elsewhere, where the target could not be asked."""

    outcomes: tuple[PlantOutcome, ...]
    hidden: tuple[NotShown, ...] = ()
    untried: tuple[str, ...] = ()

    @property
    def report(self) -> FunctionPower:
        """As the report holds it."""
        missed = [
            NotShown(each.id, name, each.words, "it changes the gradient by less than its truth is known to")
            for each in self.outcomes
            if not each.is_caught
            for name in list(each.shows)[:1]
        ]
        not_shown = (*missed, *self.hidden)
        caught = sum(each.is_caught for each in self.outcomes)
        return FunctionPower(caught + len(not_shown), caught, not_shown, self.untried)

    def evidence(self, names: Sequence[str]) -> Iterator[RungEvidence]:
        """Rung 5, gradient by gradient."""
        for name in names:
            mine = [each for each in self.outcomes if name in each.shows]
            shown = sum(each.shows[name] == "shown" for each in mine)
            whole = len(mine) + sum(each.gradient == name for each in self.hidden)
            if whole:
                verdict = Verdict.PASS if shown else Verdict.INCONCLUSIVE
                said = f"{shown} of {counted(whole, 'mistake')}, planted into the right gradient, would not have passed"
                yield RungEvidence(POWER, "power", name, verdict, 0, said, {"planted": whole, "caught": shown})


def power_of_function(
    comparison: FunctionComparison,
    layer: AsLayer,
    form: FunctionForm,
    ask: AskFurther | None,
    untaken: AskUntaken,
) -> tuple[PowerOfFunction, tuple[FunctionTrial, ...]]:
    """Plant the mistakes of a function that passed.

    Args:
        ask: puts a further sample to the target; None where it is not to be asked about values of our own.
        untaken: asks it where its forward has no graph, on what takes sides of branches that no trial took.

    Returns:
        What came of it, and the further samples that it was asked.
    """
    graphs = Graphs(layer, form)
    trials = [trial for trial in comparison.trials if trial.first and trial.askings][:_MOST_CALLS]
    calls = [PlantedCall.of(trial, graphs) for trial in trials]
    search = GraphSearch.of(comparison.names, calls, graphs)
    further = _blindly(calls, form, ask, untaken) if search is None else search.further(ask)
    rest = [name for name in comparison.names if search is None or name not in search.names]
    outcomes = [outcome for name in rest for outcome in _generic(name, calls)]
    outcomes += [] if search is None else search.outcomes
    hidden = () if search is None else search.hidden
    untried = [*_untried([*comparison.trials, *further], search is not None and search.plants.has_ties)]
    untried += [TOO_LONG] if search is not None and search.plants.is_tired else []
    return PowerOfFunction(tuple(outcomes), tuple(hidden), tuple(untried)), further


def _untried(trials: Sequence[FunctionTrial], has_ties: bool) -> Iterator[str]:
    """What no sample was."""
    samples = [trial.sample for trial in trials if trial.outputs]
    arrays = [{name: sample.array(name) for name in sample.differentiated} for sample in samples]
    if len({tuple(array.shape for array in each.values()) for each in arrays}) < 2:
        yield "other sizes"
    if has_ties and not any(_is_tied(array) for each in arrays for array in each.values()):
        yield "ties"
    yield OTHER_DTYPES


def _is_tied(array: Array) -> bool:
    return len(np.unique(array)) < array.size or not np.all(array)


def _blindly(
    calls: Sequence[PlantedCall], form: FunctionForm, ask: AskFurther | None, untaken: AskUntaken
) -> tuple[FunctionTrial, ...]:
    """Larger values take some branches of a forward without a graph; the others are looked for in its text."""
    if ask is None:
        return ()
    found = [ask(sample, words) for call in calls[:1] for words, sample in islice(other_values(call.trial.sample), 1)]
    found = [trial for trial in found if is_settled(trial, form)]
    beside = untaken([*(call.trial for call in calls), *found])
    return (*found, *(trial for trial in beside if is_settled(trial, form)))


def _generic(name: str, calls: Sequence[PlantedCall]) -> list[PlantOutcome]:
    """Of a gradient without a graph: each mistake once, over all calls."""
    found: dict[str, PlantOutcome] = {}
    for call in calls:
        if name not in call.sights:
            continue
        right = _right(call.trial, name)
        for mistake in planted(right):
            outcome = found.setdefault(mistake.words, _named(mistake, name))
            outcome.add(name, call.sights[name].of_change(mistake.wrong - right.values))
    return [each for each in found.values() if each.shows]


def _named(mistake: Planted, name: str) -> PlantOutcome:
    return PlantOutcome(standing_for(mistake.sign).id, f"grad_{name}: {mistake.words}")


def _right(trial: FunctionTrial, name: str) -> RightGradient:
    upstream, truth = trial.askings[0].upstream, trial.first[name]
    values, _, _ = truth.gradient(upstream, trial.sample.array(name).shape)
    return RightGradient(values, truth.values, upstream)
