"""Functions of two or three numbers: `w[0]`, `w[1]` of a vector, whatever else stands behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction

NOTE = "{} taken as long as its gradient is: the forward reads no further entries"


def as_read(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The arguments and the samples cut to what is read of them; None where all of them is.

    An argument is cut to the shape of its gradient where the forward gives the same bits for less.
    """
    try:
        read = [_shapes_read(form, sample) for sample in samples]
    except Exception:  # what raises is told where it is judged
        return None
    names = tuple(dict.fromkeys(name for shapes in read for name in shapes))
    taken = tuple(_cut(sample, shapes) for sample, shapes in zip(samples, read, strict=True))
    return (names, taken) if names else None


def _shapes_read(form: WrittenFunction, sample: Sample) -> dict[str, tuple[int, ...]]:
    """The arguments that are longer than their gradient, with entries that nothing depends on: how much is read."""
    outputs = form.forward(sample.values)
    gradients = form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients
    found = {}
    for name in sample.differentiated:
        array, shape = sample.array(name), gradients[name].shape if name in gradients else None
        if shape is not None and len(shape) == outputs[0].ndim + array.ndim:  # each output by each entry
            shape = shape[outputs[0].ndim :]
        if shape in (None, array.shape) or len(shape) != array.ndim or any(np.greater(shape, array.shape)):
            continue
        shorter = form.forward(_cut(sample, {name: shape}).values)
        if all(np.array_equal(one, other) for one, other in zip(outputs, shorter, strict=True)):
            found[name] = shape
    return found


def _cut(sample: Sample, shapes: Mapping[str, tuple[int, ...]]) -> Sample:
    for name, shape in shapes.items():
        sample = sample.replacing(name, _first(sample.array(name), shape))
    return sample


def _first(array: Array, shape: Sequence[int]) -> Array:
    return np.ascontiguousarray(array[tuple(slice(0, length) for length in shape)])
