"""GIF and WebP: the size of the picture and the number of frames. Decodes nothing.

Source: CompuServe, Graphics Interchange Format 89a; RFC 9649 (WebP), sections 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gradcheck_cli.images.header import Header, notes
from gradcheck_cli.images.refusal import cut_short

# Of a GIF; a file that says more than that is made to keep a reader busy.
_MAX_BLOCKS = 1_000_000


def read_gif(data: bytes) -> Header:
    """The logical screen; frames are counted up to the end or the first block that makes no sense."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    frames = sum(kind == 0x2C for kind in _gif_blocks(data, 13 + _colours(flags)))
    return Header("GIF", width, height, frames=max(frames, 1))


def _colours(flags: int) -> int:
    """Bytes of the colour table that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks(data: bytes, position: int) -> Iterator[int]:
    blocks = 0
    while position < len(data) and data[position] in (0x21, 0x2C):
        kind = data[position]
        yield kind
        if kind == 0x2C and position + 9 < len(data):
            position += 9 + _colours(data[position + 9])
        position += 2
        while position < len(data) and data[position] and blocks < _MAX_BLOCKS:
            position += 1 + data[position]
            blocks += 1
        position += 1


def read_webp(data: bytes) -> Header:
    """The canvas (VP8X) or the only frame (VP8, VP8L)."""
    if len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise cut_short("WebP")
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        alpha, frames = bool(data[20] & 0x10), sum(chunk == b"ANMF" for chunk in _webp_chunks(data))
        return Header("WebP", width, height, notes(alpha=alpha), frames=max(frames, 1))
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return Header("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), notes(alpha=bool(bits >> 28 & 1)))
    width, height = struct.unpack_from("<HH", data, 26)
    return Header("WebP", width & 0x3FFF, height & 0x3FFF)


def _webp_chunks(data: bytes) -> Iterator[bytes]:
    position = 12
    for _ in range(_MAX_BLOCKS):
        if position + 8 > len(data):
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        yield kind
        position += 8 + length + length % 2
