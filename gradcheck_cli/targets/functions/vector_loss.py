"""Losses of vectors: `X @ w - y` and `p - y` run on matrices too, and `/ len(y)` is the mean of a vector alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from gradcheck_cli.model import WITHOUT_UPSTREAM, Sample
from gradcheck_cli.model.functions import lacks_ones
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.slopes import are_slopes

NOTE = "{} taken as vectors: with matrices in their places, which run as well, the gradient is not right"


def as_vectors(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The arguments and the samples with vectors, on all of which the gradients are right; None where they are not.

    Args:
        samples: with matrices in their places. Where the gradients are right on these they are what is asked.
    """
    if form.kind not in WITHOUT_UPSTREAM:
        return None
    first = samples[0]
    matrices = [name for name in first.values if _is_matrix(first.values[name])]
    try:
        if are_slopes(form, first):
            return None
    except Exception:  # what raises is told where it is judged
        return None
    # One may be the table of the data; of two vectors, as predictions beside their targets, none is.
    for kept in (*matrices, ""):
        names = tuple(name for name in matrices if name != kept)
        taken = [_first_columns(sample, names) for sample in samples]
        right = tuple(sample for sample in taken if _is_right(form, sample))
        if names and right and len(right) == sum(_runs(form, sample) for sample in taken):
            return names, right
    return None


def _is_matrix(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim == 2


def _first_columns(sample: Sample, names: Collection[str]) -> Sample:
    for name in names:
        if not _is_matrix(sample.values.get(name)):  # an optional one may be None on some
            continue
        sample = sample.replacing(name, np.ascontiguousarray(sample.array(name)[..., 0]))
    return sample


def _runs(form: WrittenFunction, sample: Sample) -> bool:
    try:
        return bool(form.forward(sample.values))
    except Exception:  # whatever it raises
        return False


def _is_right(form: WrittenFunction, sample: Sample) -> bool:
    """On these the forward is one number, and every gradient has the shape of its argument."""
    try:
        outputs = form.forward(sample.values)
        gradients = form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients
        shapes = [(array.shape, sample.array(name).shape) for name, array in gradients.items()]
        fits = all(own == argument or lacks_ones(own, argument) for own, argument in shapes)
        return [out.size for out in outputs] == [1] and fits and are_slopes(form, sample)
    except Exception:  # whatever they raise
        return False
