"""Other numbers for samples on which nothing is known: near a kink, where a forward saturates, where units are dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample

NOTE = "asked on other numbers of the same shapes: on the first ones the derivative was not known well enough"
# Of the numbers: what saturates at 10 does not at 2, and what is a chance, or above 0, stays so.
_SMALLER = 0.2


def redrawn(samples: Sequence[Sample]) -> Iterator[tuple[Sample, ...]]:
    """The same samples with smaller numbers, then with the same numbers in another order.

    Both keep the domain: what lies between 0 and 1 stays there.
    """
    for change in (_smaller, _permuted):
        yield tuple(_with(sample, change) for sample in samples)


def _with(sample: Sample, change: Callable[[Array, int], Array]) -> Sample:
    for name in sample.differentiated:
        sample = sample.replacing(name, change(sample.array(name), sample.seed))
    return sample


def _smaller(array: Array, _seed: int) -> Array:
    return np.asarray(_SMALLER * array)


def _permuted(array: Array, seed: int) -> Array:
    return np.random.default_rng([seed, 8]).permutation(array.ravel()).reshape(array.shape)
