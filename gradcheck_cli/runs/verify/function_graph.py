"""The calls of a function whose forward is recorded, as the search for an edit takes them."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.functions import FunctionTrial

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
    return Observed(trial.recording, values, asking.upstream, asking.outcome.gradients, "followed")
