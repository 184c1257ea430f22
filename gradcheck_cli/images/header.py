"""What the first bytes of a picture say before anything is decoded: format, size, and what will be dropped.

The formats with many parts have files of their own (`jpeg`, `png`, `animated`, `tiff`); nothing here decodes pixels.
Only formats that are recognised here ever reach OpenCV.
Source: the formats' own specifications, named in each reader.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from gradcheck_cli.images.refusal import UnreadableError, cut_short

ALPHA = "alpha channel dropped"
CMYK = "CMYK converted to blue, green, red"
TO_8_BIT = "convert it to 8 bits per sample, as PNG or JPEG"


@dataclass(frozen=True)
class Header:
    """What a header promises.

    `width`, `height` in pixels, as stored (before a rotation by EXIF). `notes`: what is dropped on the way to 8 bits
    and 3 colours. `cost`: how much more memory a pixel takes to decode than in JPEG or PNG. `frames`: of an animation,
    or pages.
    """

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()
    cost: int = 1
    frames: int = 1


def notes(*, bits: int = 8, alpha: bool = False, cmyk: bool = False) -> tuple[str, ...]:
    """The notes that every format shares, in one wording."""
    said = {
        f"{bits} bits per sample: the upper 8 are used": bits > 8,
        ALPHA: alpha,
        CMYK: cmyk,
    }
    return tuple(note for note, holds in said.items() if holds)


def refuse_floats(kind: str) -> UnreadableError:
    """Floating-point samples have no fixed range, so 0..255 means nothing for them."""
    return UnreadableError(f"the {kind} holds floating-point samples, not 0..255", TO_8_BIT)


def read_bmp(data: bytes) -> Header:
    """Windows bitmap (BITMAPCOREHEADER and BITMAPINFOHEADER)."""
    if int.from_bytes(data[14:18], "little") == 12:
        width, height = struct.unpack_from("<HH", data, 18)
        return Header("BMP", width, height)
    length, width, height, _, bits = struct.unpack_from("<IiiHH", data, 14)
    alpha = bits == 32 and length >= 56 and data[66:70] != bytes(4)
    return Header("BMP", abs(width), abs(height), notes(alpha=alpha))


_TOKENS = re.compile(rb"(?:(?:\s|#[^\n]*\n)+(\d{1,10}))" * 2 + rb"(?:(?:\s|#[^\n]*\n)+(\d{1,10}))?")


def read_pnm(data: bytes) -> Header:
    """Netpbm P1 to P6; samples up to 255 or up to 65535."""
    found = _TOKENS.match(data[:4096], 2)
    if found is None:
        raise cut_short("PNM")
    width, height, largest = (int(number or 0) for number in found.groups())
    bitmap = data[1:2] in b"14"
    return Header("PNM", width, height, () if bitmap else notes(bits=_bits(largest)))


def read_pam(data: bytes) -> Header:
    """Netpbm P7."""
    head = data[:4096].partition(b"ENDHDR")[0]
    fields = dict(re.findall(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)[ \t]+(\d{1,10})", head, re.MULTILINE))
    if len(fields) < 4:
        raise cut_short("PAM")
    width, height, depth, largest = (int(fields[key]) for key in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    return Header("PAM", width, height, notes(bits=_bits(largest), alpha=depth in (2, 4)))


def _bits(largest: int) -> int:
    """OpenCV scales by the bits of the sample, so any other largest value would come out too dark."""
    if largest not in (255, 65535):
        raise UnreadableError(f"its samples go up to {largest}; only 255 and 65535 are read", TO_8_BIT)
    return 8 if largest == 255 else 16


def read_sun_raster(data: bytes) -> Header:
    """Sun raster file: magic, width, height, depth."""
    width, height = struct.unpack_from(">II", data, 4)
    return Header("Sun raster", width, height)


def read_jpeg2000(data: bytes) -> Header:
    """JPEG 2000, ISO/IEC 15444-1 A.5.1: the SIZ segment of the (first) code stream."""
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0:
        raise cut_short("JPEG 2000")
    right, bottom, left, top = struct.unpack_from(">4I", data, start + 8)
    components, precision = struct.unpack_from(">HB", data, start + 40)
    said = notes(bits=(precision & 0x7F) + 1, alpha=components in (2, 4))
    return Header("JPEG 2000", max(0, right - left), max(0, bottom - top), said, cost=4)


def read_avif(data: bytes) -> Header:
    """AVIF: the largest `ispe` box (ISO/IEC 23008-12, 6.5.3) of the metadata."""
    head = data[: 1 << 16]
    sizes = [struct.unpack_from(">II", head, found.end() + 4) for found in re.finditer(b"ispe", head[:-12])]
    if not sizes:
        raise cut_short("AVIF")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    deep = ("more than 8 bits per sample: the upper 8 are used",) if _av1_is_deep(head) else ()
    moving = ("first frame of an animation used",) if data[8:12] == b"avis" else ()
    said = (*deep, *notes(alpha=b"auxid:1" in head or b"auxiliary:alpha" in head), *moving)
    return Header("AVIF", width, height, said, cost=4)


def _av1_is_deep(head: bytes) -> bool:
    """Bit `high_bitdepth` of the `av1C` box."""
    found = head.find(b"av1C")
    return 0 <= found < len(head) - 6 and bool(head[found + 6] & 0x40)
