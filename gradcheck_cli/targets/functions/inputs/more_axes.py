"""Layers that are meant for many of what they run on: a table of positions times `x[:, :steps]`."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, drawn
from gradcheck_cli.targets.functions.inputs.meant import is_derivative
from gradcheck_cli.targets.functions.inputs.proposals import SIZES

NOTE = "{} has an axis more: on {}, where its forward runs too, its gradients are not right"


def with_an_axis_more(
    form: WrittenFunction, sample: Sample, choice: ProposalChoice, seed: int
) -> ProposalChoice | None:
    """The choice with an axis more, of a layer that is wrong on the sample and right there; None of any other.

    Samples come in front, and steps behind samples. What sums over too few axes fits no shape there.
    """
    first = next(iter(choice))
    axes = choice[first].axes
    if form.kind != "class" or not axes or is_derivative(form, sample):
        return None
    longer = axes.replace("n", "n t", 1) if axes.split()[0] == "n" else f"n {axes}"
    more = {**choice, first: replace(choice[first], axes=longer)}
    return more if is_derivative(form, drawn(more, SIZES[0], seed)) else None
