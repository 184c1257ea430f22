"""PNG files without a plotting library, and the pooling of large planes."""

import struct
import zlib
from base64 import b64decode

import cv2
import numpy as np
import pytest

from gradcheck_cli.report import pixels


def test_png_is_read_by_others():
    """OpenCV reads back exactly the pixels that were written; the chunks' checksums hold."""
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    data = b64decode(pixels.data_uri(image).partition(",")[2])

    assert (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1] == image).all()
    assert struct.unpack(">I", data[29:33])[0] == zlib.crc32(data[12:29])


@pytest.mark.parametrize("shape", [(64, 64), (65, 3), (200, 130), (1, 1000)])
def test_pooling_hides_nothing(shape):
    """One wrong entry anywhere stays the furthest from zero after pooling, with its sign; so does a NaN."""
    for value in (-7.0, np.nan):
        plane = np.ones(shape)
        plane[-1, -1] = value
        pooled = pixels.pool(plane)

        assert max(pooled.shape) <= pixels.LONGEST
        assert np.array_equal(pooled[-1, -1], value, equal_nan=True)
        assert (pooled == 1).sum() == pooled.size - 1
