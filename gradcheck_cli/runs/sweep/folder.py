"""Which pictures a sweep is about; known before torch is loaded, so that a slip in a name is told at once."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gradcheck_cli.model.errors import ImageError, UsageError
from gradcheck_cli.model.files import RANDOM, is_array, is_picture


def pictures_in(names: Sequence[str]) -> tuple[str, ...]:
    """The pictures and arrays of folders, by name; every other name as it is.

    Raises:
        UsageError: a folder that holds none, or cannot be read.
        ImageError: neither a folder nor a file.
    """
    return tuple(file for name in names for file in (_of_folder(name) if os.path.isdir(name) else (_there(name),)))


def _there(name: str) -> str:
    if not (os.path.exists(name) or name.startswith(RANDOM)):
        raise ImageError(f"cannot read {name}: no such file.", hint="check the spelling and the current folder")
    return name


def _of_folder(folder: str) -> tuple[str, ...]:
    try:
        listed = sorted(os.listdir(folder))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}.") from error
    found = tuple(os.path.join(folder, name) for name in listed if is_picture(name) or is_array(name))
    if not found:
        raise UsageError(f"{folder} holds no picture.", hint="a folder of .jpg, .png or .npy files")
    return found
