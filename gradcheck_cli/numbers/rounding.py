"""Bounds on what rounding may do to one gradient entry. Only bounds: nothing here computes a gradient or a gauge.

Terms used throughout: n = products summed into an entry, A = the sum of |G||X| over them (the gauge),
u = the unit roundoff, half the distance from 1 to the next number.
Every bound assumes no overflow and direct summation, in any order and with or without FMA; and round-to-nearest, but
where `CUT_SUM` is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from gradcheck_cli.model import Array

# Half the distance from 1 to the next number of the format.
UNIT_ROUNDOFF: Mapping[str, float] = MappingProxyType(
    {"float32": 2.0**-24, "float64": 2.0**-53, "bfloat16": 2.0**-8, "float16": 2.0**-11}
)
# TF32 keeps 11 bits of a float32, and hardware may cut the others off: each of two factors is off by at most 2^-10 of
# itself.
TF32_FACTORS = 2.0**-9 + 2.0**-20
# Units of matrix products cut instead of rounding, twice in the place of an addition and each time at most 2^-23 of A;
# `allowed_tf32` has the proof.
CUT_SUM = 2.0**-22
# What is lost at most where a product falls below the smallest normal number.
SMALLEST_DENORMAL: Mapping[str, float] = MappingProxyType(
    {"float32": 2.0**-149, "float64": 2.0**-1074, "bfloat16": 2.0**-133, "float16": 2.0**-24}
)


def allowed_float64(terms: int, gauge: Array) -> Array:
    """How far apart two right float64 codes may be: 2 (n+2) u A + 2 n times the smallest denormal, u = 2^-53.

    A sum of n products, in any order, is off by at most n u A; "+ 2" covers the rounding of G and a final scaling.
    Both codes may be off, in opposite directions. A product that underflows loses at most half a denormal.
    This is a theorem, without a tuned constant: a larger difference is certified to be another formula.

    Args:
        terms: n, products per entry.
        gauge: A, an upper bound of the sum of |G||X|, any shape.

    Returns:
        The largest allowed |difference|, shape of `gauge`. 0 terms or A = 0 allow (almost) nothing.

    Source:
        Jeannerod and Rump, "Improved error bounds for inner products in floating-point arithmetic" (2013): n u in
        place of n u / (1 - n u); docs/mathematics.md, "Rounding".
    """
    bound: Array = 2 * (terms + 2) * UNIT_ROUNDOFF["float64"] * gauge + 2 * terms * SMALLEST_DENORMAL["float64"]
    return bound


def allowed_low(dtype: str, terms: int, gauge: Array, expected: Array, parts: int = 1, *, cuts: bool = False) -> Array:
    """The worst case of a gradient that was accumulated in float32 (or `dtype`, if wider) and returned in `dtype`.

    float32, float64: (n+2) u A + 2n denormals.
    bfloat16, float16: u_out |expected| + (1 + u_out) ((n+2) 2^-24 A + 2n denormals) + half an output denormal, which is
    2^-25 for float16: the accumulator is a float32, and its sum is rounded once more. Torch adds several parts
    (samples, in grad_input taps) one after another into a result of `dtype`: each of these partial sums is at most A
    and is rounded too.

    Args:
        dtype: what the code computed in.
        terms: n, products per entry.
        gauge: A, shape of the gradient.
        expected: the gradient of the same (already rounded) X and G in float64, shape of the gradient.
        parts: partial sums that are rounded to `dtype`.
        cuts: units of matrix products may have added up, which cut: 2^-22 then stands in place of 2^-24.

    Returns:
        The largest allowed |actual - expected|, shape of `gauge`.

    Source:
        As `allowed_float64`; for the rounding of the result, docs/mathematics.md, "float16, bfloat16".
    """
    accumulator = "float64" if dtype == "float64" else "float32"
    unit = CUT_SUM if cuts else UNIT_ROUNDOFF[accumulator]
    summed: Array = (terms + 2) * unit * gauge + 2 * terms * SMALLEST_DENORMAL[accumulator]
    if dtype == accumulator:
        return summed
    u_out = UNIT_ROUNDOFF[dtype]
    stored = u_out * np.abs(expected) + SMALLEST_DENORMAL[dtype] / 2
    partial = (parts - 1) * (u_out * gauge + SMALLEST_DENORMAL[dtype] / 2)
    bound: Array = stored + partial + (1 + u_out) ** parts * summed
    return bound


def allowed_tf32(terms: int, gauge: Array) -> Array:
    """The worst case of a gradient whose factors are cut to TF32 and whose products are added up by such units.

    A product of two numbers of 11 bits has 22 and is kept whole. A unit adds m numbers at once, products and what it
    had before: it shifts all to the largest exponent among them, cuts what lies behind 23 bits or more after the
    point, adds the rest without an error, and cuts the sum to 24 bits. In any tree of such additions over n products

        |error| <= 2 (n - 1) 2^-23 T,  T the sum of the |products|:

    What has the largest exponent has at most 23 bits behind the point and is not cut. Each of the m - 1 others loses
    less than 2^-23 of 2^exponent, so of the largest number; the sum loses less than 2^-23 of itself. What is cut only
    becomes smaller, so no number is ever above T. The m - 1 of all additions are n - 1 together, and at most n - 1
    additions have two numbers or more. If S sums of such units are added in float32 by rounding, there are 2 (n - S)
    losses, and the S - 1 roundings are off by (S - 1) 2^-24 T together (Jeannerod and Rump): less than 2 (n - 1)
    losses.

    So it holds however many numbers a unit takes, in which order, and the more so for more bits. (n + 2) leaves room
    for a scaling afterwards. Whole numbers whose sums stay below 2^24 lose nothing.

    Args:
        terms: n, products per entry.
        gauge: A, shape of the gradient.

    Returns:
        The largest allowed |actual - exact|, shape of `gauge`.

    Source:
        That units are of this kind, with 24 bits behind the point (Ampere, Ada) or 25 (Hopper, Blackwell): Xie, Wang,
        Yang and Yang, "MMA-Sim" (arXiv 2511.10909, 2025), whose simulator equals the hardware bit for bit. That they
        cut towards zero and keep products whole: Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA
        tensor cores" (2021), test suite, parts B to D. docs/mathematics.md, "TF32".
    """
    summed = (terms + 2) * CUT_SUM * gauge
    bound: Array = TF32_FACTORS * gauge + (1 + TF32_FACTORS) * summed + 2 * terms * SMALLEST_DENORMAL["float32"]
    return bound


def ratio_float32(error: Array, gauge: Array) -> Array:
    """|error| in units of 2^-24 A: up to `typical_limit` is typical of float32, above n + 2 no summation order does it.

    Args:
        error: actual - expected, any shape.
        gauge: A, same shape. Where A = 0 the ratio is 0 for no error and infinite for any.

    Returns:
        The ratio, shape of `error`.

    Source:
        Measured: right float32 code reached 2,621 on photographs, so this is a label, never a pass.
    """
    size = np.abs(np.asarray(error, np.float64))
    unit = UNIT_ROUNDOFF["float32"] * np.asarray(gauge, np.float64)
    exceeds = np.where(size > 0, np.inf, 0.0)
    ratio: Array = np.divide(size, unit, out=exceeds, where=unit > 0)
    return ratio


def typical_limit(terms: int) -> float:
    """sqrt(n): the ratio that roundings which behave like independent errors of both signs stay below.

    Source:
        Higham and Mary, "A new approach to probabilistic rounding error analysis" (2019); see docs/mathematics.md
        for why sums of one sign exceed it.
    """
    return math.sqrt(terms)


def allowed_fft(points: int, x_norm: Array | float, g_norm: Array | float, dtype: str) -> Array:
    """What an FFT correlation may be off in any entry: 2 log2(P) u ||X|| ||G||, a bound by norms, not entry by entry.

    Args:
        points: P, points of the padded transform.
        x_norm: Euclidean norm of the channel's plane (or of all of X).
        g_norm: Euclidean norm of the filter's G; broadcasts against `x_norm`.
        dtype: what the transform computed in; bfloat16 and float16 are transformed in float32.

    Returns:
        The largest allowed |difference|, broadcast shape of the two norms.

    Source:
        docs/mathematics.md, "FFT"; measured at most 7.4 in these units with a bound of 32.
    """
    u = UNIT_ROUNDOFF["float64" if dtype == "float64" else "float32"]
    bound: Array = np.asarray(2 * math.log2(max(points, 2)) * u * np.asarray(x_norm) * np.asarray(g_norm))
    return bound
