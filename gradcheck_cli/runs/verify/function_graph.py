"""The calls of a function whose forward is recorded, as the search for an edit takes them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.model import Verdict
from gradcheck_cli.trials.compared import FunctionComparison
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTrial
from gradcheck_cli.trials.graphs import RECORDED, narrowest

# Roundoff of a backward in float32 as an edit's numbers are compared, which allow for 2^14 of it: 64 of float32's own.
_UNIT = 2.0**-32
# Calls on which an edit must hold; more cost time and exclude nothing.
_MOST = 4
# A graph that was followed through numpy is believed where its derivative is the measured one to this.
_SAME = 1e-7


def with_recordings(comparison: FunctionComparison, client: CalledFunction) -> FunctionComparison:
    """The forwards of code in numpy, written down where a gradient is wrong: nothing but the cause hangs on them.

    Those calls come first on which a gradient is wrong; further ones confirm.
    """
    wrong = [each.trial for each in comparison.compared if each.judged.verdict is Verdict.FAIL]
    if comparison.form in RECORDED or not wrong:
        return comparison
    real = [trial for trial in comparison.trials if trial.first and not trial.exact]
    chosen = sorted(real, key=lambda trial: trial not in wrong)[:_MOST]
    return comparison.with_trials({id(each): _recorded(each, client) for each in chosen})


def _recorded(trial: FunctionTrial, client: CalledFunction) -> FunctionTrial:
    recording = client.recording(trial.sample)
    return trial if isinstance(recording, str) else replace(trial, recording=recording)


def recorded_calls(comparison: FunctionComparison) -> list[Observed]:
    """Each recorded sample once, with its first G, which is of random numbers.

    What the forward detaches is followed: inside a Function torch follows nothing anyway, and what is asked for is the
    derivative of its numbers.
    """
    wrong = {id(each.trial) for each in comparison.compared if each.judged.verdict is Verdict.FAIL}
    trials = sorted(comparison.trials, key=lambda trial: id(trial) not in wrong)
    found = [(trial, call) for trial in trials if (call := recorded_call(trial)) is not None]
    return [call for trial, call in found[:_MOST] if _is_followed(call, trial, comparison)]


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


def _is_followed(call: Observed, trial: FunctionTrial, comparison: FunctionComparison) -> bool:
    """The derivative of the graph is the measured one: nothing of the forward went past it."""
    if comparison.form in RECORDED:
        return True
    try:
        right = call.literal.right
    except (RuntimeError, ValueError, KeyError, NotImplementedError, IndexError):
        return False
    mine = [each for each in comparison.compared if each.trial is trial and each.asking is trial.askings[0]]
    return all(
        each.name in right
        and right[each.name].shape == each.judged.expected.shape
        and np.abs(right[each.name] - each.judged.expected).max(initial=0.0)
        <= _SAME * np.abs(each.judged.expected).max(initial=0.0)
        for each in mine
    )
