"""Which products an entry holds: read off by probing, since a backward is linear in G and in X (or F)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import TENSORS, Array, Case, GradientName, Term

Index = tuple[int, ...]
AskGradient = Callable[[Case], "Array | None"]

_DIGIT = 1024  # coded inputs: coefficients up to +-511, exact in float64 for five places
# Digits to base 1024 in one float64 of 53 bits.
_PLACES = 5


class NotLinearError(Exception):
    """The target is not linear in its inputs, or stopped answering: nothing is claimed then."""


@dataclass(frozen=True)
class _Reader:
    """Reads one entry of one gradient off a backward."""

    backward: AskGradient
    case: Case
    gradient: GradientName
    entry: Index

    def value(self, grad_output: Array, other: Array | None) -> float:
        """The entry for this G and other factor; None: the case's own."""
        case = replace(self.case, grad_output=grad_output)
        partner = TENSORS[self.gradient].partner
        if other is not None and partner:
            case = case.with_array(partner, other)
        result = self.backward(case)
        if result is None or result.ndim != len(self.entry) or not _inside(self.entry, result.shape):
            raise NotLinearError
        return float(result[self.entry])


def read_terms(
    backward: AskGradient, case: Case, gradient: GradientName, entry: Index, budget: int
) -> tuple[Term, ...]:
    """The products that `entry` should hold and those that it holds.

    Args:
        backward: case -> the user's gradient, or None where it failed.
        budget: calls that may be spent on probing.

    Returns:
        A term for every product whose coefficient is not 0 on both sides, in the order of G's indices. Empty where the
        budget is too small, or the probes do not add up to the entry: then nothing certain can be said.
    """
    reader = _Reader(backward, case, gradient, entry)
    truth = _Reader(lambda changed: Problem(changed).right(gradient), case, gradient, entry)
    try:
        actual = _coefficients(reader, budget)
        expected = _coefficients(truth, budget)
    except NotLinearError:
        return ()
    keys = sorted(key for key in actual if actual[key] or expected[key])
    return tuple(Term(*key, expected[key], actual[key]) for key in keys)


def _coefficients(reader: _Reader, budget: int) -> dict[tuple[Index, Index], float]:
    case, other = reader.case, _other(reader)
    others = 1 if other is None else other.size
    if case.grad_output.size * others + 2 <= budget:
        found = _one_by_one(reader, other)
    elif case.grad_output.size * -(-others // _PLACES) + 2 <= budget:
        found = _coded(reader, other)
    else:
        raise NotLinearError
    _verify(reader, found, other)
    return found


def _one_by_one(reader: _Reader, other: Array | None) -> dict[tuple[Index, Index], float]:
    """One 1 in G and one 1 in the other factor at a time."""
    places = [()] if other is None else list(_indices(other))
    return {
        (g, place): reader.value(
            _one_hot(reader.case.grad_output, g), None if other is None else _one_hot(other, place)
        )
        for g, place in product(_indices(reader.case.grad_output), places)
    }


def _coded(reader: _Reader, other: Array | None) -> dict[tuple[Index, Index], float]:
    """One 1 in G, and several places of the other factor at a time as the digits of a number."""
    if other is None:
        raise NotLinearError
    found = {}
    places = list(_indices(other))
    for g in _indices(reader.case.grad_output):
        for start in range(0, len(places), _PLACES):
            chunk = places[start : start + _PLACES]
            code = np.zeros_like(other)
            for power, place in enumerate(chunk):
                code[place] = float(_DIGIT**power)
            value = reader.value(_one_hot(reader.case.grad_output, g), code)
            found.update({(g, place): digit for place, digit in zip(chunk, digits_of(value), strict=False)})
    return found


def digits_of(value: float) -> Iterator[float]:
    """The balanced digits of a whole number, lowest first."""
    if not value.is_integer():
        raise NotLinearError
    rest = int(value)
    for _ in range(_PLACES):
        digit = (rest + _DIGIT // 2) % _DIGIT - _DIGIT // 2
        rest = (rest - digit) // _DIGIT
        yield float(digit)


def _verify(reader: _Reader, found: dict[tuple[Index, Index], float], other: Array | None) -> None:
    """The terms must add up to the entry on the case itself, and to nothing for G = 0."""
    g = reader.case.grad_output
    total = sum(c * float(g[at]) * (1.0 if other is None else float(other[place])) for (at, place), c in found.items())
    actual = reader.value(g, None)
    # Sums of float64 agree to some twelve digits, and a term that was missed is a whole number.
    if abs(total - actual) > 1e-9 * max(1.0, abs(actual)) or reader.value(np.zeros_like(g), None) != 0:
        raise NotLinearError


def _other(reader: _Reader) -> Array | None:
    partner = TENSORS[reader.gradient].partner
    return reader.case[partner] if partner else None


def _one_hot(array: Array, index: Index) -> Array:
    out = np.zeros_like(array)
    out[index] = 1
    return out


def _indices(array: Array) -> Iterator[Index]:
    return product(*(range(length) for length in array.shape))


def _inside(index: Index, shape: tuple[int, ...]) -> bool:
    return all(place < length for place, length in zip(index, shape, strict=True))
