"""The markers of a JPEG file: its size, and whether it is whole. Decodes nothing.

libjpeg fills what is missing of a picture with gray, so a missing end marker must be found before it decodes.
Source: ITU-T T.81 (JPEG), Annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from gradcheck_cli.images.header import Header, notes
from gradcheck_cli.images.refusal import UnreadableError, cut_short

# Progressive files have about 10; each scan is a pass over the whole picture.
USUAL_SCANS = 32
MAX_SCAN_PIXELS = 1 << 31
"""Scans times pixels: a progressive JPEG of few bytes can ask for thousands of passes over the picture."""

# A file that says more than that is made to keep a reader busy.
_MAX_SEGMENTS = 100_000
# Every marker but the stuffed 0, and the restarts, which stand inside a scan.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
# ITU-T T.81, table B.1: a scan of compressed data begins, the picture ends.
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# C4, C8 and CC lie among the markers of frames and are tables.
_NOT_FRAMES = (0xC4, 0xC8, 0xCC)


def read_jpeg(data: bytes) -> Header:
    """The first frame header (SOF), after a walk to the end marker.

    Raises:
        UnreadableError: no frame, no end marker, or more scans than any camera or program writes.
    """
    frame: Header | None = None
    scans = 0
    for marker, start in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES and frame is None:
            frame = _read_frame(data, start)
        scans += marker == _START_OF_SCAN
    if frame is None or not scans:
        raise cut_short("JPEG")
    if scans > USUAL_SCANS and scans * frame.width * frame.height > MAX_SCAN_PIXELS:
        raise UnreadableError(
            f"the JPEG has {scans:,} scans, too many to decode", "save it again with an image program"
        )
    return frame


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, start of its parameters) up to the end marker."""
    position = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            raise cut_short("JPEG")
        marker, start = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            return
        yield marker, start
        position = start + int.from_bytes(data[start : start + 2], "big")
    raise UnreadableError(f"the JPEG has more than {_MAX_SEGMENTS:,} segments", "save it again with an image program")


def _read_frame(data: bytes, start: int) -> Header:
    bits, height, width, components = struct.unpack_from(">BHHB", data, start + 2)
    return Header("JPEG", width, height, notes(bits=bits, cmyk=components == 4))
