"""The inputs of a run as arrays: the batch X, and the gray reference of the loss.

One picture is in `picture`, one array in `arrays`; reading files and decoding are in the files beside.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from gradcheck_cli.images.arrays import ArrayInput, read_array
from gradcheck_cli.images.decoder import check_size
from gradcheck_cli.images.formats import read_header
from gradcheck_cli.images.picture import Moving, Picture
from gradcheck_cli.images.refusal import STANDARD_INPUT, UnreadableError
from gradcheck_cli.images.source import read_bytes
from gradcheck_cli.model import Array, Size
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.files import is_array, may_move

LoadedInput = Picture | ArrayInput
"""One of the inputs of a run: a picture is one sample, an array or one with frames may hold several."""


def read_pictures(names: Sequence[str | os.PathLike[str]], axes: int = 2) -> tuple[LoadedInput, ...]:
    """Reads each file once and checks its header; no picture is decoded yet.

    Args:
        names: file names or "random:SHAPE"; "-" is standard input and may stand once.
        axes: of the layer, which arrays have behind samples and channels.

    Returns:
        One input per name, in order.

    Raises:
        UsageError: no name, or "-" twice.
        ImageError: a file that is missing, is no picture or array, is cut short or too large.
    """
    texts = [os.fspath(name) for name in names]
    if not texts:
        raise UsageError("no picture is named.", hint="gradcheck run images/coffee.jpg")
    if texts.count(STANDARD_INPUT) > 1:
        raise UsageError("- stands twice: standard input holds one picture.", hint="name the other one by its file")
    return tuple(_read_input(text, position, axes) for position, text in enumerate(texts))


def reference_picture(name: str | os.PathLike[str], pictures: Sequence[LoadedInput], axes: int = 2) -> LoadedInput:
    """The common reference `name`: one of `pictures` where it has that name ("-" too), else read from its file.

    Args:
        name: a file name or "random:SHAPE".
        pictures: the inputs.
        axes: as of `read_pictures`.

    Raises:
        ImageError: as `read_pictures`.
    """
    text = os.fspath(name)
    known = {picture.name: picture for picture in pictures}
    return known[text] if text in known else _read_input(text, len(known), axes)


def batch_of(pictures: Sequence[LoadedInput], channels: int, size: Size, unit_range: bool = False) -> Array:
    """X for the whole batch.

    Args:
        pictures: pictures and arrays.
        channels: c_in; 3 or 1 of a picture.
        size: (h, w) in pixels; of arrays what the layer reads, on each of its axes.
        unit_range: X / 255, so 0..1; a reference stays 0..255.

    Returns:
        float32 (n, c_in, *size).

    Raises:
        As `Picture.planes`.
    """
    import numpy as np

    x = np.concatenate([_samples(picture.planes(channels, size), size) for picture in pictures])
    return _scaled(x, unit_range)


def channel_names(pictures: Sequence[LoadedInput], channels: int) -> tuple[str, ...]:
    """The colours of X's channels in OpenCV's order, which the forum's script kept; () where they have none."""
    coloured = channels == 3 and all(isinstance(picture, Picture) for picture in pictures)
    return ("blue", "green", "red") if coloured else ()


def gray_batch_of(pictures: Sequence[LoadedInput], size: Size, unit_range: bool = False) -> Array:
    """The whole batch as gray, (n, 1, h, w) float32; arguments and errors as `batch_of`."""
    return _scaled(references_of(pictures, size), unit_range)


def _scaled(x: Array, unit_range: bool) -> Array:
    """0..255 as 0..1 where that is asked for."""
    import numpy as np

    return x / np.float32(255) if unit_range else x


def references_of(pictures: LoadedInput | Sequence[LoadedInput], size: Size) -> Array:
    """The gray references.

    Args:
        pictures: one for each sample, or a common one.
        size: (h_out, w_out) in pixels.

    Returns:
        float32 (n, 1, h_out, w_out), n = 1 for a common one.

    Raises:
        As `Picture.gray`.
    """
    import numpy as np

    each = (pictures,) if isinstance(pictures, Picture | ArrayInput) else pictures
    return np.concatenate([_samples(picture.gray(size), size) for picture in each])


def count_samples(names: Sequence[str], axes: int = 2) -> int:
    """n of the whole batch; a picture is one sample; what may move is opened for a layer of three axes.

    Args:
        names: of the inputs.
        axes: as of `read_pictures`.

    Raises:
        ImageError: an array that cannot be read.
    """
    opened = [_read_input(name, 0, axes) for name in names if is_array(name) or _is_moving(name, axes)]
    counts = [len(found.values) if isinstance(found, ArrayInput) else found.frames for found in opened]
    return len(names) - len(opened) + sum(counts)


def _is_moving(name: str, axes: int) -> bool:
    """Whether its frames are the depth of a layer. Those of standard input are not: they would be read twice."""
    return axes > 2 and may_move(name)


def _samples(planes: Array, size: Size) -> Array:
    """(n, c, *size) of what one input gave: a picture gives a sample without its axis."""
    return planes if planes.ndim == len(size) + 2 else planes[None]


def _read_input(name: str, position: int, axes: int) -> LoadedInput:
    if not is_array(name):
        return _read_picture(name, Moving if _is_moving(name, axes) else Picture)
    try:
        return read_array(name, position, axes)
    except UnreadableError as refusal:
        raise refusal.named(name) from None


def _read_picture(name: str, kind: type[Picture]) -> Picture:
    try:
        data = read_bytes(name)
        header = read_header(data)
        check_size(header)
    except UnreadableError as refusal:
        raise refusal.named(name) from None
    return kind(name, data, header)
