"""Further questions to a target that is wrong somewhere: those that tell the conditions apart which fit so far.

A condition ("padding = 0") that fits what happened to be asked may be one of many. So the geometries are asked on which
they disagree, and a few fresh ones on which the condition that is left can still fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from gradcheck_cli.diagnose import fitting, rounds
from gradcheck_cli.model import ConvSpec, Verdict
from gradcheck_cli.trials.trial import CANNOT_RUN, Trial

if TYPE_CHECKING:
    from gradcheck_cli.trials.session import Session

# Of one target, all its gradients together: each costs two calls of the user's code.
MOST_DECIDING = 32
DOUBTFUL = 8
_FORWARD = "forward"

Results = list[tuple[ConvSpec, bool]]


def deciding_specs(session: Session) -> Iterator[ConvSpec]:
    """The geometries to ask, one after the other: each answer decides about the next.

    The caller asks each of them and appends the answer to `session.trials`.
    """
    left = MOST_DECIDING
    for kind in _kinds(session.trials):
        for wanted in chain.from_iterable(rounds(partial(_seen, session, kind))):
            if left <= 0:
                return
            left -= 1
            yield wanted


def _seen(session: Session, kind: str) -> tuple[Results, frozenset[ConvSpec]]:
    return _results(session.trials, kind), frozenset(trial.case.spec for trial in session.trials)


def doubtful_specs(session: Session) -> Iterator[ConvSpec]:
    """Geometries of the search for the smallest example that seem to refute a condition: right, where it holds.

    Their data are few, and may be right by accident (a sum that is 0): asked once more, on other data.
    """
    for name, seen in session.shrunk.items():
        asked = {trial.case.spec for trial in session.trials}
        found = fitting(_results(session.trials, name))[:1]
        right = [spec for spec, failure in seen.items() if not failure and spec not in asked]
        yield from [spec for spec in right if any(condition.holds(spec) for condition in found)][:DOUBTFUL]


def _kinds(trials: list[Trial]) -> list[str]:
    """What can be wrong: a gradient that the target gives, its own forward, or a call that raises in one way."""
    gradients = trials[0].yields if trials else ()
    raised = {_error(trial) for trial in trials if trial.outcome.error_kind == "raised"}
    forward = [_FORWARD] if any(trial.outcome.wrong_forward for trial in trials) else []
    return [*gradients, *forward, *sorted(raised)]


def _error(trial: Trial) -> str:
    """The line that raised, as the diagnosis tells errors apart; the exception's name where no line is known."""
    return f"error in {trial.outcome.error_line or trial.outcome.error.partition(':')[0]}"


def _results(trials: list[Trial], kind: str) -> Results:
    """Geometry and whether it is right there, where something is known of it: of a gradient, where the call ended."""
    found: Results = []
    for trial in trials:
        if not trial.supported:
            continue
        ended = trial.outcome.error_kind not in CANNOT_RUN
        if kind == _FORWARD:
            found.append((trial.case.spec, not trial.outcome.wrong_forward))
        elif kind in trial.yields and ended:
            found += [(trial.case.spec, trial.verdict(kind) is not Verdict.FAIL)]
        elif kind not in trial.yields and (ended or _error(trial) == kind):
            found.append((trial.case.spec, ended))
    return found
