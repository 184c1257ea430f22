"""The adjoint identity on integers: a check of whole gradients that needs two forwards and no backward formula.

O is linear in F and in X, so for any F', X', b'
    <conv(X, F'), G> = <F', dE/dF>,   <conv(X', F), G> = <X', dE/dX>,   <b', sum over n,p,q of G> = <b', dE/db>.
With random integers F', X', b' a gradient that is wrong anywhere breaks its equation, but for bad luck. Both sides are
integers and are compared with ==.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np

from gradcheck_cli.model import Array, Case, GradientName, Gradients
from gradcheck_cli.numbers.magnitudes import FLOAT64_LIMIT
from gradcheck_cli.oracles.forward import forward

# A wrong entry passes with a chance below 1 in 65,000; larger factors would leave fewer bits for the data.
LARGEST_RANDOM = 2**15
# What int64 holds.
INT64_LIMIT = 2**63
# Numbers multiplied at a time.
BLOCK = 2**16


@dataclass(frozen=True)
class Identity:
    """Both sides of one equation. `gradient_side` is None where the gradient holds a number that is not whole."""

    gradient: GradientName
    forward_side: int
    gradient_side: int | None
    miss_probability: float

    @property
    def equal(self) -> bool:
        """Does the equation hold?"""
        return self.forward_side == self.gradient_side


@dataclass(frozen=True)
class AdjointResult:
    """The equations of all gradients that were given. Without any, or with a sure miss, `equal` is False."""

    identities: tuple[Identity, ...]

    @property
    def equal(self) -> bool:
        """Do all equations hold, and could each have failed? Nothing compared is never a pass."""
        return self.miss_probability < 1 and all(identity.equal for identity in self.identities)

    @property
    def wrong(self) -> tuple[GradientName, ...]:
        """The gradients whose equation does not hold."""
        return tuple(identity.gradient for identity in self.identities if not identity.equal)

    @property
    def miss_probability(self) -> float:
        """How likely the least sensitive equation is to hold for a wrong gradient, at most."""
        return max((identity.miss_probability for identity in self.identities), default=1.0)


def adjoint_mismatch(
    case: Case, gradients: Gradients, rng: np.random.Generator, pool: Executor | None = None
) -> AdjointResult:
    """Compare both sides of the adjoint identity for each gradient that is not None.

    Args:
        case: whole numbers in any dtype.
        gradients: the gradients of that case under test, of the right shapes.
        rng: draws F', X' and b'.
        pool: where each forward is computed by itself; here, one after the other, without it.

    Returns:
        Both sides of each equation, exact. A gradient that is wrong, in one entry or many, by any amounts, is missed
        with at most `miss_probability`: each random factor takes 2 L + 1 values, at most one of which hides the fault.

    Source:
        Freivalds, "Probabilistic machines can use less running time" (1977), with a wide range in place of 0 and 1;
        docs/mathematics.md, "Adjoint".
    """
    equations = {"weight": _weight_equation, "input": _input_equation, "bias": _bias_equation}
    # The numbers are drawn in order, whoever comes first with a forward.
    given = dict(gradients.items())
    drawn = [equations[name](case, rng) for name in given]
    sides = (pool.map if pool else map)(_forward_side, [equation.side for equation in drawn])
    return AdjointResult(
        tuple(
            _identity(name, side, equation.factors, gradient)
            for (name, gradient), equation, side in zip(given.items(), drawn, sides, strict=True)
        )
    )


@dataclass(frozen=True)
class _Equation:
    """Random numbers in place of X, F or b, and what gives the other side of the equation for them."""

    factors: Array
    side: Callable[[], int]


def _forward_side(side: Callable[[], int]) -> int:
    return side()


def _weight_equation(case: Case, rng: np.random.Generator) -> _Equation:
    factors = draw_factors(rng, largest_factor(case.x, case), case.spec.weight_shape)
    return _Equation(factors, partial(_moved_by, case.x, factors, case))


def _input_equation(case: Case, rng: np.random.Generator) -> _Equation:
    factors = draw_factors(rng, largest_factor(case.weight, case), case.spec.x_shape)
    return _Equation(factors, partial(_moved_by, factors, case.weight, case))


def _moved_by(x: Array, weight: Array, case: Case) -> int:
    """<conv(X, F), G>."""
    return exact_dot(forward(x, weight, np.zeros(case.spec.out_channels), case.spec), case.grad_output)


def _bias_equation(case: Case, rng: np.random.Generator) -> _Equation:
    factors = draw_factors(rng, LARGEST_RANDOM, (case.spec.out_channels,))
    moved = np.broadcast_to(factors.reshape(1, -1, *[1] * len(case.spec.kernel_size)), case.grad_output.shape)
    return _Equation(factors, partial(exact_dot, moved, case.grad_output))


def _identity(name: GradientName, forward_side: int, factors: Array, gradient: Array) -> Identity:
    gradient_side = exact_dot(factors, gradient) if is_whole(gradient) else None
    return Identity(name, forward_side, gradient_side, 1 / (2 * int(np.abs(factors).max(initial=0)) + 1))


def draw_factors(rng: np.random.Generator, limit: int, shape: tuple[int, ...]) -> Array:
    """Random integers from -limit to limit, as float64, in which they are multiplied."""
    factors = np.empty(shape)
    for (part,) in _blocks(factors):
        part[...] = rng.integers(-limit, limit, part.shape, endpoint=True)
    return factors


def largest_factor(fixed: Array, case: Case) -> int:
    """The largest random factor, at most 2^15, for which the forward stays below 2^53 and so exact in float64."""
    spec = case.spec
    terms = spec.in_channels // spec.groups * prod(spec.kernel_size)
    largest = max(int(np.abs(fixed).max(initial=0)), 1)
    return min(LARGEST_RANDOM, (FLOAT64_LIMIT - 1) // (largest * terms))


def is_whole(array: Array) -> bool:
    """Are all numbers whole, and small enough to be an int64?"""
    with np.errstate(invalid="ignore"):
        return all(
            bool(np.all(np.abs(block) < FLOAT64_LIMIT) and np.all(block == np.rint(block)))
            for (block,) in _blocks(array)
        )


def exact_dot(first: Array, second: Array) -> int:
    """<first, second> of whole numbers below 2^53 as a Python integer, exact however large it is.

    Args:
        first: any shape.
        second: the same shape.
    """
    return sum(
        _exact_dot(left.astype(np.int64, copy=False), right.astype(np.int64, copy=False))
        for left, right in _blocks(first, second)
    )


def _blocks(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of one size cut alike: what is computed of a block stays in the cache, and no memory is asked for."""
    lines = [np.asarray(array).reshape(-1) for array in arrays]
    for begin in range(0, lines[0].size, BLOCK):
        yield tuple(line[begin : begin + BLOCK] for line in lines)


def _exact_dot(left: Array, right: Array) -> int:
    """Of a block. Where int64 could overflow, the larger numbers are split into high and low bits."""
    largest = [int(np.abs(array).max(initial=0)) for array in (left, right)]
    if largest[0] * largest[1] * left.size < INT64_LIMIT:
        return int(np.dot(left, right))
    if largest[0] < largest[1]:
        return _exact_dot(right, left)
    half = largest[0].bit_length() // 2
    high = left >> half
    return (_exact_dot(high, right) << half) + _exact_dot(left - (high << half), right)
