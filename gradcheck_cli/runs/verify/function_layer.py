"""What was asked of a function, as calls that the diagnosis compares with the known layers."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits.by_layer import AsLayer, Call
from gradcheck_cli.trials.compared import FunctionComparison

# Calls that are compared: the first names, the others confirm.
_MOST = 4


def as_layer(comparison: FunctionComparison) -> AsLayer:
    """The calls on generic numbers, each sample once with its first G: whole numbers hide a lost factor of 1."""
    calls = [
        Call(trial.sample.values, trial.outputs, trial.askings[0].upstream, trial.askings[0].outcome.gradients)
        for trial in comparison.trials
        if trial.askings and trial.askings[0].outcome.ended and not trial.exact
    ]
    return AsLayer(calls[:_MOST])
