"""Other values of a sample, of the same shapes: where a branch of the forward is taken that its own do not take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gradcheck_cli.model import Array, Sample

# By how much every other entry is multiplied: past the bounds of a clamp (6 in a relu6, 20 in a softplus), and near 0.
# The others stay, so that no sample is saturated everywhere.
_FACTORS = {
    "every other entry is 16 times as large": 16.0,
    "every other entry is 64 times as large": 64.0,
    "every other entry is 8 times as small": 0.125,
    "every other entry has the other sign": -1.0,
}


def other_values(sample: Sample) -> Iterator[tuple[str, Sample]]:
    """(in words, sample). What lies between 0 and 1 stays: it may be a probability; and what is positive stays so."""
    for words, factor in _FACTORS.items():
        changed = sample
        for name in sample.differentiated:
            array = sample.array(name)
            is_share = array.size > 0 and array.min() >= 0 and array.max() <= 1
            if not is_share and not (factor < 0 and array.size > 0 and array.min() > 0):
                changed = changed.replacing(name, _every_other(array, factor))
        if changed is not sample:
            yield words, changed


def _every_other(array: Array, factor: float) -> Array:
    pattern = np.arange(array.size).reshape(array.shape) % 2 == 0
    return np.where(pattern, array * factor, array)
