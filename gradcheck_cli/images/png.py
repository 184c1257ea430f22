"""The chunks of a PNG file: its size, its kind, and whether it is whole. Decodes nothing.

Source: W3C, Portable Network Graphics (PNG) Specification, third edition, sections 5 and 11.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from gradcheck_cli.images.header import Header, notes
from gradcheck_cli.images.refusal import UnreadableError, cut_short

# A file that says more than that is made to keep a reader busy.
_MAX_CHUNKS = 100_000


def read_png(data: bytes) -> Header:
    """IHDR, with what the other chunks add (transparency, frames), after a walk to IEND."""
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    alpha, frames = colour in (4, 6), 1
    for kind, start in _chunks(data):
        alpha = alpha or kind == b"tRNS"
        if kind == b"acTL":
            frames = int.from_bytes(data[start : start + 4], "big")
    return Header("PNG", width, height, notes(bits=bits, alpha=alpha), frames=max(frames, 1))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(type, start of its content) up to IEND."""
    position = 8
    for _ in range(_MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if position > len(data):
            raise cut_short("PNG")
        if kind == b"IEND":
            return
        yield kind, position - length - 4
    raise UnreadableError(f"the PNG has more than {_MAX_CHUNKS:,} chunks", "save it again with an image program")
