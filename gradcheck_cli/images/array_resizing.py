"""Linear resizing along one axis, as OpenCV resizes pictures, for what is no picture."""

from __future__ import annotations

from gradcheck_cli.model import Array


def along(values: Array, axis: int, length: int) -> Array:
    """`values` with `length` numbers along `axis`; each is between the two that its centre lies between.

    Args:
        values: any shape, floating point.
        axis: which axis.
        length: at least 1.
    """
    import numpy as np

    size = values.shape[axis]
    if size == length:
        return values
    # The centres of the numbers lie at 0.5, 1.5, ...; beyond the first and the last there is nothing to go to.
    centres = np.clip((np.arange(length) + 0.5) * size / length - 0.5, 0, size - 1)
    first = np.minimum(centres.astype(int), max(size - 2, 0))
    second = np.minimum(first + 1, size - 1)
    share = (centres - first).reshape([-1 if place == axis else 1 for place in range(values.ndim)])
    resized: Array = np.take(values, first, axis) * (1 - share) + np.take(values, second, axis) * share
    return resized.astype(values.dtype)
