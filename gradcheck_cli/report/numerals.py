"""Numbers and indices for people, in one form for all renderers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradcheck_cli.report import words

# Whole numbers below it are exact in float64 and are told with all their digits.
_EXACT = 2**53
# Digits of a fraction that stands beside a whole number, behind that one's: two more show a half and a quarter.
_BEHIND = 2


def number(value: float) -> str:
    """`value` for a sentence: integers exactly, everything else with 3 significant digits."""
    return str(int(value)) if _is_whole(value) else words.number(value, 3)


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value) and abs(value) < _EXACT


def scientific(value: float) -> str:
    """`value` for a column of a table: 3 significant digits in scientific form, 0 as "0"."""
    return f"{value:.2e}" if value and math.isfinite(value) else number(value)


def as_exactly_as(value: float, other: float) -> str:
    """`value` for a sentence that has `other` too: as exactly as that one is said where that is a whole number."""
    if _is_whole(value) or not _is_whole(other):
        return number(value)
    return words.number(value, max(3, len(str(abs(int(other)))) + _BEHIND))


def distinct(expected: float, actual: float) -> tuple[str, str]:
    """Both values with as many digits as it takes to tell them apart, at least 3 and at most 17."""
    shown = as_exactly_as(expected, actual), as_exactly_as(actual, expected)
    if expected == actual or shown[0] != shown[1]:
        return shown
    longer = [(words.number(expected, digits), words.number(actual, digits)) for digits in range(4, 18)]
    return next((pair for pair in longer if pair[0] != pair[1]), longer[-1])


def grouped(value: int) -> str:
    """`value` with its thousands apart."""
    return f"{value:,}"


def subscript(values: Sequence[int]) -> str:
    """An index as it is written behind a letter: "[0,2,31,4]"."""
    return f"[{','.join(str(value) for value in values)}]"


def below_one(value: float) -> str:
    """A correlation: 3 digits, or as many as it takes to stay below 1."""
    if math.isnan(value):
        return "none"
    shown = [f"{value:.{digits}f}" for digits in (3, 6, 9)]
    return next((text for text in shown if abs(float(text)) < 1), shown[0])


def between(values: tuple[float, float]) -> str:
    """(0.18, 1.83) as "0.18 to 1.83"; one number where both read the same."""
    low, high = (f"{value:.3g}" for value in values)
    return low if low == high else f"{low} to {high}"
