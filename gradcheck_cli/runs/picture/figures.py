"""The arrays of a run, as its report keeps them for pictures and for `--save`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradcheck_cli.model import GRADIENTS, Array, Figure, Figures, GradientName, Gradients
from gradcheck_cli.runs.picture.layer import LayerRun

Allowed = Callable[[GradientName, Array], Array]


def figures_of(run: LayerRun, hand: Gradients, allowed: Allowed, numeric: Array) -> Figures:
    """X, F, the reference, G and each gradient that both sides give.

    Args:
        run: the layer and autograd's gradients.
        hand: those of the code under test on the same data.
        allowed: what rounding allows between the two, given the gradient's name and autograd's array.
        numeric: grad_weight by finite differences.
    """
    gradients = {}
    for name in GRADIENTS:
        mine, returned = hand.get(name), run.autograd.gradients.get(name)
        # Without a weight's gradient nothing is judged: its absence is drawn, that of the others is not.
        if returned is not None and (mine is not None or name == "weight"):
            gradients[name] = Figure(shown(mine, returned), returned, allowed(name, returned))
    x, weight, reference = run.case.x, run.case.weight, run.layer.reference
    return Figures(x, weight, reference, run.autograd.grad_output, gradients, numeric)


def shown(hand: Array | None, autograd: Array) -> Array:
    """A gradient of the code under test for tables and pictures; NaN where it returned none of the right shape."""
    return hand if hand is not None and hand.shape == autograd.shape else np.full(autograd.shape, np.nan)
