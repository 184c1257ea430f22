"""Digits without zeros: data on which a small example is read, and on which every product shows."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec

# A gradient of zeros is right whatever it is multiplied by; G that sums to 0 five times over is no accident any more.
_DRAWS = 5


def digits_case(spec: ConvSpec, seed: int) -> Case:
    """Integers from 1 to 9, G with signs: no zeros that hide a term, all sums exact, no gradient of zeros alone.

    Args:
        spec: the geometry.
        seed: decides the data, together with the shapes.
    """
    for attempt in range(_DRAWS):
        case = _drawn(spec, (seed, *spec.x_shape, *spec.weight_shape, *[attempt] * bool(attempt)))
        if np.any(case.grad_output.sum(axis=(0, *range(2, case.grad_output.ndim)))):
            break
    return case


def _drawn(spec: ConvSpec, entropy: tuple[int, ...]) -> Case:
    random = np.random.default_rng(entropy)

    def digits(shape: tuple[int, ...]) -> Array:
        return random.integers(1, 10, shape).astype(np.float64)

    signs = random.choice((-1.0, 1.0), spec.output_shape)
    return Case(
        spec=spec,
        x=digits(spec.x_shape),
        weight=digits(spec.weight_shape),
        bias=digits((spec.out_channels,)),
        grad_output=digits(spec.output_shape) * signs,
    )
