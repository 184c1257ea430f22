"""The slope of a forward along one direction: a hint of what a backward is the derivative of. Nothing is judged."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction

# Of the slope: what differences of a smooth loss over this step leave, and more than a factor of 1/2 is away.
_STEP, SAME = 1e-5, 1e-3


def slope(form: WrittenFunction, sample: Sample, name: str) -> float:
    """Of the sum of the outputs, along one direction of one argument.

    Raises:
        Exception: whatever the forward raises.
    """
    point, along = sample.array(name), direction(sample, name)
    ahead, behind = (
        float(np.sum(form.forward(sample.replacing(name, point + step * along).values)[0])) for step in (_STEP, -_STEP)
    )
    return (ahead - behind) / (2 * _STEP)


def direction(sample: Sample, name: str) -> Array:
    """The same for the same sample."""
    return np.asarray(np.random.default_rng([sample.seed, 5]).standard_normal(sample.array(name).shape))


def are_slopes(form: WrittenFunction, sample: Sample) -> bool:
    """Whether every gradient that a backward gives is the slope of its forward.

    Raises:
        Exception: whatever they raise.
    """
    gradients = form.run(sample.values, [np.ones_like(out) for out in form.forward(sample.values)]).gradients
    slopes = {name: slope(form, sample, name) for name in gradients}
    given = {name: float(np.sum(gradients[name] * direction(sample, name))) for name in gradients}
    return bool(slopes) and all(abs(given[name] - slopes[name]) <= SAME * abs(slopes[name]) for name in slopes)
