"""Planes of numbers as small PNG files inside a page. No plotting library."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from gradcheck_cli.model import Array

LONGEST = 64
"""Pixels along the longer side of a plane in a page; larger planes are pooled."""


def data_uri(pixels: Array) -> str:
    """A picture, (h, w, 3) uint8, as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")


def pool(plane: Array, longest: int = LONGEST) -> Array:
    """`plane` with at most `longest` rows and columns; a block gives its entry furthest from zero, NaN before all."""
    step = -(-max(plane.shape) // longest)
    if step == 1:
        return plane
    rows, columns = (-(-length // step) for length in plane.shape)
    padded = np.zeros((rows * step, columns * step))
    padded[: plane.shape[0], : plane.shape[1]] = plane
    blocks = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, step * step)
    furthest = np.abs(blocks).argmax(axis=2)
    pooled: Array = np.take_along_axis(blocks, furthest[..., None], axis=2)[..., 0]
    return pooled


def png(pixels: Array) -> bytes:
    """A PNG file of `pixels`, (h, w, 3) uint8.

    Source: W3C, Portable Network Graphics (PNG) Specification, sections 5 (chunks) and 11.2.1 to 11.2.5.
    """
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
