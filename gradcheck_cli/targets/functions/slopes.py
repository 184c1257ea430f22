"""The slope of a forward along one direction: a hint of what a backward is the derivative of. Nothing is judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction

# Of the slope: what differences of a smooth loss over this step leave, and more than a factor of 1/2 is away.
_STEP, SAME = 1e-5, 1e-3


def slope(form: WrittenFunction, sample: Sample, name: str, upstream: Sequence[Array] = ()) -> float:
    """Of the sum of the outputs, along one direction of one argument.

    Args:
        upstream: what the outputs are weighed with; of the first alone, with ones, where there is none.

    Raises:
        Exception: whatever the forward raises.
    """
    point, along = sample.array(name), direction(sample, name)

    def weighed(step: float) -> float:
        outputs = form.forward(sample.replacing(name, point + step * along).values)
        weights = upstream or [np.ones_like(outputs[0])]
        return float(sum(np.vdot(weight, out) for weight, out in zip(weights, outputs, strict=False)))

    return (weighed(_STEP) - weighed(-_STEP)) / (2 * _STEP)


def direction(sample: Sample, name: str) -> Array:
    """The same for the same sample."""
    return np.asarray(np.random.default_rng([sample.seed, 5]).standard_normal(sample.array(name).shape))


def are_slopes(form: WrittenFunction, sample: Sample, upstream: Sequence[Array] = ()) -> bool:
    """Whether every gradient that a backward gives is the slope of its forward.

    Args:
        upstream: of a backward that is handed one; see `slope`.

    Raises:
        Exception: whatever they raise.
    """
    handed = list(upstream) or [np.ones_like(out) for out in form.forward(sample.values)]
    gradients = form.run(sample.values, handed).gradients
    right = [is_slope(form, sample, name, gradient, upstream) for name, gradient in gradients.items()]
    return bool(right) and all(right)


def is_slope(form: WrittenFunction, sample: Sample, name: str, gradient: Array, upstream: Sequence[Array] = ()) -> bool:
    """Whether an array is the slope of a forward along one argument.

    Args:
        upstream: see `slope`.

    Raises:
        Exception: whatever the forward raises.
    """
    along = slope(form, sample, name, upstream)
    return abs(float(np.sum(gradient * direction(sample, name))) - along) <= SAME * abs(along)
