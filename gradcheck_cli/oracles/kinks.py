"""Outputs whose residual is so near to 0, the kink of |.|, that the common step might cross it.

E is a sum over outputs, so its difference quotient may be taken output by output. Those few get a step of their own,
which does not reach the kink; where not even the sign of the residual is known they are left out, and the bound allows
for every slope there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, Axis, ConvSpec
from gradcheck_cli.oracles.frames import as_weight, framed
from gradcheck_cli.oracles.numeric_bounds import Residuals, U, power_of_2


@dataclass(frozen=True)
class Kinks:
    """What the outputs near a kink give.

    Attributes:
        outputs: (count, 4), their indices n, o, p, q, five for three axes; the common step is not for them.
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
    slopes, bound = (np.zeros(_entries_shape(spec)) for _ in range(2))
    unknown = 0
    frame = known.x if spec.transposed else framed(known.x, spec)
    for output in map(tuple, outputs.tolist()):
        filter_ = divmod(output[1], spec.out_channels // spec.groups)
        patch, residual = _patch(frame, output, spec), float(known.residual[output])
        size = np.abs(patch)
        if abs(residual) <= known.error[output]:
            bound[filter_] += size
            unknown += 1
        elif size.any():
            own = power_of_2(abs(residual) / float(size.max()))
            slopes[filter_] += (np.abs(residual + own * patch) - np.abs(residual - own * patch)) / (2 * own)
            beyond, rounding = np.maximum(size - abs(residual) / own, 0), 4 * U * (abs(residual) / own + size)
            bound[filter_] += np.where(size > 0, beyond + rounding, 0)
    return Kinks(outputs, as_weight(slopes * known.scale, spec), as_weight(bound * known.scale, spec), unknown)


def _entries_shape(spec: ConvSpec) -> tuple[int, ...]:
    """(groups, c_out/groups, c_in/groups, ...)"""
    return (spec.groups, spec.out_channels // spec.groups, spec.in_channels // spec.groups, *spec.kernel_size)


def _near(known: Residuals, step: float) -> Array:
    """(n, c_out, h_out, w_out), bool; an output that no pixel moves is not near."""
    if known.loss.name != "l1":
        return np.zeros(known.residual.shape, bool)
    is_crossed = np.abs(known.residual) - known.error < step * known.largest_x
    return (known.is_close_to_kink | is_crossed) & (known.largest_x > 0)


def _patch(frame: Array, output: tuple[int, ...], spec: ConvSpec) -> Array:
    """What meets output (n, o, p, ...) by each tap, (c_in/groups, ...); 0 where nothing does."""
    n, o, *places = output
    channels = spec.in_channels // spec.groups
    first = o // (spec.out_channels // spec.groups) * channels
    planes = frame[n, first : first + channels]
    for number, (axis, place) in enumerate(zip(spec.axes, places, strict=True), start=1):
        read = [_scattered_from(axis, place, tap) if spec.transposed else axis.stride * place + axis.dilation * tap
                for tap in range(axis.taps)]  # fmt: skip
        planes = np.stack([_element(planes, number, position) for position in read], axis=number)
    return planes


def _scattered_from(axis: Axis, place: int, tap: int) -> int | None:
    """The input element of a transposed layer that adds to this output by this tap."""
    position, left = divmod(place + axis.before - axis.dilation * tap, axis.stride)
    return position if not left and 0 <= position < axis.outputs else None


def _element(planes: Array, axis: int, position: int | None) -> Array:
    """One element of an axis, which is gone then; zeros for None."""
    return np.zeros_like(planes.take(0, axis)) if position is None else planes.take(position, axis)
