"""Pictures and arrays as the samples of a layer of one, two or three axes. Nothing is read or resized here.

A layer of two axes takes pictures as they are. One of one axis takes every row of a picture as a sample, and one of
three takes the pictures, one behind the other, as depth. An axis that a layer has not is there with the size 1.
"""

from __future__ import annotations

from gradcheck_cli.images.array_resizing import along
from gradcheck_cli.model import Array, Size

# As the arrays of a layer of one axis are written: (n, c, 1, l).
AXES_OF_A_PICTURE = 2


def as_samples(planes: Array, axes: int, *, pictures: bool = True) -> Array:
    """What the inputs give as X of a layer.

    Args:
        planes: (n, c, h, w) of pictures, else (n, c) and the layer's own axes.
        axes: of the layer.
        pictures: whether the inputs are pictures.

    Returns:
        (n*h, c, 1, w) of one axis, (n, c, h, w) of two, (1, c, n, h, w) of three; of arrays as they are.
    """
    import numpy as np

    if not pictures:
        return planes[:, :, None] if axes < AXES_OF_A_PICTURE else planes
    if axes == 1:
        rows = planes.swapaxes(1, 2)
        return np.ascontiguousarray(rows.reshape(-1, 1, *rows.shape[2:]).swapaxes(1, 2))
    return np.ascontiguousarray(planes.swapaxes(0, 1)[None]) if axes > AXES_OF_A_PICTURE else planes


def as_references(planes: Array, size: Size, samples: int, *, pictures: bool = True) -> Array:
    """What O is compared with: each sample its own, or one for all.

    Args:
        planes: (n or 1, 1, h, w) of pictures, else (n or 1, 1) and the layer's own axes; as large as O but for the
            depth, which is that of the pictures and is resized.
        size: of O, on the layer's own axes.
        samples: of O.

    Returns:
        (n or 1, 1, ...), shaped like O behind it.
    """
    axes = len(size)
    arranged = as_samples(planes, axes, pictures=pictures)
    if axes > AXES_OF_A_PICTURE:
        return along(arranged, 2, size[0])
    # Of a common picture, its rows come again with every picture.
    return arranged if len(arranged) in (1, samples) else _again(arranged, samples)


def _again(arranged: Array, samples: int) -> Array:
    import numpy as np

    return np.ascontiguousarray(np.tile(arranged, (samples // len(arranged), 1, 1, 1)))
