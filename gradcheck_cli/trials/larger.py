"""Samples for dtypes of few bits: numbers that all dtypes have, and a batch over which sums grow long."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model import Array, Sample

# Of a sum in bfloat16, which has 8 bits: some times as many terms as it can count.
COPIES = 512
# Bits of bfloat16.
_BITS = 8


def on_coarse_grid(sample: Sample) -> Sample:
    """The same with numbers that bfloat16 has too, so that every dtype is asked the same."""
    for name in sample.differentiated:
        sample = sample.replacing(name, _rounded(sample.array(name)))
    return sample


def larger_batch(sample: Sample, output: tuple[int, ...]) -> Sample | None:
    """The same rows many times: every array that has as many as the output. None where no array has.

    Rows that repeat make every sum over the batch grow by the same again and again.
    """
    if not output or output[0] < 2:
        return None
    names = [name for name in _arrays(sample) if sample.array(name).shape[:1] == output[:1]]
    if not set(names) & set(sample.differentiated):
        return None
    found = on_coarse_grid(sample)
    for name in names:
        array = found.array(name)
        found = found.replacing(name, np.tile(array, (COPIES, *[1] * (array.ndim - 1))))
    return found


def _arrays(sample: Sample) -> list[str]:
    return [name for name, value in sample.values.items() if isinstance(value, np.ndarray)]


def _rounded(array: Array) -> Array:
    mantissa, exponent = np.frexp(array)
    return np.asarray(np.ldexp(np.rint(np.ldexp(mantissa, _BITS)), exponent - _BITS))
