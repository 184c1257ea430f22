"""One seed of the layer: the weights drawn, torch's forward, loss and backward, and the same data in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.of_a_run import RealData
from gradcheck_cli.model import Array, Case, GradientName, Gradients, Loss, RunOptions, Setting
from gradcheck_cli.model.errors import UnfitInputError
from gradcheck_cli.model.options import setting_of
from gradcheck_cli.oracles import autograd
from gradcheck_cli.oracles.autograd import AutogradRun, LayerSettings
from gradcheck_cli.oracles.layer import Layer
from gradcheck_cli.runs.picture.data import Data


@dataclass(frozen=True)
class Surroundings:
    """What stays when the seed changes: data, loss, precision."""

    data: Data
    loss: Loss
    settings: LayerSettings
    bias: bool


@dataclass(frozen=True)
class LayerRun:
    """One seed: `layer` as it was given to torch (float32), what autograd did, and `case`, the data in float64.

    `case` holds X, F and b as the layer used them in its dtype, and autograd's own G, all widened.
    """

    layer: Layer
    autograd: AutogradRun
    case: Case

    @property
    def grad_weight(self) -> Array:
        """(c_out, c_in/groups, kh, kw) as autograd returned it."""
        weight = self.autograd.gradients.weight
        assert weight is not None
        return weight

    def real(self, setting: Setting, hand: Gradients) -> RealData:
        """What is compared on the pictures: what the code under test gave, and autograd in its setting."""
        return RealData(self.case, setting.precision, hand, self.autograd.gradients, cuts_sums=setting.cuts_sums)


def set_up(data: Data, options: RunOptions) -> Surroundings:
    """The layer's surroundings, from the options."""
    settings = LayerSettings.of(setting_of(options), options.threads)
    return Surroundings(data, Loss(options.loss, options.reduction), settings, options.bias)


def run_layer(surroundings: Surroundings, seed: int, wanted: Sequence[GradientName] = ("weight", "bias")) -> LayerRun:
    """Draw the weights under `seed` and run forward, loss and backward in torch.

    Args:
        surroundings: what stays when the seed changes.
        seed: of the weights, and of the loss "random".
        wanted: the gradients to ask autograd for, as the forum's script by default; that of a missing bias is left out.

    Raises:
        UsageError: the device or dtype is not there, or the layer overflows in it.
    """
    data, settings = surroundings.data, surroundings.settings
    weight, bias = autograd.draw_parameters(data.spec, seed, surroundings.bias)
    layer = Layer(data.x, weight, bias, data.reference, data.spec, surroundings.loss, seed)
    asked = [name for name in wanted if name != "bias" or surroundings.bias]
    run = autograd.run_layer(layer, settings, asked)
    x, weight64, bias64 = (autograd.rounded(array, settings.computed) for array in (data.x, weight, bias))
    for name, array in {"X": x, "dE/dO": run.grad_output}.items():
        if not np.isfinite(array).all():
            raise UnfitInputError(
                f"the layer overflows in {settings.dtype}: {name} holds numbers that are not finite.",
                hint="--dtype float32, --reduction mean or --unit-range",
            )
    return LayerRun(layer, run, Case(data.spec, x, weight64, bias64, run.grad_output.astype(np.float64)))
