"""Data that a loss compares with, in the shape of what they are compared with: `xs - target`, and later `target[t]`.

A row of data is spread over all steps of a simulation where a whole table of them was meant: the forward runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import WITHOUT_UPSTREAM, Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.slopes import are_slopes, is_slope

NOTE = "{} taken in the shape of what the forward compares with it: spread over that, the gradient is not right"
# Of positive data, as the logarithm of a rate takes: no other is as near to 0.
_LEAST = 0.1


def as_compared(form: WrittenFunction, samples: Sequence[Sample]) -> tuple[tuple[str, ...], tuple[Sample, ...]] | None:
    """The data that are spread in a difference, and the samples with them as large as what they are compared with.

    None where none are, where the gradients are right as they are, or where more of them are right so.
    """
    if form.kind not in WITHOUT_UPSTREAM:
        return None
    first = samples[0]
    try:
        if are_slopes(form, first):
            return None
        shapes = _shapes_compared(form, first)
        if not shapes or _right(form, _in_shapes(first, shapes)) < _right(form, first):
            return None
        taken = tuple(_in_shapes(sample, _shapes_compared(form, sample)) for sample in samples)
    except Exception:  # what raises is told where it is judged
        return None
    return tuple(shapes), taken


def _right(form: WrittenFunction, sample: Sample) -> int:
    """How many gradients are."""
    gradients = form.run(sample.values, [np.ones_like(out) for out in form.forward(sample.values)]).gradients
    return sum(is_slope(form, sample, name, gradient) for name, gradient in gradients.items())


def _shapes_compared(form: WrittenFunction, sample: Sample) -> dict[str, tuple[int, ...]]:
    """The data that are spread over something larger that they are subtracted from, or that is from them: its shape."""
    gradients = form.run(sample.values, [np.ones_like(out) for out in form.forward(sample.values)]).gradients
    found = {name: _compared(form, sample, name) for name in sample.differentiated if name not in gradients}
    found |= {name: _compared(form, sample, name) for name in _data(sample)}
    return {name: shape for name, shape in found.items() if shape}


def _data(sample: Sample) -> Iterator[str]:
    arrays = {name: value for name, value in sample.values.items() if isinstance(value, np.ndarray)}
    yield from (name for name, value in arrays.items() if value.dtype.kind == "f" and name not in sample.differentiated)


def _compared(form: WrittenFunction, sample: Sample, name: str) -> tuple[int, ...]:
    """The one larger shape over which an argument is spread in differences; () for none or several."""
    watched = sample.array(name).view(_Watched)
    watched.spread = set()
    form.forward(sample.replacing(name, watched).values)
    return watched.spread.pop() if len(watched.spread) == 1 else ()


class _Watched(np.ndarray[Any, Any]):
    """Data that remember over which shapes they were spread where they were subtracted; what comes out is plain."""

    spread: set[tuple[int, ...]]

    def __array_finalize__(self, made_from: Any) -> None:
        """A copy is the same data: what is handed to code is one. Its rows are not."""
        whole = isinstance(made_from, _Watched) and made_from.shape == self.shape
        self.spread = getattr(made_from, "spread", set()) if whole else set()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *given: Any, **options: Any) -> Any:
        """As ever, without a memory."""
        plain = [np.asarray(each) if isinstance(each, _Watched) else each for each in given]
        result: Array = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.subtract and method == "__call__" and np.shape(result) != self.shape:
            self.spread.add(np.shape(result))
        return result


def _in_shapes(sample: Sample, shapes: dict[str, tuple[int, ...]]) -> Sample:
    """With other numbers: the same in each row would be spread again."""
    generator = np.random.default_rng([sample.seed, len(shapes)])
    for name, shape in shapes.items():
        numbers = generator.standard_normal(shape)
        is_positive = bool(np.all(sample.array(name) > 0))
        sample = sample.replacing(name, np.abs(numbers) + _LEAST if is_positive else numbers)
    return sample
