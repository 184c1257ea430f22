"""The rule by which the direct backward chooses between summing by rows, by taps and by patches.

Each way estimates its own time from the shapes alone, with the constants below; `direct` takes the cheapest. A wrong
estimate costs time and nothing else: all ways sum the same products.

The constants were fitted to float32 timings of 21 layers on one x86-64 core with AVX-512. The choice depends on their
ratios only, so they serve float64 and other machines too.
"""

from __future__ import annotations

PRODUCT = 0.023
"""ns per multiply-add of a matrix product."""

PACKED = 0.3
"""ns per factor element of a large matrix product: it is packed before it is multiplied, which thin products feel."""

UNPACKED = 0.03
"""ns per factor element of a small matrix product, which reads it in place."""

SMALL = 1e6
"""Multiply-adds up to which a matrix product counts as small."""

RESULT = 0.5
"""ns per element of a result: written, then added to what is there."""

COPY = 0.4
"""ns per element copied into another order."""

SCATTER = 1.2
"""ns per element added to places that lie apart."""

MATRIX = 400.0
"""ns per matrix product of a stack."""

STEP = 6000.0
"""ns per turn of a Python loop with its handful of numpy calls."""


def products(stack: float, rows: float, columns: float, terms: float) -> float:
    """ns for a stack of matrix products (rows, terms) x (terms, columns)."""
    factor_element = UNPACKED if rows * columns * terms <= SMALL else PACKED
    per_term = PRODUCT * rows * columns + factor_element * (rows + columns)
    return stack * (MATRIX + terms * per_term + RESULT * rows * columns)
