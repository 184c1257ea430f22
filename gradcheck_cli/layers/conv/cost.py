"""The rule by which the direct backward chooses among its ways of summing.

A way tells from the shapes alone what it does, as `Effort`: so many products, elements copied, Python steps. `RATES`
says what one of each takes, and `direct` takes the way with the least time. A wrong estimate costs time and nothing
else: all ways sum the same products.
"""

from __future__ import annotations

from typing import NamedTuple

# Multiply-adds up to which a matrix product reads its factors in place; a larger one packs them first.
SMALL = 1e6
# Elements of factors that a core's cache of 1 MiB holds: there packing takes no longer than reading.
CACHED = 2**18
# What copying takes of elements that do not lie side by side, in copies of those that do.
STRIDED = 2


class Effort(NamedTuple):
    """What is done, or in `RATES` the nanoseconds that one of each takes.

    Attributes:
        products: multiply-adds of matrix products.
        packed: elements of the factors of large matrix products, which thin products feel.
        read: elements of the factors of small matrix products, and of those that stay in the cache.
        results: elements of results, written and then added to what is there.
        copied: elements copied into another order; with a horizontal stride `STRIDED` times.
        runs: stretches of neighbours that are copied at once.
        scattered: elements copied to places that lie apart.
        matrices: matrix products, each one of a stack.
        steps: turns of a Python loop with its handful of numpy calls.
    """

    products: float = 0
    packed: float = 0
    read: float = 0
    results: float = 0
    copied: float = 0
    runs: float = 0
    scattered: float = 0
    matrices: float = 0
    steps: float = 0

    @classmethod
    def product(cls, stack: float, rows: float, columns: float, terms: float) -> Effort:
        """A stack of matrix products (rows, terms) x (terms, columns)."""
        factors = stack * terms * (rows + columns)
        is_small = rows * columns * terms <= SMALL or terms * (rows + columns) <= CACHED
        return cls(
            products=stack * terms * rows * columns,
            packed=0 if is_small else factors,
            read=factors if is_small else 0,
            results=stack * rows * columns,
            matrices=stack,
        )

    @classmethod
    def windows(cls, elements: float, stretches: float, stride: int) -> Effort:
        """Windows copied side by side, in stretches of a row, with the horizontal stride."""
        return cls(copied=elements * (1 if stride == 1 else STRIDED), runs=stretches)

    def __add__(self, other: Effort) -> Effort:  # type: ignore[override]
        """Both, one after the other."""
        return Effort(*map(sum, zip(self, other, strict=True)))

    def times(self, count: float) -> Effort:
        """The same so many times."""
        return Effort(*(count * part for part in self))

    @property
    def nanoseconds(self) -> float:
        """How long it takes by `RATES`."""
        return sum(part * rate for part, rate in zip(self, RATES, strict=True))


RATES = Effort(
    products=0.028,
    packed=0.351,
    read=0.0478,
    results=0.233,
    copied=0.252,
    runs=5.6,
    scattered=4.34,
    matrices=18.6,
    steps=8520.0,
)
