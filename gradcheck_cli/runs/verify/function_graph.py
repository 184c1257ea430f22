"""The calls of a function whose forward is recorded, as the search for an edit takes them."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.functions import FunctionTrial
from gradcheck_cli.trials.graphs import narrowest

# Roundoff of a backward in float32 as an edit's numbers are compared, which allow for 2^14 of it: 64 of float32's own.
_UNIT = 2.0**-32
# Calls on which an edit must hold; more cost time and exclude nothing.
_MOST = 4


def recorded_calls(comparison: FunctionComparison) -> list[Observed]:
    """Each recorded sample once, with its first G, which is of random numbers.

    What the forward detaches is followed: inside a Function torch follows nothing anyway, and what is asked for is the
    derivative of its numbers.
    """
    found = [recorded_call(trial) for trial in comparison.trials]
    return [each for each in found if each is not None][:_MOST]


def recorded_call(trial: FunctionTrial) -> Observed | None:
    """A sample with its first G; None where its forward is not recorded, or its backward did not end."""
    if trial.recording is None or not trial.askings or not trial.askings[0].outcome.ended:
        return None
    asking = trial.askings[0]
    if len(asking.upstream) != len(trial.recording.outputs):
        return None
    values = {name: trial.sample.array(name) for name in trial.recording.inputs}
    call = Observed(trial.recording, values, asking.upstream, asking.outcome.gradients, "followed")
    return replace(call, unit=_UNIT, dtype="float64") if narrowest(trial.recording) == "float32" else call
