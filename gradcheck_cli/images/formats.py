"""The one table of picture formats: how each is recognised, and who reads its header or why it is refused."""

from __future__ import annotations

import struct
from collections.abc import Callable

from gradcheck_cli.images.animated import read_gif, read_webp
from gradcheck_cli.images.header import (
    Header,
    read_avif,
    read_bmp,
    read_jpeg2000,
    read_pam,
    read_pnm,
    read_sun_raster,
    refuse_floats,
)
from gradcheck_cli.images.jpeg import read_jpeg
from gradcheck_cli.images.png import read_png
from gradcheck_cli.images.refusal import UnreadableError, cut_short
from gradcheck_cli.images.tiff import read_tiff

_Test = Callable[[bytes], bool]


def _starts(*beginnings: bytes) -> _Test:
    return lambda data: data.startswith(beginnings)


def _is_brand(*brands: bytes) -> _Test:
    """Major or compatible brand of an ISO base media file (ISO/IEC 14496-12, 4.3)."""

    def is_this(data: bytes) -> bool:
        box = data[: min(int.from_bytes(data[:4], "big"), 64)]
        return box[4:8] == b"ftyp" and any(box[at : at + 4] in brands for at in range(8, len(box), 4))

    return is_this


def _is_netpbm(kinds: bytes) -> _Test:
    return lambda data: data[:1] == b"P" and data[1:2] in kinds and data[2:3] in (b" ", b"\t", b"\r", b"\n", b"#")


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _is_page(data: bytes) -> bool:
    return data[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _is_svg(data: bytes) -> bool:
    return data[:200].lstrip().startswith((b"<svg", b"<?xml"))


# What is read: name, how its bytes begin, and how its header is read.
_READ: tuple[tuple[str, _Test, Callable[[bytes], Header]], ...] = (
    ("JPEG", _starts(b"\xff\xd8\xff"), read_jpeg),
    ("PNG", _starts(b"\x89PNG\r\n\x1a\n"), read_png),
    ("WebP", _is_webp, read_webp),
    ("GIF", _starts(b"GIF87a", b"GIF89a"), read_gif),
    ("TIFF", _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), read_tiff),
    ("BMP", _starts(b"BM"), read_bmp),
    ("PNM", _is_netpbm(b"123456"), read_pnm),
    ("PAM", _is_netpbm(b"7"), read_pam),
    ("AVIF", _is_brand(b"avif", b"avis"), read_avif),
    ("JPEG 2000", _starts(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"), read_jpeg2000),
    ("Sun raster", _starts(b"\x59\xa6\x6a\x95"), read_sun_raster),
)

_CONVERT = "convert it to PNG or JPEG"
# What is known and not read, each with what to do.
_REFUSED: tuple[tuple[_Test, UnreadableError], ...] = (
    (_starts(b"#?RADIANCE", b"#?RGBE"), refuse_floats("HDR file")),
    (_starts(b"PF\n", b"Pf\n"), refuse_floats("PFM file")),
    (_starts(b"\x76\x2f\x31\x01"), refuse_floats("OpenEXR file")),
    (_starts(b"version https://git-lfs"), UnreadableError("it is a Git LFS pointer, not the picture", "git lfs pull")),
    (_is_page, UnreadableError("it is a web page, not a picture", "download the picture itself")),
    (_is_svg, UnreadableError("it is an SVG drawing, not a photograph", _CONVERT)),
    (_starts(b"%PDF"), UnreadableError("it is a PDF, not a picture", _CONVERT)),
    (_starts(b"\xff\x0a", b"\0\0\0\x0cJXL "), UnreadableError("it is a JPEG XL, which OpenCV does not read", _CONVERT)),
    (
        _is_brand(b"heic", b"heix", b"hevc", b"mif1", b"msf1"),
        UnreadableError("it is a HEIC picture, which OpenCV does not read", _CONVERT),
    ),
)


def read_header(data: bytes) -> Header:
    """The header of any known format.

    Raises:
        UnreadableError: not a picture, a kind that is not read, or a header that ends too early.
    """
    for name, is_this, read in _READ:
        if is_this(data):
            try:
                return read(data)
            except (struct.error, IndexError):
                raise cut_short(name) from None
    for is_that, refusal in _REFUSED:
        if is_that(data):
            raise UnreadableError(refusal.reason, refusal.hint)
    raise UnreadableError(
        f"it is not a picture, it starts with {_beginning(data)}", "JPEG and PNG are read, for instance"
    )


def _beginning(data: bytes) -> str:
    """The first bytes as text where they are text, else in hexadecimal."""
    head = data[:12]
    if all(32 <= byte < 127 for byte in head):
        return f'"{head.decode("ascii")}"'
    return f"the bytes {head[:6].hex(' ')}"
