"""Is a gradient the derivative of the forward beside it? Asked of forwards that are no convolution.

The objective is E = sum(G * forward(point)) in float64; <gradient, V> is compared with the central difference of E
along random directions V, so no formula of a backward is used, and a few calls of the forward are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array

Point = Mapping[str, Array]
Forward = Callable[[Point], Array]
"""From the inputs by name to the output; a fresh computation at each call, in float64."""

# Along one random direction a wrong gradient is right with probability 0; the others are for bad luck with rounding.
DIRECTIONS = 3
# The error of the formula and that of rounding are both about 1e-10 of the slope with it.
STEP = 1e-5
# Central differences: the error of the formula is about STEP**2, that of rounding 1e-16 / STEP; wrong gradients that
# people write are off by far more than a thousandth.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class OwnDerivative:
    """Slopes of E at a point, along random directions of each input.

    Attributes:
        directions: input -> directions, stacked.
        slopes: input -> dE along each.
    """

    directions: Mapping[str, Array]
    slopes: Mapping[str, Array]

    def fits(self, name: str, gradient: Array) -> bool:
        """Whether a gradient is the derivative: <gradient, V> is the slope along every V."""
        directions = self.directions[name]
        if gradient.shape != directions.shape[1:]:
            return False
        along = np.tensordot(directions, gradient, axes=gradient.ndim)
        scale = float(np.abs(self.slopes[name]).max() + np.linalg.norm(gradient))
        return bool(np.abs(along - self.slopes[name]).max() <= TOLERANCE * scale)

    def slopes_beside(self, name: str, gradient: Array) -> str:
        """ "5.1 where -3 is right": along the direction where they differ most, as a gradient and the forward say."""
        directions = self.directions[name]
        if gradient.shape != directions.shape[1:]:
            return f"an array of shape {gradient.shape} where {directions.shape[1:]} is right"
        along = np.tensordot(directions, gradient, axes=gradient.ndim)
        most = int(np.abs(along - self.slopes[name]).argmax())
        return f"{along[most]:.4g} where {self.slopes[name][most]:.4g} is right"


def own_derivative(forward: Forward, point: Point, grad_output: Array, seed: int = 0) -> OwnDerivative:
    """The derivative of sum(grad_output * forward(point)) along random directions of every input.

    Args:
        forward: raises what it raises.
        point: inputs as float64, at a place without kinks: random numbers, no integers.
        grad_output: of the shape of the output.
    """
    draw = np.random.default_rng(seed)
    directions = {name: draw.standard_normal((DIRECTIONS, *array.shape)) for name, array in point.items()}

    def energy(name: str, moved: Array) -> float:
        return float(np.sum(grad_output * forward({**point, name: moved})))

    slopes = {
        name: np.array([_slope(energy, name, point[name], direction) for direction in directions[name]])
        for name in point
    }
    return OwnDerivative(directions, slopes)


def _slope(energy: Callable[[str, Array], float], name: str, at: Array, direction: Array) -> float:
    ahead, behind = energy(name, at + STEP * direction), energy(name, at - STEP * direction)
    return (ahead - behind) / (2 * STEP)
