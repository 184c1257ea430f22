"""Exact probes: cases on which every order of summation is exact, with the certificate that it is. No gradients here.

A sum of integers is exact in floating point as long as no partial sum can leave the range in which every integer has
its own number, 2^24 for float32 and 2^53 for float64. The sum of the absolute values of its terms, A, bounds every
partial sum in every order. So max A below the limit means: two right codes agree bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import TENSORS, Array, Case, ConvSpec, Gradients

FLOAT32_LIMIT = 2**24
FLOAT64_LIMIT = 2**53

LARGEST_PIXEL = 255
LARGEST_GIVEN = 2**16
LARGEST_UPSTREAM = 3
LARGEST_KERNEL = 7
SMALLEST_RANGE = 15
WIDE_OUTPUTS = 3
# Parts of 1 by which fractional numbers are finer than integers. Those of G are finer: grad_bias is made of it alone.
PARTS_OF_X, PARTS_OF_UPSTREAM = 4, 64
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
        return self.largest < FLOAT32_LIMIT

    @property
    def exact_in_float64(self) -> bool:
        """Is every order of summation exact in float64?"""
        return self.largest < FLOAT64_LIMIT


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
    grad_input: sum over o of max |G_o| * sum over u,v of |F[o,i]|, for each entry meets each (o, u, v) at most once.
    grad_bias: sum |G_o|.

    Args:
        case: whole numbers below 2^53.
    """
    weight = _weight_bound(case.x, case.grad_output, case.spec)
    kernel = np.abs(case.weight).sum(axis=(2, 3)).reshape(case.spec.groups, -1, case.spec.weight_shape[1])
    at_input = (_maxima(case.grad_output).reshape(case.spec.groups, -1, 1) * kernel).sum(axis=1)
    return Certificate(_above(weight), _above(float(at_input.max())), _above(float(_sums(case.grad_output).max())))


def narrow_case(spec: ConvSpec, rng: np.random.Generator, x: Array | None = None, signs: Array | None = None) -> Case:
    """Integers so small that float32 is exact: max A < 2^24 for all three gradients.

    Args:
        spec: the geometry.
        rng: draws what is not given.
        x: (n, c_in, h, w) pixels, rounded to integers; pixels within -1..1 are spread over 255 steps first.
            Without it, random integers.
        signs: (n, c_out, h_out, w_out), of which only the signs are taken. Without it, random small integers.

    Returns:
        float64 arrays of integers; the bias is 1, 2, 3... Where the limit demands it they are made smaller: first the
        magnitudes of G, then those of F, then the low bits of X are dropped until 4 are left, then G is thinned out to
        zeros (its first and last rows and columns last), then F.
    """
    pixels = _draw(rng, spec.x_shape, LARGEST_PIXEL) if x is None else _whole_pixels(x)
    upstream = _draw(rng, spec.output_shape, LARGEST_UPSTREAM) if signs is None else np.sign(signs).astype(np.float64)
    kernel = _draw(rng, spec.weight_shape, LARGEST_KERNEL)
    case = Case(spec, pixels, kernel, np.arange(1.0, spec.out_channels + 1), upstream)
    while not (proof := certificate(case)).exact_in_float32:
        case = _smaller(case, proof, rng)
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
    rows, columns = (_touched(axis, spec) for axis in (0, 1))
    if rows.size and columns.size:
        for n, i in np.ndindex(spec.batch, spec.in_channels):
            pixels[n, i, rng.choice(rows), rng.choice(columns)] = _wide(rng)
    meeting = tuple(_meeting(axis, spec) for axis in (0, 1))
    for o in range(spec.out_channels):
        _widen(upstream[:, o], meeting, rng)
    by_group = kernel.reshape(spec.groups, -1, *spec.weight_shape[1:])
    for g, i in np.ndindex(spec.groups, spec.weight_shape[1]):
        place = tuple(rng.integers(0, by_group.shape[axis]) for axis in (1, 3, 4))
        by_group[g, place[0], i, place[1], place[2]] = _wide(rng)
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
        x=_with_fractions(case.x, PARTS_OF_X, rng),
        weight=_with_fractions(case.weight, PARTS_OF_X, rng),
        grad_output=_with_fractions(case.grad_output, PARTS_OF_UPSTREAM, rng),
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
        np.asarray(np.ldexp(array, -_lowest_bit(array))) for array in (case.x, case.weight, case.grad_output)
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
    exponent = -_lowest_bit(wide_x)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        whole_x = np.ldexp(wide_x, exponent)
        for factor in (_smallest(wide_g), 2.0 ** _lowest_bit(wide_g)):
            whole_g = np.rint(wide_g / factor)
            is_multiple = bool(np.all(whole_g * factor == wide_g))
            if is_multiple and _weight_bound(whole_x, whole_g, spec) < FLOAT64_LIMIT:
                return Scaled(whole_x, whole_g, factor, exponent)
    return None


