"""Losses that gradients are written for without a loss beside them: squares and cross entropies, in every mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gradcheck_cli.model import Array

_Of: TypeAlias = Callable[[Any, Array, Any], Array]


@dataclass(frozen=True)
class OutputLoss:
    """One number of an output and its target.

    Attributes:
        name: with its article.
        of: (object, output, target) -> the number; the object is that which gave the output.
        is_own: it stands in the user's file.
    """

    name: str
    of: _Of
    is_own: bool = False


def _squares(output: Array, target: Array) -> Array:
    return np.asarray(0.5 * np.sum((output - target) ** 2))


def _cross_entropy(output: Array, target: Array) -> Array:
    return np.asarray(-np.sum(target * np.log(output)))


def _binary(output: Array, target: Array) -> Array:
    return np.asarray(-np.sum(target * np.log(output) + (1 - target) * np.log(1 - output)))


def _of_logits(output: Array, target: Array) -> Array:
    axis = _classes(target)
    highest = np.max(output.real, axis=axis, keepdims=True)
    totals = highest + np.log(np.sum(np.exp(output - highest), axis=axis, keepdims=True))
    return np.asarray(np.sum(totals) - np.sum(target * output))


def _binary_of_logits(output: Array, target: Array) -> Array:
    return np.asarray(np.sum(np.logaddexp(0, output) - target * output))


def _classes(target: Array) -> int:
    """The axis along which a target is one-hot."""
    return next((axis for axis in reversed(range(target.ndim)) if np.allclose(target.sum(axis=axis), 1)), -1)


def _one_hot(output: Array, target: Any) -> Array:
    """Labels as rows; a target of another shape than the output, as (n,) beside (n, 1), in its shape."""
    target = np.asarray(target)
    if target.dtype.kind in "iu" and target.size != output.size:
        return np.asarray(np.eye(output.shape[-1])[target])
    return np.asarray(target.reshape(output.shape))


_SUMS: Mapping[str, Callable[[Array, Array], Array]] = {
    "half the squares": _squares,
    "the cross entropy": _cross_entropy,
    "the binary cross entropy": _binary,
    "the cross entropy of softmax": _of_logits,
    "the binary cross entropy of sigmoid": _binary_of_logits,
}


def _one(_target: Array) -> float:
    return 1.0


def _of_samples(target: Array) -> float:
    """Rows, or columns where the target is one-hot in columns or one row."""
    if target.ndim < 2:
        return 1.0
    are_columns = _classes(target) == 0 or target.shape[0] == 1
    return 1.0 / int(target.shape[1 if are_columns else 0])


def _of_entries(target: Array) -> float:
    return 1.0 / int(target.size)


# Of a sum: by how much it is multiplied, and how that is said.
_SHARES: tuple[tuple[str, Callable[[Array], float]], ...] = (
    ("the sum of {}", _one),
    ("the mean of {} over the samples", _of_samples),
    ("the mean of {} over all entries", _of_entries),
)


def _shared(total: Callable[[Array, Array], Array], share: Callable[[Array], float], factor: float) -> _Of:
    def of(_instance: Any, output: Array, target: Any) -> Array:
        whole = _one_hot(output, target)
        return factor * share(whole) * total(output, whole)

    return of


USUAL: tuple[OutputLoss, ...] = tuple(
    OutputLoss(twice + said.format(name), _shared(total, share, factor))
    for twice, factor in (("", 1.0), ("twice ", 2.0))
    for said, share in _SHARES
    for name, total in _SUMS.items()
    if factor == 1 or total is _squares
)
"""Each sum, as it is and divided; the likeliest first."""
