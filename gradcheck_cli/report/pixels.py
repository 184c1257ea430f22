"""Planes of numbers as small PNG files inside a page: one colour per entry, zero white. No plotting library."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from gradcheck_cli.model import Array

LONGEST = 64
"""Pixels along the longer side; larger planes are pooled."""

_BLUE, _WHITE, _RED = (33, 102, 172), (247, 247, 247), (178, 24, 43)
_NOT_A_NUMBER = (255, 200, 0)


def heatmap(plane: Array, scale: float) -> str:
    """A data URI of `plane`, (kh, kw): blue at -scale and below, white at 0, red at scale and above, amber for NaN.

    A plane longer than `LONGEST` shows, for each block, the entry that is furthest from zero: none is hidden.
    """
    return "data:image/png;base64," + base64.b64encode(png(colours(pool(plane), scale))).decode("ascii")


def pool(plane: Array) -> Array:
    """`plane` with at most `LONGEST` rows and columns; a block gives its entry furthest from zero, NaN before all."""
    step = -(-max(plane.shape) // LONGEST)
    if step == 1:
        return plane
    rows, columns = (-(-length // step) for length in plane.shape)
    padded = np.zeros((rows * step, columns * step))
    padded[: plane.shape[0], : plane.shape[1]] = plane
    blocks = padded.reshape(rows, step, columns, step).swapaxes(1, 2).reshape(rows, columns, step * step)
    furthest = np.abs(blocks).argmax(axis=2)
    pooled: Array = np.take_along_axis(blocks, furthest[..., None], axis=2)[..., 0]
    return pooled


def colours(plane: Array, scale: float) -> Array:
    """The colour of every entry, (kh, kw, 3) uint8. A `scale` of 0 paints everything but 0 in full colour."""
    values = np.asarray(plane, dtype=np.float64)
    missing = np.isnan(values)
    whole = np.where(missing, 0.0, values)
    share = np.clip(whole / scale, -1, 1) if scale > 0 else np.sign(whole)
    ends = np.where((share < 0)[..., None], _BLUE, _RED)
    mixed = _WHITE + np.abs(share)[..., None] * (ends - np.array(_WHITE))
    mixed[missing] = _NOT_A_NUMBER
    pixels: Array = mixed.round().astype(np.uint8)
    return pixels


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
