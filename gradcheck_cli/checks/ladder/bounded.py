"""Rung 3: float64 against a truth that is known up to a radius, in units of u times a gauge, with a gap in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array, Verdict
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF

UNIT = UNIT_ROUNDOFF["float64"]
# Roundings for each term: a right backward of a norm, a softmax or a cell takes some ten operations on the way to an
# entry, each of which may round as often as there are terms.
OPERATIONS = 16
# u of float32 over u of float64: an error beyond this many times the bound is none that float32 inside could make.
GAP = 2.0**29


@dataclass(frozen=True)
class Bounded:
    """How a gradient stands to a truth.

    Attributes:
        verdict: pass within the bound, fail beyond the gap, inconclusive between.
        entries: entries compared.
        wrong: those beyond the gap; `beyond`: those beyond the bound.
        ratio: the largest error in units of u times gauge.
        bound: what that may be.
        worst: where it is.
        is_float32: the error is in the gap, and all numbers are such as float32 has them.
    """

    verdict: Verdict
    entries: int
    wrong: int = 0
    beyond: int = 0
    ratio: float = 0.0
    bound: float = 0.0
    worst: tuple[int, ...] | None = None
    is_float32: bool = False


def bounded(actual: Array, expected: Array, radius: Array, gauge: Array, terms: int) -> Bounded:
    """Compare one gradient.

    Args:
        radius: what the truth may be off by, entry by entry.
        gauge: the sum of the absolute values of the terms of each entry.
        terms: how many numbers an entry depends on, at most.
    """
    if actual.shape != expected.shape or not actual.size:
        return Bounded(Verdict.INCONCLUSIVE, 0)
    bound = OPERATIONS * (terms + 2.0)
    scale = allowed(gauge, terms) / bound
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(np.real(actual).astype(np.float64) - expected)
        left = np.maximum(error - np.abs(radius), 0.0)  # a power of a negative number of Python is complex
        ratio = np.divide(left, scale, out=np.where(left > 0, np.inf, 0.0), where=scale > 0)
    ratio = np.where(np.isfinite(actual), ratio, np.inf)
    place = tuple(int(at) for at in np.unravel_index(int(np.argmax(ratio)), ratio.shape))
    wrong, beyond = int((ratio > bound * GAP).sum()), int((ratio > bound).sum())
    single = not wrong and beyond > 0 and _is_float32(actual)
    verdict = Verdict.FAIL if wrong else Verdict.PASS if not beyond or single else Verdict.INCONCLUSIVE
    return Bounded(verdict, actual.size, wrong, beyond, float(ratio[place]), bound, place, single)


def allowed(gauge: Array, terms: int) -> Array:
    """What rounding may do to an entry.

    What is summed on the way to an entry has the size of its neighbours too: a mean, a row's maximum.
    """
    size = np.abs(gauge)
    scale: Array = UNIT * (size + np.max(size, initial=0.0))
    return OPERATIONS * (terms + 2.0) * scale


def _is_float32(array: Array) -> bool:
    """Every number is one of float32's."""
    with np.errstate(over="ignore"):
        return bool(np.array_equal(array.astype(np.float32).astype(np.float64), array.astype(np.float64)))
