"""What was asked of a function, as calls that the diagnosis compares with the known layers."""

from __future__ import annotations

from gradcheck_cli.diagnose.edits.by_layer import AsLayer, Call
from gradcheck_cli.trials.compared import Comparison

# Calls that are compared: the first names, the others confirm.
_MOST = 4


def as_layer(comparison: Comparison) -> AsLayer:
    """The calls on generic numbers, each sample once with its first G: whole numbers hide a lost factor of 1."""
    calls = [
        Call(trial.sample.values, trial.outputs, trial.askings[0].upstream, trial.askings[0].outcome.gradients)
        for trial in comparison.trials
        if trial.askings and trial.askings[0].outcome.ended and not trial.exact
    ]
    return AsLayer(calls[:_MOST])


def layer_of(comparison: Comparison) -> str:
    """The id of the known layer that the forward is on all of them; "" for none."""
    match = as_layer(comparison).match
    return "" if match is None else match.layer.id


def layer_note(comparison: Comparison) -> list[str]:
    """That, for a reader."""
    layer = layer_of(comparison)
    return [f"the forward is {layer} on all samples; gradcheck explain {layer} derives its backward"] if layer else []
