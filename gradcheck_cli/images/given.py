"""An array of the session as an input: written to a file, so that the line that reproduces the run can name it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Size
from gradcheck_cli.model.errors import ImageError

# Axes of a picture as OpenCV and PIL hand it over, colours last.
COLOURS = (3, 4)


def as_array(values: Any) -> Array:
    """A numpy array, or a tensor of torch on any device, as numpy has it: (n, c, h, w), (c, h, w) or (h, w).

    Raises:
        ImageError: other axes, or a picture whose colours are last, which would be taken for rows.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if str(values.dtype) == "torch.bfloat16" else values  # numpy has no such numbers
    array = np.asarray(values)
    if not 2 <= array.ndim <= 4:
        raise ImageError(
            f"an array of shape {array.shape} is no input.", hint="(n, c, h, w), (c, h, w) or (h, w) is needed"
        )
    if array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] in COLOURS and array.shape[0] not in COLOURS:
        raise ImageError(
            f"an array of shape {array.shape} looks like a picture with its colours last.",
            hint="(c, h, w) is needed: x.transpose(2, 0, 1)",
        )
    return array


def write_array(array: Array) -> str:
    """Write it to a file of its own, which is there until the session ends; the file's name."""
    folder = tempfile.mkdtemp(prefix="gradcheck-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = os.path.join(folder, "array.npy")
    np.save(name, array)
    return name


def channels_and_size(array: Array) -> tuple[int, Size]:
    """(c, (h, w)) of what `as_array` gives."""
    height, width = array.shape[-2:]
    return (int(array.shape[-3]) if array.ndim > 2 else 1), (int(height), int(width))
