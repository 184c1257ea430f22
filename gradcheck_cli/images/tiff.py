"""TIFF and BigTIFF: size, kind of sample and number of pages of the directories. Decodes nothing.

Source: Adobe, TIFF Revision 6.0, sections 2 and 8; the BigTIFF design of the libtiff project.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_cli.images.header import TO_8_BIT, Header, notes, refuse_floats
from gradcheck_cli.images.refusal import UnreadableError, cut_short

# Counted to say that there are others; a chain of pages may also be a circle.
_MAX_PAGES = 1000
# Of one page. Files have some dozens; a count beyond this is damage.
_MAX_ENTRIES = 4096
# Tags of TIFF 6.0.
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC = 256, 257, 258, 262
_SAMPLES, _TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT = 277, 322, 323, 339
# The value of the photometric tag for inks.
_CMYK = 5
# Types of TIFF that hold sizes: byte, short, long, and long of 8 bytes.
_FORMATS = {1: "B", 3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class _Layout:
    """Byte order, and the struct codes that differ between TIFF and BigTIFF."""

    order: str
    count: str
    offset: str

    def number(self, code: str, data: bytes, position: int) -> int:
        value: int = struct.unpack_from(self.order + code, data, position)[0]
        return value


def read_tiff(data: bytes) -> Header:
    """The first page; its largest buffer is a tile where a tile is larger than the page."""
    layout, start = _layout(data)
    tags = _directory(data, layout, start)
    if _WIDTH not in tags or _HEIGHT not in tags:
        raise cut_short("TIFF")
    _refuse_samples(tags)
    width = max(tags[_WIDTH], tags.get(_TILE_WIDTH, 0))
    height = max(tags[_HEIGHT], tags.get(_TILE_HEIGHT, 0))
    said = notes(
        bits=tags.get(_BITS, 1),
        alpha=tags.get(_PHOTOMETRIC) != _CMYK and tags.get(_SAMPLES, 1) in (2, 4),
        cmyk=tags.get(_PHOTOMETRIC) == _CMYK,
    )
    return Header("TIFF", width, height, said, frames=_pages(data, layout, start))


def _layout(data: bytes) -> tuple[_Layout, int]:
    order = "<" if data[:2] == b"II" else ">"
    if 43 in data[2:4]:
        layout = _Layout(order, "Q", "Q")
        return layout, layout.number("Q", data, 8)
    layout = _Layout(order, "H", "I")
    return layout, layout.number("I", data, 4)


def _directory(data: bytes, layout: _Layout, start: int) -> Mapping[int, int]:
    """tag -> its first value"""
    entries, first, size = _table(data, layout, start)
    return dict(_entry(data, layout, first + index * size) for index in range(entries))


def _table(data: bytes, layout: _Layout, start: int) -> tuple[int, int, int]:
    """(number of entries, where they start, bytes of one entry)"""
    entries = layout.number(layout.count, data, start)
    if entries > _MAX_ENTRIES:
        raise cut_short("TIFF")
    return entries, start + struct.calcsize("<" + layout.count), 4 + 2 * struct.calcsize("<" + layout.offset)


def _entry(data: bytes, layout: _Layout, position: int) -> tuple[int, int]:
    tag, kind = struct.unpack_from(layout.order + "HH", data, position)
    number = layout.number(layout.offset, data, position + 4)
    room = struct.calcsize("<" + layout.offset)
    value, code = position + 4 + room, _FORMATS.get(kind)
    if code is None:
        return tag, 0
    if number * struct.calcsize("<" + code) > room:
        value = layout.number(layout.offset, data, value)
    return tag, layout.number(code, data, value)


def _refuse_samples(tags: Mapping[int, int]) -> None:
    bits, kind = tags.get(_BITS, 1), tags.get(_SAMPLE_FORMAT, 1)
    if kind == 3:
        raise refuse_floats("TIFF")
    if kind == 2:
        raise UnreadableError("the TIFF holds signed samples, not 0..255", TO_8_BIT)
    if bits not in (1, 2, 4, 8, 16):
        raise UnreadableError(f"the TIFF has {bits} bits per sample; 8 and 16 are read", TO_8_BIT)


def _pages(data: bytes, layout: _Layout, start: int) -> int:
    """Directories of the chain; a chain that bites its tail or leaves the file ends there."""
    seen: set[int] = set()
    while start and start not in seen and len(seen) < _MAX_PAGES:
        try:
            entries, first, size = _table(data, layout, start)
            following = layout.number(layout.offset, data, first + entries * size)
        except (struct.error, UnreadableError):
            break
        seen.add(start)
        start = following
    return len(seen)
