"""Cases that tell with how many bits code computes: what each one shows, a code with fewer bits gets wrong.

All hold whole numbers, so that the right gradients are known exactly. No gradients here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.numbers import drawing, exact
from gradcheck_cli.numbers.formats import LARGEST, limit_of
from gradcheck_cli.numbers.magnitudes import FLOAT32_LIMIT

# Odd numbers of so many bits: rounding to the 11 of TF32 and float16 moves each one, and never lies in the middle.
FINE_BITS = 13


def small_case(spec: ConvSpec, rng: np.random.Generator, bits: int) -> Case:
    """Every sum in every order is exact in a format of so many bits: code that differs here does not just round.

    Args:
        spec: the geometry.
        rng: draws everything.
        bits: of the mantissa.
    """
    return exact.narrow_case(spec, rng, limit=limit_of(bits))


def summed_case(spec: ConvSpec, rng: np.random.Generator, dtype: str) -> Case:
    """X, F and G have 8 bits and the sums up to 24: what adds up in float32 gets them exactly, and rounds them once.

    Args:
        spec: the geometry.
        rng: draws everything.
        dtype: of the result, in which no sum is too large.
    """
    return exact.narrow_case(spec, rng, limit=min(LARGEST.get(dtype, FLOAT32_LIMIT), FLOAT32_LIMIT))


def fine_case(spec: ConvSpec, rng: np.random.Generator) -> Case:
    """X and F are odd numbers of 13 bits, exact in float32 with all their sums: what rounds its inputs shows.

    G holds signs, thinned out where the sums would be too large.

    Args:
        spec: the geometry.
        rng: draws everything.
    """
    x, weight = (
        rng.choice((-1.0, 1.0), shape) * (2 * rng.integers(2 ** (FINE_BITS - 2), 2 ** (FINE_BITS - 1), shape) + 1)
        for shape in (spec.x_shape, spec.weight_shape)
    )
    upstream = rng.choice((-1.0, 1.0), spec.output_shape)
    case = Case(spec, x, weight, np.arange(1.0, spec.out_channels + 1), upstream)
    while not (proof := exact.certificate(case)).exact_in_float32:
        share = FLOAT32_LIMIT / proof.largest
        case = replace(case, grad_output=drawing.thinned(case.grad_output, 0.9 * share, rng))
    return case


def counting_case(spec: ConvSpec) -> Case:
    """Ones everywhere: each gradient counts its terms, and a sum of few bits stops at 2^bits."""
    ones = (np.ones(shape) for shape in (spec.x_shape, spec.weight_shape, (spec.out_channels,), spec.output_shape))
    return Case(spec, *ones)


def with_terms(spec: ConvSpec, terms: int) -> tuple[ConvSpec, ConvSpec]:
    """The layer on a longer input, and the layer with more filters: so many terms in grad_weight and in grad_input.

    Not with more samples: torch may round the sum of each one, and the bound on what is allowed then grows with them.
    """
    fewest = min(spec.terms_of("weight"), spec.terms_of("bias"))
    longer = replace(spec, width=spec.width * max(1, -(-terms // fewest)))
    more = max(1, -(-terms // spec.terms_of("input")))
    return longer, replace(spec, out_channels=spec.out_channels * more)
