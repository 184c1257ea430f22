"""Outputs whose residual is so near to 0, the kink of |.|, that the common step might cross it.

E is a sum over outputs, so its difference quotient may be taken output by output. Those few get a step of their own,
which does not reach the kink; where not even the sign of the residual is known they are left out, and the bound allows
for every slope there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, ConvSpec
from gradcheck_cli.oracles.numeric_bounds import Residuals, U, power_of_2
from gradcheck_cli.oracles.windows import padded


@dataclass(frozen=True)
class Kinks:
    """What the outputs near a kink give.

    Attributes:
        outputs: (count, 4), their indices n, o, p, q; the common step is not for them.
        grad_weight: the sum of their own quotients, (c_out, c_in/groups, kh, kw), float64.
        bound: how far that sum may be from the gradient, same shape; any right forward's gradient.
        unknown: how many of them have a residual that cannot be told from 0.
    """

    outputs: Array
    grad_weight: Array
    bound: Array
    unknown: int


def find_kinks(known: Residuals, step: float) -> Kinks:
    """Differentiate the outputs near a kink of |.| one by one; the smooth losses have none.

    Near is an output with |r| <= 1000 times its error, or |r| - error < step * |x|. With e the largest power of 2 that
    keeps e * |x| <= |r| for all pixels of its window, it contributes (|r + e x| - |r - e x|) / (2 e), off by at most

        max(|x| - |r| / e, 0) + 4 u (|r| / e + |x|)

    where x is not 0 (the first term is 0 unless e underflows). Where |r| <= error nothing is added, off by at most |x|.

    Source:
        docs/mathematics.md, "Finite differences".
    """
    spec = known.spec
    outputs = np.argwhere(_near(known, step))
    slopes, bound = np.zeros(spec.weight_shape), np.zeros(spec.weight_shape)
    unknown = 0
    x_padded = padded(known.x, spec)
    for n, o, p, q in outputs:
        patch, residual = _patch(x_padded, (n, o, p, q), spec), float(known.residual[n, o, p, q])
        size = np.abs(patch)
        if abs(residual) <= known.error[n, o, p, q]:
            bound[o] += size
            unknown += 1
        elif size.any():
            own = power_of_2(abs(residual) / float(size.max()))
            slopes[o] += (np.abs(residual + own * patch) - np.abs(residual - own * patch)) / (2 * own)
            beyond, rounding = np.maximum(size - abs(residual) / own, 0), 4 * U * (abs(residual) / own + size)
            bound[o] += np.where(size > 0, beyond + rounding, 0)
    return Kinks(outputs, slopes * known.scale, bound * known.scale, unknown)


def _near(known: Residuals, step: float) -> Array:
    """(n, c_out, h_out, w_out), bool; an output that no pixel moves is not near."""
    if known.loss.name != "l1":
        return np.zeros(known.residual.shape, bool)
    is_crossed = np.abs(known.residual) - known.error < step * known.largest_x
    return (known.is_close_to_kink | is_crossed) & (known.largest_x > 0)


def _patch(x_padded: Array, output: tuple[int, int, int, int], spec: ConvSpec) -> Array:
    """The pixels that meet output (n, o, p, q), (c_in/groups, kh, kw)."""
    n, o, p, q = output
    channels = spec.weight_shape[1]
    first = o // (spec.out_channels // spec.groups) * channels
    top, left = spec.stride[0] * p, spec.stride[1] * q
    rows = slice(top, top + spec.extent[0], spec.dilation[0])
    return x_padded[n, first : first + channels, rows, left : left + spec.extent[1] : spec.dilation[1]]