def _smaller(case: Case, proof: Certificate, rng: np.random.Generator) -> Case:
    """One step towards the limit, the least harmful one that helps."""
    if _maxima(case.grad_output).max() > 1:
        return replace(case, grad_output=_halved(case.grad_output))
    if proof.input >= FLOAT32_LIMIT:
        is_small = np.abs(case.weight).max() <= 1
        return replace(case, weight=_thinned(case.weight, 0.5, rng) if is_small else _halved(case.weight))
    if proof.bias < FLOAT32_LIMIT and _maxima(case.x).max() > SMALLEST_RANGE:
        return replace(case, x=np.trunc(case.x / 2))
    return replace(case, grad_output=_thinned_inside(case.grad_output, FLOAT32_LIMIT / proof.largest, rng))


def _halved(array: Array) -> Array:
    """Half the magnitudes, but no number becomes 0."""
    return np.asarray(np.sign(array) * np.maximum(np.abs(array) // 2, np.abs(array) > 0))


def _thinned(array: Array, share: float, rng: np.random.Generator) -> Array:
    """About that share of the numbers, zeros elsewhere."""
    return np.where(rng.random(array.shape) < share, array, 0.0)


def _thinned_inside(grad_output: Array, share: float, rng: np.random.Generator) -> Array:
    """Thinned out, but for the first and last rows and columns, where mistakes show, while anything else is left."""
    thin = _thinned(grad_output, 0.9 * share, rng)
    if not grad_output[:, :, 1:-1, 1:-1].any():
        return thin
    for border in (np.s_[:, :, [0, -1]], np.s_[:, :, :, [0, -1]]):
        thin[border] = grad_output[border]
    return thin


def _with_fractions(array: Array, parts: int, rng: np.random.Generator) -> Array:
    """Every number but 0 moved away from 0 by 1, 2, ... or parts - 1 of that many parts of 1."""
    return np.asarray(array + np.sign(array) * rng.integers(1, parts, array.shape) / parts)


def _draw(rng: np.random.Generator, shape: tuple[int, ...], largest: int) -> Array:
    """Random integers of both signs without 0, as float64."""
    return np.asarray(rng.integers(1, largest, shape, endpoint=True) * rng.choice((-1.0, 1.0), shape))


def _wide(rng: np.random.Generator) -> float:
    """4 k + 1 of 25 bits: float32 rounds it down, always, so that no two roundings cancel."""
    return float(FLOAT32_LIMIT + 1 + 4 * rng.integers(0, FLOAT32_LIMIT // 4))


def _widen(plane: Array, meeting: tuple[Array, ...], rng: np.random.Generator) -> None:
    """Make 3 numbers of a filter's G wide (1 of fewer than 3), and its sum odd: float32 cannot hold that either.

    They are taken from the outputs that meet the picture; where only padding is met, all are as good.
    """
    places = _places(plane.shape, meeting, WIDE_OUTPUTS + 1, rng)
    count = WIDE_OUTPUTS if plane.size >= WIDE_OUTPUTS else 1
    for place in places[:count]:
        plane[place] = _wide(rng)
    if plane.sum() % 2 == 0:
        plane[places[count]] += 1


def _places(
    shape: tuple[int, ...], meeting: tuple[Array, ...], count: int, rng: np.random.Generator
) -> list[tuple[int, ...]]:
    """At most `count` different places of a plane (n, p, q), those in the rows and columns of `meeting` first.

    They are drawn by number: nothing as large as the plane is sorted or listed while enough of them meet.
    """
    rows, columns = meeting
    inside = (shape[0], rows.size, columns.size)
    picked = rng.choice(np.prod(inside), min(count, int(np.prod(inside))), replace=False)
    drawn = zip(*(axis.tolist() for axis in np.unravel_index(picked, inside)), strict=True)
    places: list[tuple[int, ...]] = [(n, int(rows[p]), int(columns[q])) for n, p, q in drawn]
    if len(places) < count:
        meets = np.zeros(shape, bool)
        meets[:, rows[:, None], columns] = True
        others = np.argwhere(~meets)
        places += [tuple(place) for place in rng.permutation(others)[: count - len(places)].tolist()]
    return places


def _whole_pixels(x: Array) -> Array:
    wide = x.astype(np.float64)
    largest = np.abs(wide).max(initial=0.0)
    return np.rint(wide * (LARGEST_PIXEL / largest) if 0 < largest <= 1 or largest > LARGEST_GIVEN else wide)


def _touched(axis: int, spec: ConvSpec) -> Array:
    """Rows (or columns) of the unpadded input that some window reads."""
    starts = spec.stride[axis] * np.arange(spec.output_size[axis])
    taps = spec.dilation[axis] * np.arange(spec.kernel_size[axis])
    reached = np.unique(starts[:, None] + taps) - spec.padding[axis]
    return np.asarray(reached[(reached >= 0) & (reached < spec.input_size[axis])])


def _meeting(axis: int, spec: ConvSpec) -> Array:
    """Output rows (or columns) whose window reads the unpadded input."""
    starts = spec.stride[axis] * np.arange(spec.output_size[axis])
    taps = spec.dilation[axis] * np.arange(spec.kernel_size[axis])
    read = starts[:, None] + taps - spec.padding[axis]
    return np.flatnonzero(((read >= 0) & (read < spec.input_size[axis])).any(axis=1))


def _weight_bound(x: Array, grad_output: Array, spec: ConvSpec) -> float:
    groups = spec.groups
    mass_x, largest_x = (part.reshape(groups, 1, -1) for part in (_sums(x), _maxima(x)))
    mass_g, largest_g = (part.reshape(groups, -1, 1) for part in (_sums(grad_output), _maxima(grad_output)))
    return float(np.minimum(mass_g * largest_x, largest_g * mass_x).max())


def _sums(planes: Array) -> Array:
    """Sum of |.| per channel, (c,)."""
    return np.asarray(sum(np.abs(sample).sum(axis=(1, 2)) for sample in planes))


def _maxima(planes: Array) -> Array:
    """Largest |.| per channel, (c,)."""
    return np.asarray(np.maximum(planes.max(axis=(0, 2, 3)), -planes.min(axis=(0, 2, 3))))


def _above(bound: float) -> int:
    """A whole number not below a sum that was computed in float64 (exact below 2^53; else raised past its rounding)."""
    return int(bound) if bound < FLOAT64_LIMIT else int(bound * (1 + 2.0**-20)) + 1


def _smallest(array: Array) -> float:
    sizes = np.abs(array[array != 0])
    return float(sizes.min()) if sizes.size else 1.0


def _lowest_bit(array: Array) -> int:
    """The largest e for which every number is a whole multiple of 2^e; 0 for zeros."""
    mantissas, exponents = np.frexp(array[array != 0])
    if not mantissas.size:
        return 0
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    _, places = np.frexp((whole & -whole).astype(np.float64))
    return int((exponents - 53 + places - 1).min())
