"""Hundreds of bad, odd and lying picture files, made from the sample photographs.

Run as a script it writes them to a folder: python tests/corpus.py FOLDER [STEPS]
"""

from __future__ import annotations

import random
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from picture_files import (
    COLOUR,
    COLOUR_ALPHA,
    GRAY,
    GRAY_ALPHA,
    PALETTE,
    animated,
    chunk,
    encoded,
    flat_jpeg,
    jpeg_size_at,
    png,
    png_header,
    ramp,
    steps,
    tiff,
    with_exif,
    with_size,
)

PHOTOGRAPHS = Path(__file__).resolve().parent.parent / "images"
SEED = 5


@dataclass(frozen=True)
class PictureFile:
    """`outcome`: what reading it must end in; "either" where damage may or may not be seen."""

    name: str
    data: bytes
    outcome: Literal["works", "error", "either"]


def corpus(cuts=40, flips=20):
    """All files, those of one family together.

    `cuts` truncations per photograph and format, `flips` files with damaged bytes per format.
    """
    photographs = {path.stem: path.read_bytes() for path in sorted(PHOTOGRAPHS.glob("*.jpg"))}
    formats = _formats(cv2.resize(cv2.imdecode(np.frombuffer(photographs["chelsea"], np.uint8), 1), (96, 64)))
    yield from _kinds()
    yield from _lies(formats)
    yield from _not_pictures()
    yield from _wrong_extensions(formats)
    for name, data in (photographs | formats).items():
        yield from _truncated(name, data, cuts)
    for name, data in formats.items():
        yield from _flipped(name, data, flips)
        yield from _random_after(name, data, flips // 4)


def write(folder, files):
    """Writes `files` into `folder`; returns their paths."""
    paths = []
    for file in files:
        paths.append(folder / file.name)
        paths[-1].write_bytes(file.data)
    return paths


def _formats(pixels):
    """One good file of each format."""
    wide = pixels.astype(np.uint16) * 257
    return {
        "jpeg": encoded(".jpg", pixels),
        "progressive": encoded(".jpg", pixels, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "restarts": encoded(".jpg", pixels, cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
        "png": encoded(".png", pixels),
        "png16": encoded(".png", wide),
        "webp": encoded(".webp", pixels, cv2.IMWRITE_WEBP_QUALITY, 80),
        "webp-lossless": encoded(".webp", pixels),
        "gif": encoded(".gif", pixels),
        "bmp": encoded(".bmp", pixels),
        "tiff": encoded(".tiff", pixels),
        "tiff16": encoded(".tiff", wide),
        "ppm": encoded(".ppm", pixels),
        "pgm": encoded(".pgm", pixels[..., 0]),
        "pam": encoded(".pam", pixels),
        "jp2": encoded(".jp2", pixels),
        "avif": encoded(".avif", pixels),
        "sun": encoded(".ras", pixels),
    }


def _kinds():
    """Every kind that must work, and the floating-point ones that cannot."""
    frames = [ramp(step=step) for step in (3, 5, 7)]
    palette = chunk(b"PLTE", bytes(range(12)))
    good = {
        "gray.jpg": flat_jpeg(90),
        "cmyk.jpg": flat_jpeg(100, 150, 200, 255),
        "one-bit.png": png(8, 2, 1, GRAY, [b"\x55", b"\xaa"]),
        "gray-alpha.png": png(2, 1, 8, GRAY_ALPHA, [bytes((9, 255, 8, 0))]),
        "colour-alpha.png": png(1, 1, 8, COLOUR_ALPHA, [bytes((1, 2, 3, 4))]),
        "palette.png": png(4, 1, 8, PALETTE, [bytes(range(4))], palette),
        "palette-transparent.png": png(4, 1, 8, PALETTE, [bytes(range(4))], palette, chunk(b"tRNS", b"\0\x80")),
        "deep.png": png(1, 1, 16, COLOUR, [struct.pack(">3H", 256, 512, 65535)]),
        "one-pixel.png": png(1, 1, 8, COLOUR, [b"\1\2\3"]),
        "line.png": png(5000, 1, 8, GRAY, [bytes(5000)]),
        "animated.gif": animated(".gif", frames),
        "animated.webp": animated(".webp", frames),
        "animated.png": animated(".png", frames),
        "animated.avif": animated(".avif", frames),
        "gray.tiff": tiff(2, 2, 8, 1, bytes(4)),
        "trailing.jpg": encoded(".jpg", ramp()) + b"and more" * 50,
        **{f"exif-{turn}.jpg": with_exif(encoded(".jpg", ramp()), turn) for turn in range(1, 9)},
    }
    yield from (PictureFile(f"kind-{name}", data, "works") for name, data in good.items())
    floats = {
        "float.tiff": tiff(2, 1, 32, 3, struct.pack("<2f", 1, 2)),
        "nan.tiff": tiff(2, 1, 32, 3, struct.pack("<2f", float("nan"), 2)),
        "signed.tiff": tiff(2, 1, 16, 2, struct.pack("<2h", -1, 2)),
        "float.pfm": encoded(".pfm", ramp().astype(np.float32)),
        "float.hdr": encoded(".hdr", ramp().astype(np.float32)),
        "ten-bit.pgm": b"P5\n2 1\n1023\n" + bytes(4),
    }
    yield from (PictureFile(f"kind-{name}", data, "error") for name, data in floats.items())


def _lies(formats):
    """Headers that promise what the file does not hold: sizes from 0 to the largest that the format can write."""
    jpeg, tile = formats["jpeg"], [(322, 4, 1 << 20), (323, 4, 1 << 20)]
    at = jpeg_size_at(jpeg)
    siz = formats["jp2"].find(b"\xff\x4f\xff\x51") + 8
    ispe = formats["avif"].find(b"ispe") + 8
    for side in (0, 1 << 13, 20_000, 100_000, (1 << 31) - 1, (1 << 32) - 1):
        short = side & 0xFFFF
        yield PictureFile(f"lie-{side}.png", png_header(side, side), "error")
        yield PictureFile(f"lie-{side}.bmp", with_size(formats["bmp"], 18, "<II", side, side), "error")
        yield PictureFile(f"lie-{side}.tiff", tiff(side, side, 8, 1, bytes(4)), "error")
        yield PictureFile(f"lie-{side}.ppm", b"P6\n%d %d\n255\n" % (side, side) + bytes(12), "error")
        yield PictureFile(f"lie-{side}.ras", with_size(formats["sun"], 4, ">II", side, side), "error")
        yield PictureFile(f"lie-{side}.jp2", with_size(formats["jp2"], siz, ">II", side, side), "error")
        yield PictureFile(f"lie-{side}.avif", with_size(formats["avif"], ispe, ">II", side, side), "either")
        yield PictureFile(f"lie-{side}.jpg", with_size(jpeg, at, ">HH", short, short), "error")
        yield PictureFile(f"lie-{side}.gif", with_size(formats["gif"], 6, "<HH", short, short), "either")
        yield PictureFile(f"lie-{side}.webp", with_size(formats["webp"], 26, "<HH", short, short), "either")
    yield PictureFile("lie-strip.tiff", tiff(2, 2, 8, 1, bytes(4), [(278, 4, (1 << 32) - 1)]), "either")
    yield PictureFile("lie-tile.tiff", tiff(2, 2, 8, 1, bytes(4), tile), "error")
    yield PictureFile("lie-loop.tiff", tiff(2, 2, 8, 1, bytes(4), following=8), "either")
    yield PictureFile("lie-chunks.png", png_header(1, 1)[:33] + chunk(b"teXt", b"") * 100_001, "error")
    yield PictureFile("lie-scans.jpg", many_scans(jpeg, 200, 8000), "error")
    yield PictureFile("lie-blocks.gif", formats["gif"][:-1] + b"!\xfe" + b"\1a" * 500_000 + b"\0;", "either")
    yield PictureFile("bomb.png", bomb(20_000), "error")


def bomb(side):
    """A valid PNG of `side` x `side` black pixels: 20,000 are 60 KB here and 1.2 GB decoded."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, GRAY, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def many_scans(jpeg, scans, side):
    """A JPEG that asks for `scans` passes over `side` x `side` pixels."""
    start = jpeg.find(b"\xff\xda")
    return with_size(jpeg[:start] + jpeg[start:-2] * scans + jpeg[-2:], jpeg_size_at(jpeg), ">HH", side, side)


def _not_pictures():
    """Files of another kind under a picture's name."""
    texts = {
        "text": b"hello world, this is text\n",
        "newline": b"\n",
        "zeros": bytes(1000),
        "html": b"<!DOCTYPE html><html><body>404</body></html>",
        "lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "xml": b"<?xml version='1.0'?><svg/>",
        "pdf": b"%PDF-1.7\n",
        "jxl": b"\xff\x0a\x00\x00",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "zip": b"PK\3\4" + bytes(30),
        "exe": b"\x7fELF" + bytes(60),
        "exr": b"\x76\x2f\x31\x01" + bytes(60),
        "empty": b"",
        "escape": b"\x1b[2J\x1b[31mred\x07",
        "npy": b"\x93NUMPY" + bytes(30),
    }
    for name, data in texts.items():
        for extension in ("jpg", "png", "txt"):
            yield PictureFile(f"not-{name}.{extension}", data, "error")


def _wrong_extensions(formats):
    for name, data in formats.items():
        for extension in ("jpg", "png", "gif", "txt", "tiff"):
            yield PictureFile(f"named-{name}.{extension}", data, "works")


def _truncated(name, data, cuts):
    for length in [*steps(len(data), cuts), len(data) - 2]:
        yield PictureFile(f"cut-{name}-{length}.bin", data[:length], "error")


def _flipped(name, data, count):
    """One to forty damaged bytes, half of the files in the first 200 bytes, where the header is."""
    dice = random.Random(f"{SEED} {name}")
    for index in range(count):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 40)):
            damaged[dice.randrange(min(200, len(data)) if index % 2 else len(data))] = dice.randrange(256)
        yield PictureFile(f"flip-{name}-{index}.bin", bytes(damaged), "either")


def _random_after(name, data, count):
    """A right beginning, then noise."""
    dice = random.Random(f"{SEED} noise {name}")
    for index in range(count):
        noise = dice.randbytes(dice.randint(20, 3000))
        yield PictureFile(f"noise-{name}-{index}.bin", data[: 4 << index % 5] + noise, "either")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    written = write(target, corpus(number, number // 2))
    sys.stdout.write(f"{len(written)} files in {target}\n")
