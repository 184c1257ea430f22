"""An array of the session as an input: written to a file, so that the line that reproduces the run can name it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

import numpy as np

from gradcheck_cli.images.arrays import REAL, SHAPES
from gradcheck_cli.model import Array, Size
from gradcheck_cli.model.errors import ImageError
from gradcheck_cli.model.text import visible

# Axes of a picture as OpenCV and PIL hand it over, colours last.
COLOURS = (3, 4)
# Beginning of an object that is none: enough to know it again.
_MOST_SHOWN = 60


def as_array(values: Any, axes: int = 2) -> Array:
    """A numpy array, or a tensor of torch on any device, as numpy has it: (n, c, h, w), (c, h, w) or (h, w).

    Args:
        values: what numpy or torch holds.
        axes: of the layer; one of one axis takes (n, c, l) and its like, one of three (n, c, d, h, w).

    Raises:
        ImageError: what holds no real numbers, or some that are not finite; other axes, or a picture whose colours are
            last, which would be taken for rows.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values  # numpy has no such numbers
    array = np.asarray(values)
    if array.dtype.kind not in REAL:
        what = f"an array of {array.dtype}" if array.ndim else visible(repr(values))[:_MOST_SHOWN]
        raise ImageError(f"{what} is no input.", hint=f"the name of a file, or {SHAPES[axes]} of real numbers")
    if not axes <= array.ndim <= axes + 2:
        raise ImageError(f"an array of shape {array.shape} is no input.", hint=f"{SHAPES[axes]} is needed")
    if (
        axes == 2
        and array.ndim == 3
        and array.dtype == np.uint8
        and array.shape[2] in COLOURS
        and array.shape[0] not in COLOURS
    ):
        raise ImageError(
            f"an array of shape {array.shape} looks like a picture with its colours last.",
            hint="(c, h, w) is needed: x.transpose(2, 0, 1)",
        )
    with np.errstate(over="ignore"):
        is_finite = bool(np.isfinite(array.astype(np.float32, copy=False)).all())
    if not is_finite:
        raise ImageError(
            f"the array of shape {array.shape} holds numbers that are not finite in float32.",
            hint="replace NaN and infinity",
        )
    return array


def write_array(array: Array) -> str:
    """Write it to a file of its own, which is there until the session ends; the file's name."""
    folder = tempfile.mkdtemp(prefix="gradcheck-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = os.path.join(folder, "array.npy")
    np.save(name, array)
    return name


def channels_and_size(array: Array, axes: int = 2) -> tuple[int, Size]:
    """(c, size) of what `as_array` gives."""
    channels = int(array.shape[-axes - 1]) if array.ndim > axes else 1
    return channels, tuple(int(length) for length in array.shape[-axes:])
