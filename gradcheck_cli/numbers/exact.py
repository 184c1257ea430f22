"""Exact probes: cases on which every order of summation is exact, with the certificate that it is. No gradients here.

A sum of integers is exact in floating point as long as no partial sum can leave the range in which every integer has
its own number, 2^24 for float32 and 2^53 for float64. The sum of the absolute values of its terms, A, bounds every
partial sum in every order. So max A below the limit means: two right codes agree bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import TENSORS, Array, Case, ConvSpec, Gradients
from gradcheck_cli.numbers import drawing, magnitudes
from gradcheck_cli.numbers.drawing import LARGEST_PIXEL
from gradcheck_cli.numbers.formats import LARGEST_GIVEN
from gradcheck_cli.numbers.magnitudes import FLOAT32_LIMIT, FLOAT64_LIMIT

# Small beside the pixels, so that most layers fit float32 without being made smaller; several values, so that a wrong
# weighting of filters or taps shows.
LARGEST_UPSTREAM = 3
LARGEST_KERNEL = 7
# The low bits of X are dropped down to 4 of them and no further: a picture of fewer hides mistakes of place.
SMALLEST_RANGE = 15
# Parts of 1 by which fractional numbers are finer than integers. Those of G are finer: grad_bias is made of it alone.
PARTS_OF_X, PARTS_OF_UPSTREAM = 4, 64
# A power of 2, so that nothing is rounded; gradients then come near 1e-12, where `round(g, 8)` leaves nothing.
SMALL_STEP = 2.0**-20


@dataclass(frozen=True)
class Certificate:
    """Upper bounds of max A, the largest sum of absolute values, for each gradient of a case; whole numbers."""

    weight: int
    input: int
    bias: int

    @property
    def largest(self) -> int:
        """The largest of the three."""
        return max(self.weight, self.input, self.bias)

    @property
    def exact_in_float32(self) -> bool:
        """Is every order of summation exact in float32 (and so in float64)?"""
        return self.exact_below(FLOAT32_LIMIT)

    def exact_below(self, limit: int) -> bool:
        """Is every order of summation exact in a format that has every whole number below the limit?"""
        return self.largest < limit


@dataclass(frozen=True)
class Scaled:
    """Real data as integers: `x` = X * 2^`exponent` and `grad_output` = G / `factor`, both exactly, float64 carriers.

    The gradient of the scaled data is an integer, exact in float64; dE/dF is it times `factor` * 2^-`exponent`.
    """

    x: Array
    grad_output: Array
    factor: float
    exponent: int


def certificate(case: Case) -> Certificate:
    """Bound max A of the three gradients from above, by norms: no convolution is run.

    grad_weight: min(sum |G_o| * max |X_i|, max |G_o| * sum |X_i|) for every filter o and channel i of its group.
    grad_input: sum over o of max |G_o| * sum over u,v of |F[o,i]|, for each entry meets each (o, u, v) at most once,
    or once for each place at which the padding shows it.
    grad_bias: sum |G_o|.

    Args:
        case: whole numbers below 2^53.
    """
    spec = case.spec
    upstream = magnitudes.measured(case.grad_output)
    weight = magnitudes.weight_bound(magnitudes.measured(case.x), upstream, spec)
    taps = np.abs(case.weight).reshape(*spec.weight_shape[:2], -1).sum(axis=2)
    kernel = taps.reshape(spec.groups, -1, spec.weight_shape[1])
    if spec.transposed:
        kernel = kernel.swapaxes(1, 2)
    at_input = (upstream.maxima.reshape(spec.groups, -1, 1) * kernel).sum(axis=1)
    bounds = (weight, float(at_input.max()) * spec.readings, float(upstream.sums.max()))
    return Certificate(*map(magnitudes.above, bounds))


def narrow_case(
    spec: ConvSpec,
    rng: np.random.Generator,
    x: Array | None = None,
    signs: Array | None = None,
    limit: int = FLOAT32_LIMIT,
    most: int = LARGEST_GIVEN,
) -> Case:
    """Integers so small that float32 is exact: max A < 2^24 for all three gradients.

    Args:
        spec: the geometry.
        rng: draws what is not given.
        x: (n, c_in, h, w) pixels, rounded to integers; pixels within -1..1 are spread over 255 steps first.
            Without it, random integers.
        signs: (n, c_out, h_out, w_out), of which only the signs are taken. Without it, random small integers.
        limit: of max A, 2^bits of another format's mantissa in place of float32's.
        most: what an integer of `x` may be, see `formats.largest_given`.

    Returns:
        float64 arrays of integers; the bias is 1, 2, 3... Where the limit demands it they are made smaller: first the
        magnitudes of G, then those of F, then the low bits of X are dropped until 4 are left, then G is thinned out to
        zeros (its first and last rows and columns last), then F.
    """
    pixels = drawing.draw(rng, spec.x_shape, LARGEST_PIXEL) if x is None else drawing.whole_pixels(x, most)
    upstream = (
        drawing.draw(rng, spec.output_shape, LARGEST_UPSTREAM) if signs is None else np.sign(signs).astype(np.float64)
    )
    kernel = drawing.draw(rng, spec.weight_shape, LARGEST_KERNEL)
    case = Case(spec, pixels, kernel, np.arange(1.0, spec.out_channels + 1), upstream)
    # What is made smaller is not to lie beside what it was.
    del pixels, kernel, upstream
    while not (proof := certificate(case)).exact_below(limit):
        case = one_step_smaller(case, proof, rng, limit)
    return case


def wide_case(spec: ConvSpec, rng: np.random.Generator, x: Array | None = None) -> Case:
    """Integers that float64 sums exactly and float32 does not: 2^24 < max A < 2^53.

    A narrow case in which a few numbers of X, G and F are replaced by odd ones of 25 bits. They do not fit float32
    themselves, nor do their products, nor the sums that they enter: a float32 anywhere in the code shows. At most 3 in
    each filter's G and 1 in each input channel's F, so max A < (2^24 + 3 * 2^25) * 2^25 < 2^53.

    Args:
        spec: the geometry.
        rng: draws what is not given.
        x: as for `narrow_case`.
    """
    case = narrow_case(spec, rng, x)
    pixels, kernel, upstream = case.x.copy(), case.weight.copy(), case.grad_output.copy()
    touched, meeting = drawing.touched(spec), drawing.meeting(spec)
    if all(places.size for places in touched):
        for n, i in np.ndindex(spec.batch, spec.in_channels):
            pixels[n, i, *(rng.choice(places) for places in touched)] = drawing.wide(rng)
    for o in range(spec.out_channels):
        drawing.widen(upstream[:, o], meeting, rng)
    by_group = kernel.reshape(spec.groups, -1, *spec.weight_shape[1:])
    if spec.transposed:
        by_group = by_group.swapaxes(1, 2)
    for g, i in np.ndindex(spec.groups, by_group.shape[2]):
        filter_, *taps = (rng.integers(0, by_group.shape[axis]) for axis in (1, *range(3, by_group.ndim)))
        by_group[g, filter_, i, *taps] = drawing.wide(rng)
    return Case(spec, pixels, kernel, case.bias, upstream)


def fractional_case(spec: ConvSpec, rng: np.random.Generator) -> Case:
    """Numbers with something behind the point, exact in float64: what cuts X, F, G or a gradient to integers shows.

    A narrow case in which every number but 0 is moved away from 0 by less than 1, so that cutting gives the narrow
    number back. Products are whole multiples of 2^-8 and max A < 4 * 2^24.

    Args:
        spec: the geometry.
        rng: draws everything.
    """
    case = narrow_case(spec, rng)
    return replace(
        case,
        x=drawing.with_fractions(case.x, PARTS_OF_X, rng),
        weight=drawing.with_fractions(case.weight, PARTS_OF_X, rng),
        grad_output=drawing.with_fractions(case.grad_output, PARTS_OF_UPSTREAM, rng),
    )


def tiny_case(spec: ConvSpec, rng: np.random.Generator) -> Case:
    """A narrow case times 2^-20: what rounds gradients to decimals, or takes small ones for 0, shows.

    Args:
        spec: the geometry.
        rng: draws everything.
    """
    return scaled(narrow_case(spec, rng), SMALL_STEP)


def scaled(case: Case, factor: float) -> Case:
    """The case with X, F and G times `factor`, a power of 2: as exact as it was."""
    return replace(case, x=case.x * factor, weight=case.weight * factor, grad_output=case.grad_output * factor)


def unscaled(gradients: Gradients, factor: float) -> Gradients:
    """The gradients of a case, from those of the case `scaled` by `factor`; exact."""
    # One factor for G, and one for what it is multiplied by.
    factors = {name: factor**2 if tensor.partner else factor for name, tensor in TENSORS.items()}
    return Gradients(**{name: gradient / factors[name] for name, gradient in gradients.items()})


def as_integers(case: Case) -> Case:
    """The case with X, F and G each times the power of 2 that makes them the smallest integers."""
    x, weight, grad_output = (
        np.asarray(np.ldexp(array, -magnitudes.lowest_bit(array))) for array in (case.x, case.weight, case.grad_output)
    )
    return replace(case, x=x, weight=weight, grad_output=grad_output)


def dyadic(x: Array, grad_output: Array, spec: ConvSpec) -> Scaled | None:
    """Real data as integers, where that makes their grad_weight exact in float64.

    Every floating-point number is a whole multiple of a power of 2, so X is. G is where it holds one magnitude only
    (l1), or whole multiples of its smallest one, or few bits.

    Args:
        x: (n, c_in, h, w).
        grad_output: (n, c_out, h_out, w_out).
        spec: the geometry.

    Returns:
        The scaled data, with max A < 2^53 proved; None where that cannot be had.
    """
    wide_x, wide_g = x.astype(np.float64), grad_output.astype(np.float64)
    if not (np.isfinite(wide_x).all() and np.isfinite(wide_g).all()):
        return None
    exponent = -magnitudes.lowest_bit(wide_x)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        whole_x = np.ldexp(wide_x, exponent)
        of_x = magnitudes.measured(whole_x)
        for unit in (magnitudes.smallest, _power_below):
            factor = unit(wide_g)
            whole_g = np.rint(wide_g / factor)
            is_multiple = bool(np.all(whole_g * factor == wide_g))
            if is_multiple and magnitudes.weight_bound(of_x, magnitudes.measured(whole_g), spec) < FLOAT64_LIMIT:
                return Scaled(whole_x, whole_g, factor, exponent)
    return None


def _power_below(array: Array) -> float:
    """The largest power of 2 of which every number is a whole multiple."""
    return 2.0 ** magnitudes.lowest_bit(array)


def one_step_smaller(case: Case, proof: Certificate, rng: np.random.Generator, limit: int = FLOAT32_LIMIT) -> Case:
    """One step towards the limit, the least harmful one that helps."""
    if magnitudes.maxima(case.grad_output).max() > 1:
        return replace(case, grad_output=drawing.halved(case.grad_output))
    if proof.input >= limit:
        is_small = np.abs(case.weight).max() <= 1
        return replace(case, weight=drawing.thinned(case.weight, 0.5, rng) if is_small else drawing.halved(case.weight))
    if proof.bias < limit and magnitudes.maxima(case.x).max() > SMALLEST_RANGE:
        return replace(case, x=drawing.truncated_half(case.x))
    return replace(case, grad_output=drawing.thinned_inside(case.grad_output, limit / proof.largest, rng))
