"""Mistakes to be planted into a right gradient whose forward is no graph: what people do to any gradient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import Array


@dataclass(frozen=True, eq=False)
class RightGradient:
    """A right gradient and what it is made of.

    Attributes:
        values: of the argument's shape.
        jacobian: (entries of the argument, entries of all outputs).
        upstream: G, one for each output.
    """

    values: Array
    jacobian: Array
    upstream: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Planted:
    """A wrong gradient. `words` is the mistake in a clause, the same for the same mistake on every sample."""

    sign: Sign
    words: str
    wrong: Array


def planted(right: RightGradient) -> Iterator[Planted]:
    """Every mistake that has a meaning for an array of this shape."""
    yield Planted(Sign.ABSENT, "it is 0 everywhere", np.zeros_like(right.values))
    yield Planted(Sign.OPPOSITE, "it has the opposite sign", -right.values)
    yield Planted(Sign.CONSTANT, "it is twice the right one", 2 * right.values)
    yield from _of_upstream(right)
    yield from _of_axes(right.values)
    if right.jacobian.shape[0] == right.jacobian.shape[1]:
        alone = np.diagonal(right.jacobian) * _flat(right.upstream)
        words = "each entry of the output depends on its own entry alone"
        yield Planted(Sign.DIAGONAL, words, alone.reshape(right.values.shape))


def _flat(upstream: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(part) for part in upstream])


def _of_upstream(right: RightGradient) -> Iterator[Planted]:
    """G taken for another: 1 everywhere, averaged, its first row for all, its rows the other way round."""

    def given(sign: Sign, words: str, parts: Sequence[Array]) -> Planted:
        return Planted(sign, words, (right.jacobian @ _flat(parts)).reshape(right.values.shape))

    parts = right.upstream
    yield given(Sign.UPSTREAM_IGNORED, "G is taken for 1 everywhere", [np.ones_like(part) for part in parts])
    averaged = [np.full_like(part, part.mean() if part.size else 0.0) for part in parts]
    yield given(Sign.ONE_UPSTREAM, "G is averaged, one number for all", averaged)
    if all(part.ndim for part in parts):
        first = [np.broadcast_to(part[:1], part.shape) for part in parts]
        yield given(Sign.ONE_UPSTREAM, "the first row of G is taken for all", first)
    if any(part.ndim > 1 and part.shape[-1] == part.shape[-2] for part in parts):
        turned = [part.swapaxes(-1, -2).reshape(part.shape) if part.ndim > 1 else part for part in parts]
        yield given(Sign.TRANSPOSED, "G is transposed", turned)


def _of_axes(values: Array) -> Iterator[Planted]:
    """Of an axis: divided by its length, averaged over, its last entry forgotten, or nothing else kept."""
    for axis, length in enumerate(values.shape):
        if length < 2:
            continue
        first = np.broadcast_to(np.arange(length).reshape(-1, *[1] * (values.ndim - axis - 1)), values.shape)
        is_last = first == length - 1
        sign = Sign.AVERAGED if axis else Sign.BATCH
        yield Planted(sign, f"it is divided by the length of axis {axis}", values / length)
        mean = np.broadcast_to(values.mean(axis, keepdims=True), values.shape)
        yield Planted(Sign.TOTALLED, f"it is averaged over axis {axis}, one number for all", mean)
        total = np.broadcast_to(values.sum(axis, keepdims=True), values.shape)
        yield Planted(Sign.TOTALLED, f"it is added up over axis {axis}, one number for all", total)
        yield Planted(Sign.TAIL, f"the last entry of axis {axis} is forgotten", np.where(is_last, 0.0, values))
        yield Planted(Sign.LAST_ONLY, f"only the last entry of axis {axis} is kept", np.where(is_last, values, 0.0))
    if values.ndim > 1 and values.shape[-1] > 1 and values.shape[-2] > 1:
        turned = values.swapaxes(-1, -2).reshape(values.shape)
        yield Planted(Sign.TRANSPOSED, "it is transposed", turned)
