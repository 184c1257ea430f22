"""Losses of vectors: `X @ w - y` and `p - y` run on matrices too, and `/ len(y)` is the mean of a vector alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from gradcheck_cli.model import WITHOUT_UPSTREAM, Sample, syntax
from gradcheck_cli.model.functions import lacks_ones
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.slopes import are_slopes, is_slope
from gradcheck_cli.targets.functions.spelling import tokens

ROWS_NOTE = "{} taken with an axis less: with one more, which runs as well, the gradient is not right"
_BATCH = "batch"
# A row for each sample.
_OF_ROWS = 2
NOTE = "{} taken as vectors: with matrices in their places, which run as well, the gradient is not right"


def as_vectors(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The arguments and the samples with vectors, on all of which the gradients are right; None where they are not.

    Wrong ones are those of vectors too where more of them are right than with matrices, or belong to an argument:
    `dz.sum()` is the gradient of a number, and of no row of numbers.

    Args:
        samples: with matrices in their places. Where the gradients are right on these they are what is asked.
    """
    first = samples[0]
    if form.kind not in WITHOUT_UPSTREAM or _is_of_batches(form, first):
        return None
    matrices = [name for name in first.values if _is_matrix(first.values[name])]
    try:
        if are_slopes(form, first):
            return None
    except Exception:  # what raises is told where it is judged
        return None
    ways = list(_ways(first, matrices))
    for names, numbers in ways:
        taken = [_first_columns(sample, (*names, *numbers)) for sample in samples]
        right = tuple(sample for sample in taken if _is_right(form, sample))
        if right and len(right) == sum(_runs(form, sample) for sample in taken):
            return names, right
    for names, numbers in ways:
        fitting = tuple(other for sample in samples if _fits(form, other := _first_columns(sample, (*names, *numbers))))
        if fitting and _has_more(form, fitting[0], first):
            return names, fitting
    return None


def as_rows(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The same with an axis less, where arrays of three ran and the gradients are right with two: `.sum(axis=1)`."""
    first = samples[0]
    names = [name for name, value in first.values.items() if isinstance(value, np.ndarray) and value.ndim > 1]
    if form.kind not in WITHOUT_UPSTREAM or not any(first.array(name).ndim > _OF_ROWS for name in names):
        return None
    try:
        if are_slopes(form, first):
            return None
    except Exception:  # what raises is told where it is judged
        return None
    taken = [_without_second_axis(sample, names) for sample in samples]
    is_right = all(_is_right(form, sample) for sample in taken)
    return (tuple(names), tuple(taken)) if is_right else None


def _without_second_axis(sample: Sample, names: Sequence[str]) -> Sample:
    for name in names:
        if np.ndim(sample.values.get(name, 0.0)) > 1:  # type: ignore[arg-type]
            sample = sample.replacing(name, sample.array(name)[:, 0].copy())
    return sample


def _is_of_batches(form: WrittenFunction, first: Sample) -> bool:
    """A class that only compares two arrays, and divides by what it calls a batch.

    What a network gives has a row for each sample of one, and columns.
    """
    shapes = {value.shape for value in first.values.values() if isinstance(value, np.ndarray) and value.ndim}
    names = {syntax.identifier(node) for node in syntax.nodes_in(form.source)}
    is_object = getattr(form, "making", None) is not None
    return is_object and len(shapes) == 1 and any(_BATCH in tokens(name) for name in names if name)


def _ways(first: Sample, matrices: Sequence[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(What is a vector, what is a number) beside each table of data; of two vectors that are compared none is one."""
    for kept in (*matrices, ""):
        names = tuple(name for name in matrices if name != kept)
        numbers = _along_columns(first, names)
        if names:
            yield names, ()
        if names and numbers:
            yield names, numbers


def _is_matrix(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim == 2


def _along_columns(sample: Sample, names: Collection[str]) -> tuple[str, ...]:
    """What has one entry for each column of some matrix, as a bias beside weights: beside a vector it is a number."""
    lengths = {sample.array(name).shape[1] for name in names}
    arrays = ((name, value) for name, value in sample.values.items() if isinstance(value, np.ndarray))
    return tuple(
        name for name, value in arrays if value.ndim == 1 and value.dtype.kind == "f" and len(value) in lengths
    )


def _first_columns(sample: Sample, names: Collection[str]) -> Sample:
    for name in names:
        value = sample.values.get(name)
        if not isinstance(value, np.ndarray) or not value.ndim:  # an optional one may be None on some
            continue
        sample = sample.replacing(name, np.asarray(value[..., 0]).copy())
    return sample


def _runs(form: WrittenFunction, sample: Sample) -> bool:
    try:
        return bool(form.forward(sample.values))
    except Exception:  # whatever it raises
        return False


def _is_right(form: WrittenFunction, sample: Sample) -> bool:
    try:
        return _fits(form, sample) and are_slopes(form, sample) and _is_seen(form, sample)
    except Exception:  # whatever they raise
        return False


def _is_seen(form: WrittenFunction, sample: Sample) -> bool:
    """Is no gradient 0 throughout? Where nothing moves, as between a number and its neighbours, all code is right."""
    outputs = form.forward(sample.values)
    return all(
        each.any() for each in form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients.values()
    )


def _fits(form: WrittenFunction, sample: Sample) -> bool:
    """On these the forward is one number, and every gradient has the shape of its argument."""
    try:
        outputs = form.forward(sample.values)
        gradients = form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients
        shapes = [(array.shape, sample.array(name).shape) for name, array in gradients.items()]
    except Exception:  # whatever they raise
        return False
    return [out.size for out in outputs] == [1] and all(own == arg or lacks_ones(own, arg) for own, arg in shapes)


def _has_more(form: WrittenFunction, one: Sample, other: Sample) -> bool:
    try:
        return _counts(form, one) > _counts(form, other)
    except Exception:  # a number has no methods of arrays
        return False


def _counts(form: WrittenFunction, sample: Sample) -> tuple[int, int]:
    """How many gradients are right, and how many of what is returned are of an argument."""
    upstream = [np.ones_like(out) for out in form.forward(sample.values)]
    gradients = form.run(sample.values, upstream).gradients
    right = sum(is_slope(form, sample, name, gradient, upstream) for name, gradient in gradients.items())
    return right, len(gradients)
