"""The backward of a recorded forward differentiated once more, with the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gradcheck_cli.checks.ladder.twice import SecondOrder, judged_twice
from gradcheck_cli.model import Array, FunctionOutcome, Sample
from gradcheck_cli.model.recording import Recording

# Of the size of the numbers: the error of a central difference is its square, rounding the inverse times u.
STEP = 2.0**-13


class TwiceDifferentiable(Protocol):
    """What runs the function: see `targets.functions.client.FunctionClient`."""

    def gradients(self, sample: Sample, upstream: Sequence[Array], /) -> FunctionOutcome:
        """Forward and backward."""

    def differentiated_twice(
        self, sample: Sample, upstream: Sequence[Array], directions: Mapping[str, Array], /
    ) -> FunctionOutcome:
        """The derivative of sum(directions * gradients)."""


def second_order(
    client: TwiceDifferentiable, sample: Sample, upstream: Sequence[Array], recording: Recording
) -> SecondOrder | None:
    """Judge a second derivative; None where nothing is known of it.

    Args:
        sample: on which the gradients are right.
        upstream: G.
        recording: of the forward on this sample.
    """
    from gradcheck_cli.oracles.graph.replay import Replay
    from gradcheck_cli.oracles.graph.second import second_derivatives

    names = [name for name in sample.differentiated if name in recording.inputs]
    generator = np.random.default_rng([sample.seed, 3])
    weights, steps = _directions(sample, names, generator), _directions(sample, names, generator)
    values = {name: sample.array(name) for name in recording.inputs}
    try:
        truth = second_derivatives(Replay(recording, values, "followed"), upstream, weights)
    except (RuntimeError, ValueError, NotImplementedError):  # an operation that torch does not differentiate twice
        return None
    ends = [_weighed(client, sample, upstream, weights, steps, size) for size in (STEP, -STEP)]
    if None in ends:
        return None
    difference = (ends[0] - ends[1]) / (2 * STEP)  # type: ignore[operator]
    return judged_twice(client.differentiated_twice(sample, upstream, weights), truth, steps, difference)


def _directions(sample: Sample, names: Sequence[str], generator: np.random.Generator) -> dict[str, Array]:
    return {name: np.asarray(generator.standard_normal(sample.array(name).shape)) for name in names}


def _weighed(
    client: TwiceDifferentiable,
    sample: Sample,
    upstream: Sequence[Array],
    weights: Mapping[str, Array],
    steps: Mapping[str, Array],
    size: float,
) -> float | None:
    """sum(weights * gradients), a step further on; None where the call does not end, or gives other shapes."""
    for name, step in steps.items():
        sample = sample.replacing(name, sample.array(name) + size * step)
    outcome = client.gradients(sample, upstream)
    shapes = {name: array.shape for name, array in outcome.gradients.items()}
    if not outcome.ended or any(shapes.get(name) != weight.shape for name, weight in weights.items()):
        return None
    return float(sum(np.vdot(weight, outcome.gradients[name]) for name, weight in weights.items()))
