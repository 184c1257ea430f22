"""The derivative of a forward that nobody can look into: asked at other points, with nothing but its outputs.

Two kinds that share no arithmetic. The complex step adds i h to one entry and reads the derivative off the imaginary
part, without a difference and so without cancellation; it needs code that takes complex numbers. Ridders' differences
extrapolate central differences to step 0 and say how far off they are; they need nothing (Ridders, "Accurate
computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4 (1982)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF

Evaluate = Callable[[Array], tuple[Array, ...]]
"""(how many, *shape of one argument) -> the outputs for each, stacked.

Raises:
    EvaluationError: the forward does not take them.
"""

# Far below what could change a real part, far above what float64 flushes to 0, also squared.
COMPLEX_STEP = 1e-100
# The first step of the differences is large, as they are extrapolated; kinks and poles nearby are left behind by
# halving. Powers of two, so that x + h is exact for most x and h is what was stepped.
FIRST_STEP = 2.0**-4
HALVINGS = 7
# Along a direction every entry moves, so that a kink is near: further down, and with steps that no other source has.
DIRECTION_STEP = 3 * 2.0**-8
DIRECTION_HALVINGS = 10
# The same where the forward rounds as float32 does: what rounding does to a difference falls with the step.
COARSE_STEP = 2.0**-2
COARSE_HALVINGS = 5
# Half is what halving a step leaves of the difference of two slopes of a smooth forward, all of it at a kink.
SMOOTH = 0.75
# So little is left where only the larger of two steps reaches a kink.
ABRUPT = 0.25
UNIT = UNIT_ROUNDOFF["float64"]
# An estimate of an error is taken as a bound with this margin: Ridders' own is the difference of two neighbours in the
# table, of which the better one is off by less.
SAFETY = 4.0
# Steps of the differences that measure noise: some units of float32 at 1, and some of bfloat16. Six of them are enough
# for ECnoise, and what is smooth is gone from the fourth difference on.
NOISE_STEPS = (2.0**-20, 2.0**-8)
NOISE_ORDER = 6
# Noise above this share of an output is none of float64: its own is some 2^-50 in long sums.
COARSE = 2.0**-36
# Of one question: where the code runs elsewhere a question costs more than a small forward.
MOST_BYTES = 2**20


class EvaluationError(Exception):
    """The forward does not take what it was asked."""


@dataclass(frozen=True)
class Jacobian:
    """d output / d argument, one row for each entry of the argument, one column for each entry of all outputs.

    Attributes:
        source: in words.
        values: (entries, outputs).
        error: the most that each is off by.
        knows_rounding: what the forward itself rounds is a part of the error.
    """

    source: str
    values: Array
    error: Array
    knows_rounding: bool = False

    def gradient(self, upstream: Sequence[Array], shape: tuple[int, ...]) -> tuple[Array, Array, Array]:
        """(gradient, error, gauge) of one argument for a G; gauge is the sum of the absolute values of the terms."""
        grad = np.concatenate([np.ravel(part) for part in upstream]) if upstream else np.zeros(0)
        weight = np.abs(grad)
        made = (self.values @ grad, self.error @ weight, np.abs(self.values) @ weight)
        value, error, gauge = (part.reshape(shape) for part in made)
        return value, error, gauge


# Two infinities have no difference, as of a logarithm of 0; the square of a power may be one: no slope, and no warning.
_without_warnings = np.errstate(invalid="ignore", over="ignore")


@_without_warnings
def complex_step(point: Array, evaluate: Evaluate) -> Jacobian:
    """By complex numbers as long as those of the point.

    Raises:
        EvaluationError: the forward takes none, or drops their imaginary part.
    """
    moved = _moved(point.astype(np.result_type(point.dtype, np.complex64)), 1j * COMPLEX_STEP)
    outputs = evaluate(moved)
    if any(out.dtype.kind != "c" for out in outputs):
        raise EvaluationError("its code drops imaginary parts")
    stacked = _flat(outputs)
    values = stacked.imag / COMPLEX_STEP
    # What one evaluation of the forward in complex arithmetic is off by, each operation by a few units.
    error = SAFETY * UNIT * np.abs(values)
    return Jacobian("complex step", values, error)


@_without_warnings
def differences(point: Array, evaluate: Evaluate, noise: Array | None = None) -> Jacobian:
    """By Ridders' differences; each entry with the best error of its table.

    Args:
        noise: how far each output is off by rounding, see `noise_of`; None where float64 is all that rounds.

    Raises:
        EvaluationError: the forward cannot be asked around this point.
    """
    ways = np.eye(point.size).reshape(point.size, *point.shape)
    here = _flat(evaluate(point[np.newaxis]))[0]
    is_coarse = noise is not None and bool((noise > COARSE * np.abs(here).max(initial=0.0)).any())
    steps = _steps(COARSE_STEP, COARSE_HALVINGS) if is_coarse else _steps(FIRST_STEP, HALVINGS)
    values, error, _ = _along(point, ways, evaluate, steps, noise)
    return Jacobian(f"differences extrapolated from steps {steps[0]:g} to {steps[-1]:.2g}", values, error)


def with_its_rounding(known: Jacobian, longer: Jacobian) -> Jacobian:
    """A derivative by the forward in longer numbers, with what float64 has rounded of the known one as its error.

    A complex step cancels nothing by itself, but a forward that computes 1 - p where p is almost 1 loses the digits of
    its slope as it does its own; no differences on float64 see that where a step changes no digit of p.

    Args:
        known: on float64.
        longer: on numpy's long double. Where that is no longer, or the code makes float64 of it, both are the same.
    """
    values = np.asarray(longer.values, np.float64)
    error = np.maximum(np.asarray(longer.error, np.float64), SAFETY * np.abs(values - known.values))
    return Jacobian(f"{longer.source}, in long double", values, error, knows_rounding=True)


@dataclass(frozen=True)
class Direction:
    """How all outputs change where all entries of one argument move at once: a check of any derivative.

    Attributes:
        way: the direction, shaped like the argument.
        slope: of each output.
        error: the most that each is off by.
        is_straight: no output bends along it, near the point: only then is it worth to ask for exact differences.
        noise: what rounding does to each output, as was measured; see `noise_of`.
    """

    way: Array
    slope: Array
    error: Array
    is_straight: bool = False
    noise: Array | None = None

    def confirms(self, gradient: Array, radius: Array, upstream: Sequence[Array]) -> bool:
        """Does a gradient lead to the same change of <G, outputs>, as far as both know?

        A random direction hides a wrong entry only by a coincidence of real numbers.
        """
        grad = np.concatenate([np.ravel(part) for part in upstream])
        here, there = float(np.sum(gradient * self.way)), float(self.slope @ grad)
        rounding = SAFETY * UNIT * self.way.size * float(np.sum(np.abs(gradient * self.way)))
        allowed = float(np.sum(radius * np.abs(self.way))) + float(self.error @ np.abs(grad)) + rounding
        return abs(here - there) <= allowed

    def confirms_all(self, jacobian: Jacobian) -> bool:
        """The same for every output."""
        way = np.ravel(self.way)
        off: Array = np.abs(way @ jacobian.values - self.slope)
        rounding = SAFETY * UNIT * way.size * (np.abs(way) @ np.abs(jacobian.values))
        allowed: Array = np.abs(way) @ jacobian.error + self.error + rounding
        return not (off > allowed).any()


@_without_warnings
def direction(point: Array, evaluate: Evaluate, seed: int) -> Direction:
    """By differences along a random direction.

    Raises:
        EvaluationError: the forward cannot be asked around this point.
    """
    way = np.random.default_rng([seed, 5]).uniform(0.5, 1.5, point.shape)
    way = way * np.random.default_rng([seed, 6]).choice([-1.0, 1.0], point.shape)
    return along(point, way, evaluate)


@_without_warnings
def along(point: Array, way: Array, evaluate: Evaluate) -> Direction:
    """By differences along one direction, shaped like the argument.

    Raises:
        EvaluationError: the forward cannot be asked around this point.
    """
    noise = noise_of(point, way, evaluate)
    steps = _steps(DIRECTION_STEP, DIRECTION_HALVINGS)
    slope, error, bends = _along(point, way[np.newaxis], evaluate, steps, noise)
    return Direction(way, slope[0], error[0], not bends, noise)


def noise_of(point: Array, way: Array, evaluate: Evaluate) -> Array:
    """How far rounding puts each output off, told by high differences over steps at which a smooth forward has none.

    float64 shows as some 1e-16 of the output, float32 somewhere inside as some 1e-8, whatever the dtype of the output.
    ECnoise: Moré and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011).

    Raises:
        EvaluationError: the forward cannot be asked around this point.
    """
    near, level = _noise_at(point, way, evaluate, NOISE_STEPS[0])
    is_still = (near == near[:1]).all(axis=0)
    if is_still.any():
        # A coarser dtype does not see so small a step.
        _, wider = _noise_at(point, way, evaluate, NOISE_STEPS[1])
        level = np.where(is_still, wider, level)
    size = np.abs(near[0])
    # Of few steps one may be lucky: an output is off by as much of its size as most are.
    share = np.median(level[size > 0] / size[size > 0]) if (size > 0).any() else 0.0
    noise: Array = np.maximum(level, share * size)
    return noise


def _noise_at(point: Array, way: Array, evaluate: Evaluate, step: float) -> tuple[Array, Array]:
    """(the outputs at the steps, the level of each)"""
    multiples = step * np.arange(NOISE_ORDER + 1.0).reshape(-1, *(1,) * point.ndim)
    table = values = _flat(evaluate(point + multiples * way))
    level = np.zeros(values.shape[1])
    for order in range(1, NOISE_ORDER + 1):
        table = np.diff(table, axis=0)
        if order >= NOISE_ORDER - 2:
            share = math.factorial(order) ** 2 / math.factorial(2 * order)
            level = np.maximum(level, np.sqrt(share * np.mean(table**2, axis=0)))
    return values, level


def _steps(first: float, halvings: int) -> list[float]:
    return [first * 2.0**-halving for halving in range(halvings)]


def _along(
    point: Array, ways: Array, evaluate: Evaluate, steps: Sequence[float], level: Array | None = None
) -> tuple[Array, Array, bool]:
    """The slope of each output along each of `ways`, (how many, *shape), its error, and whether any output bends.

    Args:
        level: what rounding does to each output; float64's rounding at least.
    """
    here = _flat(evaluate(point[np.newaxis]))
    rows, bends, noise = [], [], []
    off = np.zeros(here.shape[1]) if level is None else 2 * level
    for step, high, low in _both_sides(point, ways, evaluate, steps):
        rows.append((high - low) / (2 * step))
        bends.append(np.abs(high - 2 * here + low) / step)
        noise.append(np.maximum(UNIT * (np.abs(high) + np.abs(low)), off) / (2 * step))
    values, error = _extrapolated(rows, noise)
    # What moves by no bit at any step has no slope that would have moved it by one at the largest.
    is_still = np.all([row == 0 for row in rows], axis=0) & np.all([bend == 0 for bend in bends], axis=0)
    error = np.where(is_still, np.minimum(error, noise[0]), error)
    is_kink = _has_kink(bends, noise)
    # A curve bends at the smallest step too, by more than rounding; a straight line with a kink further off does not.
    # Of all outputs together: one that cancels rounds as its neighbours do.
    is_bent = bool(bends[-1].max(initial=0.0) > SAFETY**3 * noise[-1].max(initial=0.0))
    # Of the last slope, which no kink further off has reached, nothing is known but what both of its sides say.
    beyond = error + bends[-1] + np.abs(values - rows[-1])
    return values, np.where(is_kink, beyond, error), is_bent


def _has_kink(bends: Sequence[Array], noise: Sequence[Array]) -> Array:
    """Do the slopes of both sides not come nearer to each other as those of a smooth forward do, by half a halving?

    At a kink they differ by the same amount at each step. Of one beside the point a step feels the more the larger it
    is, and the ratio of two of them may be a half by chance: the last three are looked at.
    """
    found = np.zeros(bends[-1].shape, bool)
    for place in range(len(bends) - 3, len(bends)):
        doubt = SAFETY**2 * noise[place]
        found |= bends[place] > SMOOTH * bends[place - 1] + doubt
        found |= bends[place] + doubt < ABRUPT * bends[place - 1]
    return found


def _both_sides(
    point: Array, ways: Array, evaluate: Evaluate, steps: Sequence[float]
) -> Iterator[tuple[float, Array, Array]]:
    """(step, outputs on the one side, outputs on the other), several steps in one question where they are small."""
    at_once = max(1, MOST_BYTES // max(1, 2 * ways.nbytes))
    for first in range(0, len(steps), at_once):
        group = steps[first : first + at_once]
        outputs = _flat(evaluate(np.concatenate([point + side * step * ways for step in group for side in (1, -1)])))
        for step, (high, low) in zip(group, outputs.reshape(len(group), 2, len(ways), outputs.shape[1]), strict=True):
            yield step, high, low


@_without_warnings
def exact_differences(
    point: Array, evaluate: Evaluate, steps: Sequence[float] = (0.25, -0.25, 0.125)
) -> Jacobian | None:
    """The derivative where the forward is a straight line along each entry, bit for bit at all steps; else None.

    Args:
        point: whole numbers, so that a multilinear or piecewise linear forward rounds nowhere.

    Returns:
        With what would be lost where a forward does round: a saturated one is flat to the last bit, and its derivative
        is not 0.
    """
    here = _flat(evaluate(point[np.newaxis]))
    # A curve shows on the first entries already, and a forward of loops is asked less.
    for entries in (slice(0, 3), slice(None)):
        slopes = [(_flat(evaluate(_moved(point, step)[entries])) - here) / step for step in steps]
        if not all(np.array_equal(slopes[0], slope) for slope in slopes[1:]):
            return None
    lost = SAFETY * UNIT * np.abs(here) / min(map(abs, steps))
    return Jacobian("whole differences of the forward", slopes[0], np.broadcast_to(lost, slopes[0].shape))


def _moved(point: Array, step: complex) -> Array:
    """The point once for each of its entries, with that entry moved."""
    flat = np.ravel(point)
    moved = np.repeat(flat[np.newaxis], flat.size, axis=0)
    moved = moved + step * np.eye(flat.size) if flat.size else moved
    return moved.reshape(flat.size, *point.shape)


def _flat(outputs: Sequence[Array]) -> Array:
    """(how many, entries of all outputs)"""
    return np.concatenate([out.reshape(out.shape[0], -1) for out in outputs], axis=1)


def _extrapolated(rows: Sequence[Array], noise: Sequence[Array]) -> tuple[Array, Array]:
    """Neville's table in h^2: the entry whose neighbours agree best, and how well they do.

    Rows on both sides of a kink may agree by chance: what is farther from the last slope than that one is from the one
    before it is off by as much, as the last step comes nearest.
    """
    best, error = rows[0], np.full(rows[0].shape, np.inf)
    reach = np.abs(rows[-1] - rows[-2]) + SAFETY * noise[-1]
    previous: list[Array] = [rows[0]]
    for line in range(1, len(rows)):
        current = [rows[line]]
        for column in range(1, line + 1):
            factor = 4.0**column
            current.append((factor * current[-1] - previous[column - 1]) / (factor - 1))
            said = np.maximum(np.abs(current[-1] - current[-2]), np.abs(current[-1] - previous[column - 1]))
            said = np.maximum(said, np.abs(current[-1] - rows[-1]) - reach)
            said = SAFETY * said + SAFETY * noise[line]
            better = said < error
            best, error = np.where(better, current[-1], best), np.where(better, said, error)
        previous = current
    return best, error
