"""How large a step the finite differences take, and how far the quotients may be off."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Loss
from gradcheck_cli.numbers.rounding import SMALLEST_DENORMAL, UNIT_ROUNDOFF
from gradcheck_cli.oracles import losses
from gradcheck_cli.oracles.forward import forward_bound
from gradcheck_cli.oracles.frames import as_weight, entries
from gradcheck_cli.oracles.gauge import gauge, window_sums
from gradcheck_cli.oracles.layer import Layer

# Finite differences are taken in float64 whatever autograd computes in.
U = UNIT_ROUNDOFF["float64"]
# The larger the step, the more residuals change their sign on the way.
LARGEST_STEP = 1e-4
# A residual that is not above so many errors of the forward may lie on the other side of the kink.
KINK_ERRORS = 1000
# One output in so many may be nearer to its kink than the common step reaches, and gets a step of its own.
OUTPUTS_PER_OWN_STEP = 1024
# A linear loss has no truncation error, so its step may drown the rounding of O.
LINEAR_STEP = 2.0**10


@dataclass(frozen=True)
class Residuals:
    """What the finite differences start from; E = scale * sum of factor * l(residual).

    `x` (n, c_in, h, w); `residual`, `grad_output` and `factor` (None: all 1) are (n, c_out, h_out, w_out); float64.
    `error` is how far two right forwards may put a residual apart, of the same shape.
    """

    spec: ConvSpec
    loss: Loss
    x: Array
    residual: Array
    error: Array
    factor: Array | None
    scale: float
    grad_output: Array

    @classmethod
    def of(cls, layer: Layer, output: Array) -> Residuals:
        """Everything that follows from the layer and its own O."""
        spec, loss = layer.spec, layer.loss
        residual = losses.residuals(output, layer.reference, loss)
        summed = forward_bound(layer.x, layer.weight, layer.bias, spec)
        return cls(
            spec=spec,
            loss=loss,
            x=np.asarray(layer.x, np.float64),
            residual=residual,
            error=2 * (summed + U * np.abs(residual)),
            factor=losses.random_factors(output.shape, layer.seed) if loss.name == "random" else None,
            scale=1.0 / output.size if loss.reduction == "mean" else 1.0,
            grad_output=losses.grad_output(output, layer.reference, loss, layer.seed),
        )

    def without(self, outputs: Array) -> Residuals:
        """The same with a residual of 0 at these outputs, (count, 4 or 5): |.| is even, so they move no difference."""
        residual = self.residual.copy()
        residual[tuple(outputs.T)] = 0
        return replace(self, residual=residual)

    @property
    def is_close_to_kink(self) -> Array:
        """Where |r| is at most 1000 times its error, (n, c_out, h_out, w_out)."""
        return np.asarray(np.abs(self.residual) <= KINK_ERRORS * self.error)

    @property
    def largest_x(self) -> Array:
        """max |X| that an output of each sample and filter may meet, (n, c_out, 1, 1)."""
        n, groups = self.spec.batch, self.spec.groups
        by_group = np.abs(self.x).reshape(n, groups, -1).max(axis=2)
        ones = [1] * len(self.spec.kernel_size)
        return np.repeat(by_group, self.spec.out_channels // groups, axis=1).reshape(n, -1, *ones)


def choose_step(known: Residuals) -> float:
    """The step with the smallest bound: a power of 2, so that step * x is exact.

    l1: the largest one that crosses no kink, min (|r| - error) / max |x|, but for one output in 1024 and for those
    with a residual up to 1000 times its error; it moves a kernel entry by at most 1e-4, or an output by at most 1e-4
    where |X| < 1. A piecewise linear loss has no truncation error. mse: sqrt(sum r^2 / sum x^2), where the rounding of
    both is alike; the central difference of a square has no truncation error. sum, random: large, for the same reason.

    Source:
        docs/mathematics.md, "Finite differences".
    """
    largest = float(np.abs(known.x).max())
    if not 0 < largest < math.inf:
        return power_of_2(LARGEST_STEP)
    if known.loss.name == "l1":
        return power_of_2(min(_room(known), LARGEST_STEP / min(1.0, largest)))
    if known.loss.name == "mse":
        return power_of_2(_norm(known.residual) / _norm(known.x))
    return power_of_2(LINEAR_STEP * float(np.abs(known.residual).max()) / largest)


def rounding_bound(known: Residuals, step: float) -> Array:
    """Bound what the rounding of the evaluation does to a quotient, (c_out, c_in/groups, kh, kw).

    With x = 0 both ends are equal and nothing is lost; for each other term (S = those terms, D = sum |l'(r)||x|)
        l1:          u (sum over S of |r| / step) + (n + 6) u D
        mse:         3 u (sum over S of r^2 / step + step * sum x^2) + (n + 6) u D
        sum, random: 2 u (sum over S of |f r| / step) + (n + 6) u D
    and a few denormals. The first terms are the roundings of r +- step * x and of l, divided by 2 step; (n + 6) u D is
    that of the difference, the sum over n terms and the scale.

    Source:
        docs/mathematics.md, "Finite differences", with the exact count of roundings.
    """
    return _rounding(known, step, window_sums(np.square(known.x), known.spec) if known.loss.name == "mse" else None)


def rounding_bound_by_output(known: Residuals, step: float) -> Array:
    """Bound what rounding does to the differences of `numeric_outputs`, (c_out, c_in/groups, kh, kw).

    A slope of l1 is off by u |r| / M + 2 u, of a linear loss by 2 u |f r| / M + 4 u |f|, of mse by 3 u (r^2 / M + M) +
    2 u |2 r|, with M = step * max |X|. It is multiplied by x: the parts with 1 / M are at most those of
    `rounding_bound`, for |x| / M <= 1 / step; M |x| = step max |X| |x| stands in place of step x^2; and the sum over n
    terms and the scale add at most (n + 2) u D. A slope that underflows is off by a denormal, times x.
    """
    sizes = np.abs(known.x)
    largest, read = float(sizes.max(initial=0)), window_sums(sizes, known.spec)
    underflow = 2 * SMALLEST_DENORMAL["float64"] * known.scale * read
    return _rounding(known, step, largest * read if known.loss.name == "mse" else None, underflow)


def _rounding(known: Residuals, step: float, squares: Array | None, underflow: Array | float = 0.0) -> Array:
    """The bound, with what stands for the sum of x^2 where the loss is mse, and what else may underflow."""
    spec = known.spec
    mass = known.residual if known.factor is None else known.factor * known.residual
    count = window_sums(known.x != 0, spec)
    if squares is not None:
        lost = 3 * (_at_most(np.square(mass), count, spec) / step + step * squares)
    else:
        lost = (1 if known.loss.name == "l1" else 2) * _at_most(np.abs(mass), count, spec) / step
    slopes = _slopes(known)
    rounding = U * (lost * known.scale + (spec.terms + 6) * slopes) * (1 + 1e-6)
    denormals = 4 * count * SMALLEST_DENORMAL["float64"] * max(1.0, known.scale / step)
    return np.asarray(as_weight(rounding + denormals + underflow, spec))


def _slopes(known: Residuals) -> Array:
    """D * scale: the gauge of G, for l1 with 1 in place of |sign r|; (groups, filters, channels, kh, kw)."""
    if known.loss.name in ("l1", "sum"):
        return window_sums(np.abs(known.x), known.spec) * known.scale
    return entries(gauge(known.x, known.grad_output, known.spec), known.spec)


def _at_most(mass: Array, count: Array, spec: ConvSpec) -> Array:
    """Bound the sum of `mass` over any `count` of a filter's outputs: (groups, filters, channels, kh, kw)."""
    by_filter = mass.swapaxes(0, 1).reshape(spec.out_channels, -1)
    shape = (spec.groups, -1, 1, *[1] * len(spec.kernel_size))
    total, largest = (part.reshape(shape) for part in (by_filter.sum(axis=1), by_filter.max(axis=1)))
    return np.asarray(np.minimum(total, largest * count))


def _room(known: Residuals) -> float:
    """The largest step that crosses no kink, of all outputs but the nearest ones."""
    is_clear = ~known.is_close_to_kink & (known.largest_x > 0)
    distance = np.abs(known.residual) - known.error
    room = np.divide(distance, known.largest_x, out=np.full(distance.shape, np.inf), where=is_clear).ravel()
    nearest = room.size // OUTPUTS_PER_OWN_STEP
    return float(np.partition(room, nearest)[nearest])


def _norm(array: Array) -> float:
    largest = float(np.abs(array).max())
    return largest * float(np.sqrt(np.square(array / largest).sum())) if 0 < largest < math.inf else largest


def power_of_2(step: float) -> float:
    """The largest power of 2 that is not above `step`; 2^-14 where that is no positive finite number."""
    if not 0 < step < math.inf:
        step = LARGEST_STEP
    exponent = math.frexp(step)[1] - 1
    return math.ldexp(1.0, max(-1000, min(1000, exponent)))
