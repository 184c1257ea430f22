"""Derivatives that are handed no G: of each entry, or the whole Jacobian of several outputs by several entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, ReturnedEntry


def weighed(derivative: Array, upstream: Array, argument: Array) -> Array:
    """The gradient of the sum that G weighs: over the outputs of a Jacobian; of each entry, entry by entry.

    Args:
        derivative: (outputs..., entries...), or of the argument's shape.
        upstream: G, of the output's shape.

    Raises:
        ValueError: it is neither.
    """
    if _is_jacobian(derivative.shape, upstream, argument):
        return np.asarray(np.tensordot(upstream, derivative, axes=upstream.ndim))
    return np.asarray(derivative * upstream)


def fitting_arguments(
    entries: Sequence[tuple[str, object]], upstream: Array, arguments: Mapping[str, Array]
) -> Mapping[str, Array]:
    """Those of which a lone entry can be the derivative, by its shape; all of them where it fits none."""
    lone = entries[0][1] if len(entries) == 1 else None
    shape = lone.shape if isinstance(lone, np.ndarray) else None
    fitting = {
        name: array
        for name, array in arguments.items()
        if shape is not None and (shape == array.shape or _is_jacobian(shape, upstream, array))
    }
    return fitting or arguments


def of_jacobian(entry: ReturnedEntry, upstream: Array, arguments: Mapping[str, Array]) -> ReturnedEntry:
    """What was returned, in the shape of the gradient that is made of it."""
    argument = arguments.get(entry.name)
    if argument is None or entry.shape is None or not _is_jacobian(entry.shape, upstream, argument):
        return entry
    return replace(entry, shape=argument.shape)


def _is_jacobian(shape: tuple[int, ...], upstream: Array, argument: Array) -> bool:
    return upstream.ndim > 0 and argument.ndim > 0 and shape == (*upstream.shape, *argument.shape)
