"""Further questions to a target that is wrong somewhere: those that tell the conditions apart which fit so far.

A condition ("padding = 0") that fits what happened to be asked may be one of many. So the geometries are asked on which
they disagree, and a few fresh ones on which the condition that is left can still fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gradcheck_cli.diagnose import fitting, settle
from gradcheck_cli.model import ConvSpec, GradientName, Verdict
from gradcheck_cli.trials.trial import Trial

# Of one target, all its gradients together: each costs two calls of the user's code.
MOST_DECIDING = 32
# Geometries of the search for an example that are asked again, for each gradient: most of them say the same.
DOUBTFUL = 8
# Stands beside the names of the gradients for the target's own forward.
_FORWARD = "forward"

Results = list[tuple[ConvSpec, bool]]


def decide(trials: Callable[[], Sequence[Trial]], ask: Callable[[ConvSpec], bool], most: int = MOST_DECIDING) -> None:
    """Ask what tells the conditions apart, of one kind of failure after the other: each answer decides about the next.

    Args:
        trials: what is known up to now.
        ask: asks about a geometry, so that `trials` holds it afterwards; False where it was not asked, as time is up.
        most: how many geometries.
    """
    left = most

    def ask_all(specs: Sequence[ConvSpec]) -> bool:
        nonlocal left
        for spec in specs:
            if left <= 0 or not ask(spec):
                left = 0
                return False
            left -= 1
        return True

    settled: set[str] = set()
    while left > 0:
        # An answer may show a kind of failure that was not seen before.
        kind = next((kind for kind in _kinds(trials()) if kind not in settled), None)
        if kind is None:
            return
        settled.add(kind)
        settle(partial(_known, trials, kind), ask_all)


def _known(trials: Callable[[], Sequence[Trial]], kind: str) -> tuple[Results, frozenset[ConvSpec]]:
    return _results(trials(), kind), frozenset(trial.case.spec for trial in trials())


def doubtful(trials: Sequence[Trial], shrunk: Mapping[GradientName, Mapping[ConvSpec, str]]) -> list[ConvSpec]:
    """Geometries of the search for the smallest example that seem to refute a condition: right, where it holds.

    Their data are few, and may be right by accident (a sum that is 0): asked once more, on other data.
    """
    asked = {trial.case.spec for trial in trials}
    doubted: list[ConvSpec] = []
    for name, seen in shrunk.items():
        found = fitting(_results(trials, name))[:1]
        right = [spec for spec, failure in seen.items() if not failure and spec not in asked]
        doubted += [spec for spec in right if any(condition.holds(spec) for condition in found)][:DOUBTFUL]
    return list(dict.fromkeys(doubted))


def _kinds(trials: Sequence[Trial]) -> list[str]:
    """What can be wrong: a gradient that the target gives, its own forward, or a call that raises in one way."""
    gradients = trials[0].yields if trials else ()
    raised = {_error(trial) for trial in trials if trial.outcome.error_kind == "raised"}
    forward = [_FORWARD] if any(trial.outcome.wrong_forward for trial in trials) else []
    return [*gradients, *forward, *sorted(raised)]


def _error(trial: Trial) -> str:
    """The line that raised, as the diagnosis tells errors apart; the exception's name where no line is known."""
    return f"error in {trial.outcome.error_line or trial.outcome.error.partition(':')[0]}"


def _results(trials: Sequence[Trial], kind: str) -> Results:
    """Geometry and whether it is right there, where something is known of it: of a gradient, where the call ended."""
    found: Results = []
    for trial in trials:
        if not trial.supported:
            continue
        if kind == _FORWARD:
            found.append((trial.case.spec, not trial.outcome.wrong_forward))
        elif kind in trial.yields and trial.ended:
            found += [(trial.case.spec, trial.verdict(kind) is not Verdict.FAIL)]
        elif kind not in trial.yields and (trial.ended or _error(trial) == kind):
            found.append((trial.case.spec, trial.ended))
    return found
