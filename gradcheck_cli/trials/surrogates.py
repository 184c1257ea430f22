"""A backward that is meant to be another function than the forward's derivative.

Where the forward is the identity, or constant almost everywhere, its derivative is of no use: who writes another
backward there means it. Straight-through estimators, gradient reversal and gradient clipping are of this kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from gradcheck_cli.checks.ladder.judge import depends
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.trials.compared import CHOOSING, FunctionComparison
from gradcheck_cli.trials.function_trial import FunctionTrial

CONSTANT = "constant almost everywhere"
BESIDE = "made of what is constant almost everywhere"
# Factors of G that a mask or a turned sign may have: each of them is 0 or another number.
_FEW = 3
# A product by one number, divided again, is that number to this many.
_DIGITS = 9
# What no other function would be excused for either.
_NEVER_MEANT = {Sign.OTHER_SHAPE, Sign.NOT_FINITE, Sign.UNSTEADY, Sign.COUNT, Sign.UPSTREAM_IGNORED}


def surrogates(comparison: FunctionComparison) -> Mapping[str, str]:
    """Gradient -> what the forward is along its argument, of those that are not the derivative.

    Nobody means that of a loss: where it rounds, it has lost what was to be learnt from.
    """
    if comparison.form in CHOOSING:
        return {}
    others = [name for name in comparison.names if _is_another_function(comparison, name)]
    flat = {name: what for name in others if (what := _flat(comparison.trials, name))}
    flat = {name: what for name, what in flat.items() if what == CONSTANT or not _follows_values(comparison, name)}
    if CONSTANT not in flat.values():
        return flat
    # What else the forward rounds is differentiated as if it did not: the step of a quantizer.
    return flat | {name: BESIDE for name in others if name not in flat}


def without(comparison: FunctionComparison, names: Mapping[str, str]) -> FunctionComparison:
    """What is left to judge."""
    return replace(
        comparison,
        names=tuple(name for name in comparison.names if name not in names),
        compared=tuple(each for each in comparison.compared if each.name not in names),
        broken=tuple((trial, each) for trial, each in comparison.broken if each.gradient not in names),
    )


def _is_another_function(comparison: FunctionComparison, name: str) -> bool:
    laws = {each.sign for each in comparison.laws(name) if each.gradient == name}
    wrong = any(each.judged.verdict is Verdict.FAIL for each in comparison.about(name))
    return (wrong or bool(laws)) and not laws & _NEVER_MEANT


def _flat(trials: tuple[FunctionTrial, ...], name: str) -> str:
    """ "the identity", "constant almost everywhere", or "" where it is neither on every sample."""
    ran = [trial for trial in trials if trial.outputs and name in trial.sample.differentiated]
    if ran and all(_is_identity(trial, name) for trial in ran):
        return "the identity"
    measured = [trial for trial in ran if name in trial.first]
    # A gradient of what the forward does not use at all, as a bias that was never added, is no surrogate.
    if measured and not any(depends(trial.first, name) or name in trial.unused for trial in measured):
        return CONSTANT
    return ""


def _follows_values(comparison: FunctionComparison, name: str) -> bool:
    """Is it G times a factor that is another at nearly every entry, and in every sample?

    What is meant turns G, scales or masks it, which are few factors, or limits it, which is none. `G * x` is a slip.
    """
    if any(each.sign is Sign.NONLINEAR for each in comparison.laws(name)):
        return False
    factors = [factor for trial in comparison.trials for factor in _factors(trial, name)]
    pairs = ((one, other) for one, other in combinations(factors, 2) if one.shape == other.shape)
    return any(not np.allclose(one, other) and min(_count(one), _count(other)) > _FEW for one, other in pairs)


def _count(factors: Array) -> int:
    """How many there are, but for rounding."""
    return len(np.unique(np.round(factors, _DIGITS)))


def _factors(trial: FunctionTrial, name: str) -> Iterator[Array]:
    for asking in trial.askings:
        gradient = asking.outcome.gradients.get(name)
        (upstream,) = asking.upstream
        if gradient is not None and gradient.shape == upstream.shape and upstream.all():
            yield gradient / upstream


def _is_identity(trial: FunctionTrial, name: str) -> bool:
    return len(trial.outputs) == 1 and np.array_equal(trial.outputs[0], trial.sample.array(name))
