"""Constant factors that turn up in wrong gradients, by name, and the exact test for one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

import numpy as np

from gradcheck_cli.mistakes import CATALOGUE, Sign, standing_for
from gradcheck_cli.model import Array, ConvSpec, GradientName
from gradcheck_cli.model.line import number_of_axes

# How near a factor must be to be looked at closely; the exact comparison decides.
_NEAR = 1e-6
# Beyond this, float64 skips whole numbers: a product with a fraction proves nothing any more.
_MAX_EXACT = 2.0**53
# Larger than any count in a small geometry: 1/N, 1/(N h w) and their products are below it.
_LARGEST_DENOMINATOR = 100_000
_CERTAIN = 0.25  # a rounding error below this cannot hide between two integers


@dataclass(frozen=True)
class Factor:
    """A factor as a function of the geometry. `name` reads "1/(P*Q)"; `ids` are the mistakes that it stands for."""

    name: str
    ids: tuple[str, ...]
    value: Callable[[ConvSpec], Fraction]


def _always(value: Fraction) -> Callable[[ConvSpec], Fraction]:
    return lambda _: value


# No factor at all.
NONE = Factor("", (), _always(Fraction(1)))


def _sizes(spec: ConvSpec) -> dict[str, int]:
    # Of a line, what it has of one axis is what it has in all.
    line = number_of_axes(spec) == 1
    rows, columns = (1, 1) if line else spec.output_size[-2:]
    taps = prod(spec.kernel_size)
    return {
        "N": spec.batch,
        "P*Q": prod(spec.output_size),
        "N*P*Q": spec.batch * prod(spec.output_size),
        "numel(O)": prod(spec.output_shape),
        "P": rows,
        "Q": columns,
        "H": spec.height,
        "W": 1 if line else spec.width,
        "H*W": prod(spec.input_size),
        "c_in": spec.in_channels,
        "c_out": spec.out_channels,
        "kh*kw": taps,
        "c_in*kh*kw": taps * spec.in_channels // spec.groups,
        "stride": spec.own(spec.stride)[0],
        "groups": spec.groups,
    }


_NAMES = tuple(_sizes(ConvSpec(1, 1, 1, 1, 1, (1, 1))))


def named_factors(gradient: GradientName) -> Iterator[Factor]:
    """Every named factor but 1, each with both signs."""
    yield Factor("-1", (standing_for(Sign.OPPOSITE).id,), _always(Fraction(-1)))
    for name in _NAMES:
        divisor = f"1/({name})" if "*" in name else f"1/{name}"
        yield from _signed(divisor, _divided_by(name, gradient), _reciprocal(name))
        yield from _signed(name, standing_for(Sign.CONSTANT).id, _multiple(name))


def _divided_by(name: str, gradient: GradientName) -> str:
    own = (mistake for mistake in CATALOGUE.values() if name in mistake.divides_by.get(gradient, ()))
    return next(own, standing_for(Sign.CONSTANT)).id


@lru_cache(maxsize=2**10)  # asked for every factor of every formula, and of a target's few hundred geometries only
def _multiples(spec: ConvSpec) -> dict[str, Fraction]:
    return {name: Fraction(size) for name, size in _sizes(spec).items()}


@lru_cache(maxsize=2**10)
def _reciprocals(spec: ConvSpec) -> dict[str, Fraction]:
    return {name: Fraction(1, size) for name, size in _sizes(spec).items()}


def _multiple(name: str) -> Callable[[ConvSpec], Fraction]:
    return lambda spec: _multiples(spec)[name]


def _reciprocal(name: str) -> Callable[[ConvSpec], Fraction]:
    return lambda spec: _reciprocals(spec)[name]


def _signed(name: str, identifier: str, value: Callable[[ConvSpec], Fraction]) -> Iterator[Factor]:
    yield Factor(name, (identifier,), value)
    yield Factor(f"-{name}", (standing_for(Sign.OPPOSITE).id, identifier), lambda spec: -value(spec))


def ratio(base: Array, actual: Array) -> float | None:
    """actual / base where |base| is largest, if the two are proportional at a glance; None if not."""
    if base.shape != actual.shape or base.size == 0:
        return None
    place = int(np.abs(base).argmax())
    largest = float(base.flat[place])
    if largest == 0:
        return None
    found = float(actual.flat[place]) / largest
    near = np.abs(actual - found * base).max() <= _NEAR * abs(found * largest)
    return found if found and near else None


def close(found: float, value: Fraction) -> bool:
    """Whether a ratio may be this factor; `exactly` decides."""
    near = float(value)
    return abs(found - near) <= _NEAR * abs(near)


def fitted(found: float) -> Factor | None:
    """The simple fraction that a ratio is, such as a learning rate of 1/100; None where it is none."""
    value = Fraction(found).limit_denominator(_LARGEST_DENOMINATOR)
    # A ratio of two float64 sums has at least eleven right digits; a random one is a simple fraction to nine or so.
    if value in (0, 1) or abs(found - float(value)) > 1e-11 * abs(found):
        return None
    ids = (standing_for(Sign.OPPOSITE if value == -1 else Sign.CONSTANT).id,)
    shown = f"{float(value):g}"
    name = shown if Fraction(shown) == value else str(value)
    return Factor(name, ids, _always(value))


def exactly(base: Array, actual: Array, value: Fraction, error: float) -> bool:
    """Whether `actual` is `value * base`: the factor undone, rounded to integers, compared with `==`.

    Where the sums are so large that rounding to integers proves nothing, the two must agree within `error`: such an
    observation can refute, and does not count as a proof (see `Comparison.decisive`).

    Args:
        base: integers in float64.
        actual: the user's numbers.
        error: bound on the rounding of `actual`, before the factor.
    """
    bound = error * abs(value.numerator)
    target = base * value.numerator
    if bound >= _CERTAIN or np.abs(target).max(initial=0.0) >= _MAX_EXACT:
        factor = float(value)
        return bool(np.abs(actual - base * factor).max(initial=0.0) <= 2 * error * abs(factor))
    if value == 1:
        return np.array_equal(base, actual)
    undone = actual * value.denominator
    whole = np.rint(undone)
    return bool(np.abs(undone - whole).max() <= bound) and np.array_equal(whole, target)
