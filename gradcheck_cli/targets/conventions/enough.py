"""When a target has been tried long enough, whether a gradient was right or none ever was."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.targets.conventions.attempt import Attempt
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate

# Probes, from 0 on, after which code that ran and never was right is taken as it is: so many where something speaks
# for it, and so many where nothing does.
# The first probe with one filter for each channel has its turn: depthwise code may run, wrongly, on the plain ones.
PATIENCE = 4
LONG_PATIENCE = 9


def enough(trials: Sequence[Attempt], number: int) -> bool:
    """Some gradient is right; or code that runs has been seen on a few geometries and never was right.

    That it runs as depthwise code, and is not right, says nothing: shapes alone let plain code do so too, and the
    probes of one image or one channel come later.
    """
    plain = [trial for trial in trials if not trial.layout.depthwise]
    patience = PATIENCE if any(trial.reasons.speak for trial in plain) else LONG_PATIENCE
    known = any(trial.reasons.suffice and not _is_another_layer(trial) for trial in trials)
    ran = plain or [trial for trial in trials if trial.reasons.speak]
    return known or (number >= patience and any(trial.clean for trial in ran))


def _is_another_layer(trial: Attempt) -> bool:
    """A layer that has been built runs its own forward: where that gives other numbers, it is of another kind.

    So does the forward beside a function of signals that keeps their length: a causal one shares no zeros.
    """
    candidate = trial.chosen.candidate
    is_of_signals = isinstance(candidate, FunctionCandidate) and candidate.same and candidate.layout.spatial == 1
    return trial.doubted and (is_of_signals or isinstance(candidate, LayerCandidate))
