"""What a reader of a verdict is told of the way in which a layer class was called."""

from __future__ import annotations

from gradcheck_cli.targets.conventions.layer_way import LayerWay
from gradcheck_cli.targets.conventions.reading import HANDED, UPDATE


def why_of(way: LayerWay) -> str:
    """How it was told."""
    agrees = "its forward gives our O exactly" if way.forward_right else "its shapes fit"
    agrees += " but for b, which it adds more than once" if way.bias_often else ""
    how = {
        UPDATE: f"the gradients are read off the update of the weights, (old - new) / {way.lr:g}",
        "attribute": "the gradients are read from its attributes",
        HANDED: "the gradients are what it hands to its optimiser",
    }
    back = f"the way back of {way.calls.engine.own.kind.__name__}" if way.calls.engine else "autograd"
    return f"a class with {way.calls.forward} and {way.calls.backward or back}; {agrees}; " + how.get(
        way.exposure, "the gradients are returned"
    )


def notes_of(way: LayerWay) -> tuple[str, ...]:
    """What was done to the layer."""
    notes = []
    if way.rectified:
        notes.append(
            "the layer applies max(0, .): it is asked with a bias that lifts every output above 0, and once without"
        )
    if not way.forward_right:
        notes.append("the class's own forward gives other numbers than a convolution")
    if way.layout.depthwise and "m" not in way.layout.weight and "i" in way.layout.weight:
        notes.append("a depthwise convolution: asked with one filter for each channel, not with several")
    elif way.layout.depthwise:
        notes.append("a depthwise convolution: groups = channels")
    if way.form.bias == "untied":
        notes.append("one bias for each output; its gradient was summed over the outputs of a filter")
    if way.adds_up:
        notes.append("it adds to .grad, as torch does; clear it between steps")
    if not way.handwritten:
        notes.append("torch computes its gradients; nothing hand-written is in it")
    notes += way.forgotten
    return tuple(notes)
