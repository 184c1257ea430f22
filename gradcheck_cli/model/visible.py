"""Which entries of two arrays a reader is told to be different: only words and marks hang on it, and no verdict."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.model.case import Array

VISIBLE = 1e-9
"""What two numbers differ by, relative to the largest of both arrays, to be told as different."""


def visibly_apart(actual: Array, expected: Array) -> Array:
    """Entries that differ by more than right code differs from another right code; what is not finite always does.

    Args:
        actual: as it came back, (...).
        expected: of the same shape.

    Returns:
        (...), bool.
    """
    scale = np.max(np.abs(expected), initial=0.0) + np.max(np.abs(np.nan_to_num(actual)), initial=0.0)
    with np.errstate(invalid="ignore"):
        off: Array = np.abs(actual - expected) > VISIBLE * scale
    return off | ~np.isfinite(actual)
