"""Layers so small that their numbers fit a page, with plain digits in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, Case, ConvSpec


def small_cases() -> Iterator[Case]:
    """4x4 images, the plainest layer first; then fractions and small numbers in G, then numbers beyond 24 bits."""
    specs = [
        ConvSpec(1, 1, 1, 4, 4, (2, 2)),
        ConvSpec(2, 1, 1, 4, 4, (2, 2)),
        ConvSpec(1, 2, 1, 4, 4, (2, 2)),
        ConvSpec(1, 1, 2, 4, 4, (2, 2)),
        ConvSpec(1, 2, 2, 4, 4, (2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), stride=(2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (1, 1), stride=(2, 2)),
        ConvSpec(1, 1, 1, 4, 4, (3, 3), padding=(1, 1)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), dilation=(2, 2)),
        ConvSpec(1, 2, 2, 4, 4, (2, 2), groups=2),
        ConvSpec(1, 1, 1, 4, 4, (3, 2)),
        ConvSpec(1, 1, 1, 4, 4, (2, 2), extra_after=(1, 1)),
        ConvSpec(1, 1, 3, 4, 4, (2, 2)),
    ]
    yield from map(plain_case, specs)
    plain = plain_case(specs[0])
    yield replace(plain, grad_output=plain.grad_output / 4)
    yield replace(plain, grad_output=plain.grad_output / 512)
    yield replace(plain, x=plain.x * 2.0**23 + 1)


def plain_case(spec: ConvSpec) -> Case:
    """Small digits in no obvious order, the same each time."""

    def digits(shape: tuple[int, ...], step: int, modulus: int, low: int) -> Array:
        places = np.arange(1, 1 + int(np.prod(shape)), dtype=np.float64)
        return ((places * step + places // modulus) % modulus + low).reshape(shape)

    return Case(
        spec=spec,
        x=digits(spec.x_shape, 7, 10, 0),
        weight=digits(spec.weight_shape, 3, 5, -2),
        bias=digits((spec.out_channels,), 1, 3, 1),
        grad_output=digits(spec.output_shape, 4, 7, -2),
    )
