"""Small picture files for tests, made by hand or by OpenCV's encoders."""

from __future__ import annotations

import itertools
import struct
import zlib

import cv2
import numpy as np

GRAY, COLOUR, PALETTE, GRAY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6


def encoded(extension, pixels, *parameters):
    """`pixels` in the format of `extension`, by OpenCV."""
    done, data = cv2.imencode(extension, pixels, list(parameters))
    assert done
    return data.tobytes()


def animated(extension, frames):
    """`frames` (uint8 BGR, one size) as an animation, by OpenCV."""
    animation = cv2.Animation()
    animation.frames = list(frames)
    animation.durations = [100] * len(animation.frames)
    done, data = cv2.imencodeanimation(extension, animation)
    assert done
    return data.tobytes()


def ramp(height=12, width=16, step=3):
    """A BGR picture in which every pixel and channel differs from its neighbours."""
    count = height * width * 3
    return (np.arange(count) * step % 251).astype(np.uint8).reshape(height, width, 3)


def chunk(kind, content):
    """One PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, bits, colour, rows, *chunks):
    """A PNG file; `rows` are the bytes of each row without the filter byte."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    image = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + image + chunk(b"IEND", b"")


def png_header(width, height):
    """A PNG that promises a size and holds one pixel."""
    return png(width, height, 8, COLOUR, [b"\1\2\3"])


def with_size(data, position, code, *numbers):
    """`data` with the numbers at `position` replaced: a header that lies."""
    lie = struct.pack(code, *numbers)
    return data[:position] + lie + data[position + len(lie) :]


def jpeg_size_at(data):
    """Where a JPEG of OpenCV's encoder keeps its height and width."""
    return max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + 5


def exif(orientation):
    """An EXIF block that only holds an orientation (1 to 8)."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def with_exif(jpeg, orientation):
    """A JPEG with an orientation."""
    content = b"Exif\0\0" + exif(orientation)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def tiff(width, height, bits, sample_format, pixels, tags=(), following=0):
    """A TIFF of one uncompressed strip; `tags` are further (tag, type, value)."""
    entries = {256: (4, width), 257: (4, height), 258: (3, bits), 259: (3, 1), 262: (3, 1), 277: (3, 1)}
    entries |= {278: (4, height), 279: (4, len(pixels)), 339: (3, sample_format)}
    entries |= {tag: (kind, value) for tag, kind, value in tags}
    entries[273] = (4, 8 + 2 + 12 * (len(entries) + 1) + 4)
    table = b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, (kind, value) in sorted(entries.items())
    )
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + struct.pack("<I", following) + pixels


def flat_jpeg(*samples, size=8):
    """A baseline JPEG of 1, 3 or 4 components, each constant, `size` x `size` with at most 8; written bit by bit.

    All quantisers are 1, so a component of value v is one DC coefficient, 8 * (v - 128).
    """
    count = len(samples)
    parts = [(index + 1, 0x11, 0) for index in range(count)]
    frame = struct.pack(">BHHB", 8, size, size, count) + b"".join(bytes(part) for part in parts)
    scan = bytes([count]) + b"".join(bytes([index + 1, 0]) for index in range(count)) + b"\0\x3f\0"
    # One code of 4 bits for each DC category 0..11; one AC code, of 1 bit, for the end of a block.
    dc = b"\0" + bytes([0, 0, 0, 12]) + bytes(12) + bytes(range(12))
    ac = b"\x10" + bytes([1]) + bytes(15) + b"\0"
    bits = "".join(_block_bits(8 * (sample - 128)) for sample in samples)
    bits += "1" * (-len(bits) % 8)
    entropy = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    segments = ((0xDB, b"\0" + b"\1" * 64), (0xC0, frame), (0xC4, dc), (0xC4, ac), (0xDA, scan))
    body = b"".join(b"\xff" + bytes([mark]) + struct.pack(">H", len(part) + 2) + part for mark, part in segments)
    return b"\xff\xd8" + body + entropy + b"\xff\xd9"


def _block_bits(difference):
    category = abs(difference).bit_length()
    value = difference if difference > 0 else difference + (1 << category) - 1
    return f"{category:04b}" + (f"{value:0{category}b}" if category else "") + "0"


def steps(length, count):
    """`count` lengths from 1 to `length` - 1, both ends among them."""
    positions = (1 + round(index * (length - 2) / max(1, count - 1)) for index in range(count))
    return [position for position, _ in itertools.groupby(positions)]
