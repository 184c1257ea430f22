"""Number formats by their bits, and numbers rounded to so many of them. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from gradcheck_cli.model import Array

# Bits of the mantissa, the leading one included: every whole number up to 2^bits has its own.
BITS: Mapping[str, int] = MappingProxyType({"float64": 53, "float32": 24, "tf32": 11, "float16": 11, "bfloat16": 8})
# The narrowest format of all: what is exact in it is exact in every other.
FEWEST_BITS = min(BITS.values())
# Above it a format has infinity; the others reach beyond 2^24, where no probe goes that is asked in them.
LARGEST: Mapping[str, int] = MappingProxyType({"float16": 65_504})


# Whole numbers that are given are kept up to here, 16 bits; larger ones would leave float32 nothing for F and G.
LARGEST_GIVEN = 2**16


def largest_given(precision: str) -> int:
    """Whole numbers up to here are given to a product as they are: TF32 has every one up to 2^11."""
    return limit_of(BITS["tf32"]) if precision == "tf32" else LARGEST_GIVEN


def limit_of(bits: int) -> int:
    """Below it every whole number has its own number in a format of so many bits."""
    return int(2**bits)


def rounded_to(array: Array, bits: int) -> Array:
    """Each number rounded to so many bits, to even where it lies in the middle; exponents are not limited."""
    mantissas, exponents = np.frexp(np.asarray(array, np.float64))
    return np.asarray(np.ldexp(np.rint(np.ldexp(mantissas, bits)), exponents - bits))


def cut_to(array: Array, bits: int) -> Array:
    """Each number with the bits behind these left out, as hardware does that reads only so many."""
    mantissas, exponents = np.frexp(np.asarray(array, np.float64))
    return np.asarray(np.ldexp(np.trunc(np.ldexp(mantissas, bits)), exponents - bits))
