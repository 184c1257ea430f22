"""Functions of two or three numbers: `w[0]`, `w[1]` of a vector, whatever else stands behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction

NOTE = "{} taken as long as its gradient is: the forward reads no further entries"


def as_read(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The arguments and the samples cut to what is read of them; None where all of them is.

    An argument is cut to the shape of its gradient where the forward gives the same bits for less.
    """
    try:
        longer = [tuple(_longer(form, sample)) for sample in samples]
        taken = tuple(_cut(form, sample, names) for sample, names in zip(samples, longer, strict=True))
    except Exception:  # what raises is told where it is judged
        return None
    names = tuple(dict.fromkeys(name for one in longer for name in one))
    return (names, taken) if names else None


def _longer(form: WrittenFunction, sample: Sample) -> Iterator[str]:
    """The arguments that are longer than their gradient, with entries that nothing depends on."""
    outputs = form.forward(sample.values)
    for name, shape in _returned(form, sample, outputs).items():
        array = sample.array(name)
        if shape == array.shape or len(shape) != array.ndim or any(np.greater(shape, array.shape)):
            continue
        shorter = form.forward(sample.replacing(name, _first(array, shape)).values)
        if all(np.array_equal(one, other) for one, other in zip(outputs, shorter, strict=True)):
            yield name


def _returned(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> dict[str, tuple[int, ...]]:
    gradients = form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients
    return {name: gradient.shape for name, gradient in gradients.items() if name in sample.differentiated}


def _cut(form: WrittenFunction, sample: Sample, names: Sequence[str]) -> Sample:
    shapes = _returned(form, sample, form.forward(sample.values))
    for name in names:
        sample = sample.replacing(name, _first(sample.array(name), shapes[name]))
    return sample


def _first(array: Array, shape: Sequence[int]) -> Array:
    return np.ascontiguousarray(array[tuple(slice(0, length) for length in shape)])
