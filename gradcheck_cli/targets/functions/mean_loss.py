"""Losses that give a number for each sample and are averaged by whoever calls them: the backward is that of the mean.

So does nnfs.io: `Loss_MeanSquaredError.forward` gives a row of losses, `Loss.calculate` takes their mean, and
`backward` divides by the number of samples.
"""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.slopes import SAME, direction, slope
from gradcheck_cli.targets.functions.total_loss import TotalLossForm

NOTE = "its forward gives a loss for each sample, and its backward is the gradient of their mean"


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
    return TotalLossForm(form, "mean") if is_mean else None
