"""Smaller samples of a function: the lengths that several arrays share are cut in all of them at once.

The sizes of a sample differ from one another, so an axis is known by its length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from gradcheck_cli.layers.smaller import SHARES, less
from gradcheck_cli.model import Array, Sample, Value

# A length that is a multiple of another may be made of it: the 4 gates of a cell lie side by side.
_MOST_PARTS = 8


def smaller_samples(sample: Sample) -> Iterator[Sample]:
    """Samples with shorter arrays, the boldest first: each length to 1, then halfway, then one less."""
    lengths = sorted(_lengths(sample.values.values()), reverse=True)
    for share in SHARES:
        for length in lengths:
            left = less(length, 1, share)
            if left < length:
                yield _cut(sample, {length: left})
                multiples = {
                    parts * length: parts * left for parts in range(2, _MOST_PARTS + 1) if parts * length in lengths
                }
                if multiples:
                    yield _cut(sample, {length: left} | multiples)


def rounded(sample: Sample) -> Sample:
    """The same with one decimal, which is read more easily; what is no number of the reals stays."""
    return replace(sample, values={name: _rounded(value) for name, value in sample.values.items()})


def _rounded(value: Value) -> Value:
    return value.round(1) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _lengths(values: object) -> set[int]:
    found: set[int] = set()
    for value in values.values() if isinstance(values, Mapping) else values:  # type: ignore[attr-defined]
        if isinstance(value, np.ndarray):
            found |= {length for length in value.shape if length > 1}
        elif isinstance(value, Mapping | tuple):
            found |= _lengths(value)
    return found


def _cut(sample: Sample, lengths: Mapping[int, int]) -> Sample:
    return replace(sample, values={name: _shorter(value, lengths) for name, value in sample.values.items()})


def _shorter(value: Value, lengths: Mapping[int, int]) -> Value:
    if isinstance(value, np.ndarray):
        return _shorter_array(value, lengths)
    if isinstance(value, Mapping):
        return {key: _shorter(inner, lengths) for key, inner in value.items()}
    return tuple(_shorter(inner, lengths) for inner in value) if isinstance(value, tuple) else value


def _shorter_array(array: Array, lengths: Mapping[int, int]) -> Array:
    """The front of each axis. Whole numbers may be places along a length: they stay below what is left of it."""
    shorter = array[tuple(slice(lengths.get(length, length)) for length in array.shape)].copy()
    if shorter.dtype.kind in "iu" and shorter.size:
        for length, left in lengths.items():
            if left <= shorter.max() < length:
                shorter %= left
    return shorter
