"""Losses that give a number for each sample and are averaged by whoever calls them: the backward is that of the mean.

So does nnfs.io: `Loss_MeanSquaredError.forward` gives a row of losses, `Loss.calculate` takes their mean, and
`backward` divides by the number of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Ran, Values, WrittenFunction
from gradcheck_cli.targets.functions.slopes import SAME, direction, slope
from gradcheck_cli.targets.functions.wrapped import WrappedForm

NOTE = "its forward gives a loss for each sample, and its backward is the gradient of their mean"


@dataclass(frozen=True)
class MeanLossForm(WrappedForm[WrittenFunction]):
    """The same loss as one number."""

    @property
    def why(self) -> str:
        """How it is called, and what is made of its losses."""
        return f"{self.inner.why}; the mean of its losses"

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The mean."""
        return tuple(np.asarray(np.mean(out)) for out in self.inner.forward(values))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """As in training."""
        ran = self.inner.run(values, upstream)
        means = tuple(np.asarray(np.mean(out)) for out in ran.outputs)
        return Ran(means, ran.gradients, ran.returned, ran.owed, ran.mutated)


def as_mean_loss(form: WrittenFunction, sample: Sample) -> WrittenFunction | None:
    """The form of the mean, where the gradients are that of the mean and not those of the sum; else None."""
    if form.kind not in ("loss", "loss-class"):
        return None
    try:
        outputs = form.forward(sample.values)
        gradients = form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients
        if len(outputs) != 1 or outputs[0].size < 2 or not gradients:
            return None
        slopes = {name: slope(form, sample, name) for name in gradients}
    except Exception:  # what raises is told where it is judged
        return None
    claimed = {name: float(np.sum(gradients[name] * direction(sample, name))) for name in slopes}
    is_mean = all(abs(claimed[name] * outputs[0].size - slopes[name]) <= SAME * abs(slopes[name]) for name in slopes)
    return MeanLossForm(form) if is_mean else None
