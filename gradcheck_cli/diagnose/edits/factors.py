"""By which factor a message or a gradient is off, as a number that a person would write: 2, 1/N, 1/sqrt(d)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# A least-squares quotient of two arrays; far finer than any two named factors are apart.
_NEAR = 1e-9
# Of equal lengths; more names would not be read.
_MOST_NAMES = 3
_CONSTANTS = {"-1": -1.0, "2": 2.0, "1/2": 0.5, "-2": -2.0, "-1/2": -0.5, "3": 3.0, "1/3": 1 / 3, "4": 4.0, "1/4": 0.25}
_OF_LENGTH: dict[str, Callable[[int], float]] = {
    "1/N": lambda n: 1 / n,
    "N": float,
    "1/sqrt(N)": lambda n: 1 / math.sqrt(n),
    "sqrt(N)": math.sqrt,
    "2/N": lambda n: 2 / n,
    "N/(N - 1)": lambda n: n / (n - 1),
    "(N - 1)/N": lambda n: (n - 1) / n,
}


@dataclass(frozen=True)
class NamedFactor:
    """`text` has N for `length`, which is "" where the factor is a plain number."""

    text: str
    length: str = ""

    @property
    def words(self) -> str:
        """ "1/N, N being the length of axis 0 of x"."""
        return f"{self.text}, N being {self.length}" if self.length else self.text


def any_of(words: str, lengths: Sequence[dict[str, int]]) -> str:
    """A length, and those that were equal to it on every sample: nobody knows then which of them it is."""
    sizes = [size.get(words, 0) for size in lengths]
    by_array: dict[str, str] = {words.rpartition(" of ")[2]: words}
    for other in lengths[0]:
        if [size.get(other, 0) for size in lengths] == sizes:
            by_array.setdefault(other.rpartition(" of ")[2], other)
    return " or ".join([*by_array.values()][:_MOST_NAMES])


def named(found: Sequence[float], lengths: Sequence[dict[str, int]]) -> NamedFactor | None:
    """The factor that was `found` on each sample, whose sizes are `lengths`; None where it is no known number."""
    return next(_candidates(found, lengths), None)


def _candidates(found: Sequence[float], lengths: Sequence[dict[str, int]]) -> Iterator[NamedFactor]:
    for text, value in _CONSTANTS.items():
        if all(_same(each, value) for each in found):
            yield NamedFactor(text)
    for words in lengths[0]:
        for text, form in _OF_LENGTH.items():
            sizes = [size.get(words, 0) for size in lengths]
            if all(size > 1 and _same(each, form(size)) for each, size in zip(found, sizes, strict=True)):
                yield NamedFactor(text, any_of(words, lengths))
    yield from _ratios(found, lengths)
    if len(found) > 1 and found[0] and abs(found[0] - 1) > _NEAR and all(_same(each, found[0]) for each in found):
        yield NamedFactor(f"{found[0]:.6g}")


def _ratios(found: Sequence[float], lengths: Sequence[dict[str, int]]) -> Iterator[NamedFactor]:
    """One length over another, as h for w in a mean over both; said where it is another number on other sizes."""
    # Ratios are known to some eleven digits; what agrees in nine is one number.
    if len({round(each, 9) for each in found}) < 2:
        return
    for upper in lengths[0]:
        for lower in lengths[0]:
            sizes = [(size.get(upper, 0), size.get(lower, 0)) for size in lengths]
            if all(below and _same(each, above / below) for each, (above, below) in zip(found, sizes, strict=True)):
                yield NamedFactor("N/M", f"{upper} and M {lower}")


def _same(one: float, other: float) -> bool:
    return math.isfinite(one) and abs(one - other) <= _NEAR * abs(other)
