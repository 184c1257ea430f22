"""What headers say: every format's size and kind, and every refusal before decoding, by exact text."""

import struct

import cv2
import numpy as np
import pytest
from corpus import PHOTOGRAPHS, bomb, many_scans
from picture_files import (
    GRAY,
    animated,
    chunk,
    encoded,
    flat_jpeg,
    jpeg_size_at,
    png,
    png_header,
    ramp,
    tiff,
    with_exif,
    with_size,
)

from gradcheck_cli import images
from gradcheck_cli.images.formats import read_header
from gradcheck_cli.images.refusal import UnreadableError
from gradcheck_cli.model.errors import ImageError

PIXELS = ramp(48, 64)
WIDE = PIXELS.astype(np.uint16) * 257
ALPHA = np.dstack([PIXELS, PIXELS[..., :1]])
AGAIN = "  hint: copy or download the file again"
TO_8_BIT = "  hint: convert it to 8 bits per sample, as PNG or JPEG"
SAVE_AGAIN = "  hint: if an image program opens it, save it again as PNG"
CONVERT = "  hint: convert it to PNG or JPEG"


def message(folder, data):
    """The text of the error for a file of `data`, raised at the latest when its pixels are asked for."""
    path = folder / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError) as caught:
        images.read_pictures([path])[0].planes(3, (8, 8))
    return str(caught.value).replace(str(path), "a.jpg")


def big_tiff(width, height):
    """A BigTIFF directory of 8-bit gray, without pixels."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8)]
    table = b"".join(struct.pack("<HHQQ", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, len(tags)) + table + bytes(8)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(encoded(".jpg", PIXELS), ("JPEG", 64, 48, ()), id="jpeg"),
        pytest.param(encoded(".jpg", PIXELS, cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ("JPEG", 64, 48, ()), id="progressive"),
        pytest.param(with_exif(encoded(".jpg", PIXELS), 6), ("JPEG", 64, 48, ()), id="exif jpeg, as stored"),
        pytest.param(encoded(".png", PIXELS), ("PNG", 64, 48, ()), id="png"),
        pytest.param(encoded(".png", ALPHA), ("PNG", 64, 48, ("alpha channel dropped",)), id="png alpha"),
        pytest.param(
            png(2, 1, 1, 3, [b"\0"], chunk(b"PLTE", b"abcdef"), chunk(b"tRNS", b"\0")),
            ("PNG", 2, 1, ("alpha channel dropped",)),
            id="png palette with transparency",
        ),
        pytest.param(
            encoded(".png", np.dstack([WIDE, WIDE[..., :1]])),
            ("PNG", 64, 48, ("16 bits per sample: the upper 8 are used", "alpha channel dropped")),
            id="png 16 bits with alpha",
        ),
        pytest.param(encoded(".webp", PIXELS), ("WebP", 64, 48, ()), id="webp lossless"),
        pytest.param(encoded(".webp", PIXELS, cv2.IMWRITE_WEBP_QUALITY, 80), ("WebP", 64, 48, ()), id="webp lossy"),
        pytest.param(encoded(".webp", ALPHA), ("WebP", 64, 48, ("alpha channel dropped",)), id="webp alpha"),
        pytest.param(animated(".webp", [PIXELS, PIXELS[::-1]]), ("WebP", 64, 48, ()), id="webp frames"),
        pytest.param(encoded(".gif", PIXELS), ("GIF", 64, 48, ()), id="gif"),
        pytest.param(encoded(".tiff", PIXELS), ("TIFF", 64, 48, ()), id="tiff"),
        pytest.param(encoded(".tiff", ALPHA), ("TIFF", 64, 48, ("alpha channel dropped",)), id="tiff alpha"),
        pytest.param(
            tiff(4, 3, 8, 1, b"", [(262, 3, 5), (277, 3, 4)]),
            ("TIFF", 4, 3, ("CMYK converted to blue, green, red",)),
            id="tiff cmyk",
        ),
        pytest.param(tiff(4, 3, 8, 1, b"", following=8), ("TIFF", 4, 3, ()), id="tiff whose pages go round"),
        pytest.param(big_tiff(70000, 3), ("TIFF", 70000, 3, ()), id="bigtiff"),
        pytest.param(encoded(".bmp", PIXELS), ("BMP", 64, 48, ()), id="bmp"),
        pytest.param(encoded(".bmp", ALPHA), ("BMP", 64, 48, ("alpha channel dropped",)), id="bmp alpha"),
        pytest.param(b"BM" + bytes(12) + struct.pack("<IHH", 12, 7, 5), ("BMP", 7, 5, ()), id="old bmp"),
        pytest.param(encoded(".ppm", PIXELS), ("PNM", 64, 48, ()), id="ppm"),
        pytest.param(b"P4\n# a comment\n9 2\n", ("PNM", 9, 2, ()), id="pbm"),
        pytest.param(encoded(".pam", PIXELS), ("PAM", 64, 48, ()), id="pam"),
        pytest.param(encoded(".jp2", PIXELS), ("JPEG 2000", 64, 48, ()), id="jpeg 2000"),
        pytest.param(encoded(".avif", PIXELS), ("AVIF", 64, 48, ()), id="avif"),
        pytest.param(encoded(".avif", ALPHA), ("AVIF", 64, 48, ("alpha channel dropped",)), id="avif alpha"),
        pytest.param(
            encoded(".avif", WIDE >> 6, cv2.IMWRITE_AVIF_DEPTH, 10),
            ("AVIF", 64, 48, ("more than 8 bits per sample: the upper 8 are used",)),
            id="avif 10 bits",
        ),
        pytest.param(
            with_size(encoded(".avif", PIXELS), 8, "4s", b"mif1"), ("AVIF", 64, 48, ()), id="avif by a compatible brand"
        ),
        pytest.param(encoded(".ras", PIXELS), ("Sun raster", 64, 48, ()), id="sun raster"),
    ],
)
def test_headers(data, expected):
    """Format, size and what will be dropped, without decoding."""
    header = read_header(data)

    assert expected == (header.format, header.width, header.height, header.notes)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"hello world\n", "it is not a picture, it starts with the bytes 68 65 6c 6c 6f 20", id="text"),
        pytest.param(b"hello, world\n", 'it is not a picture, it starts with "hello, world"', id="longer text"),
        pytest.param(b"\x1b[31m", "it is not a picture, it starts with the bytes 1b 5b 33 31 6d", id="escape"),
    ],
)
def test_no_picture(tmp_path, data, reason):
    """The first bytes are shown, never raw."""
    assert message(tmp_path, data) == f"cannot read a.jpg: {reason}.\n  hint: JPEG and PNG are read, for instance"


@pytest.mark.parametrize(
    ("data", "reason", "hint"),
    [
        (b"<!DOCTYPE html>\n<html>", "it is a web page, not a picture", "  hint: download the picture itself"),
        (b"version https://git-lfs.github.com/", "it is a Git LFS pointer, not the picture", "  hint: git lfs pull"),
        (b"<?xml version='1.0'?><svg/>", "it is an SVG drawing, not a photograph", CONVERT),
        (b"%PDF-1.7\n", "it is a PDF, not a picture", CONVERT),
        (b"\xff\x0a\0\0", "it is a JPEG XL, which OpenCV does not read", CONVERT),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "it is a HEIC picture, which OpenCV does not read", CONVERT),
        (tiff(1, 1, 32, 3, bytes(4)), "the TIFF holds floating-point samples, not 0..255", TO_8_BIT),
        (
            tiff(1, 1, 32, 3, struct.pack("<f", float("nan"))),
            "the TIFF holds floating-point samples, not 0..255",
            TO_8_BIT,
        ),
        (tiff(1, 1, 16, 2, bytes(2)), "the TIFF holds signed samples, not 0..255", TO_8_BIT),
        (tiff(1, 1, 12, 1, bytes(2)), "the TIFF has 12 bits per sample; 8 and 16 are read", TO_8_BIT),
        (b"PF\n1 1\n-1\n" + bytes(12), "the PFM file holds floating-point samples, not 0..255", TO_8_BIT),
        (b"#?RADIANCE\n", "the HDR file holds floating-point samples, not 0..255", TO_8_BIT),
        (b"\x76\x2f\x31\x01", "the OpenEXR file holds floating-point samples, not 0..255", TO_8_BIT),
        (b"P5\n1 1\n1023\n\0\0", "its samples go up to 1023; only 255 and 65535 are read", TO_8_BIT),
    ],
)
def test_kinds_that_are_refused(tmp_path, data, reason, hint):
    """Known kinds that cannot be an input say what they are."""
    assert message(tmp_path, data) == f"cannot read a.jpg: {reason}.\n{hint}"


@pytest.mark.parametrize(
    ("data", "size", "most", "hint"),
    [
        pytest.param(png_header(100_000, 100_000), "100000 x 100000 pixels = 10,000", 67, "make it smaller", id="png"),
        pytest.param(
            with_size(encoded(".jpg", PIXELS), jpeg_size_at(encoded(".jpg", PIXELS)), ">HH", 65500, 65500),
            "65500 x 65500 pixels = 4,290",
            67,
            "make it smaller",
            id="jpeg",
        ),
        pytest.param(
            png_header(8192, 8193),
            "8192 x 8193 pixels = 67",
            67,
            "make it smaller, or allow more: OPENCV_IO_MAX_IMAGE_PIXELS=67117056",
            id="one row too many",
        ),
        pytest.param(
            with_size(
                encoded(".jp2", PIXELS), encoded(".jp2", PIXELS).find(b"\xff\x4f\xff\x51") + 8, ">II", 5000, 5000
            ),
            "5000 x 5000 pixels = 25",
            17,
            "make it smaller, or allow more: OPENCV_IO_MAX_IMAGE_PIXELS=100000000",
            id="jpeg 2000 takes four times the memory",
        ),
        pytest.param(
            tiff(2, 2, 8, 1, bytes(4), [(322, 4, 1 << 20), (323, 4, 1 << 20)]),
            "1048576 x 1048576 pixels = 1,099,512",
            67,
            "make it smaller",
            id="tile of a tiff",
        ),
        pytest.param(
            bomb(20_000),
            "20000 x 20000 pixels = 400",
            67,
            "make it smaller, or allow more: OPENCV_IO_MAX_IMAGE_PIXELS=400000000",
            id="bomb",
        ),
    ],
)
def test_too_large(tmp_path, data, size, most, hint):
    """The size in the header is refused before anything is decoded."""
    reason = f"it has {size} megapixels; at most {most} are read"
    assert message(tmp_path, data) == f"cannot read a.jpg: {reason}.\n  hint: {hint}"


def test_no_pixels(tmp_path):
    """A side of 0."""
    assert message(tmp_path, png_header(5, 0)) == f"cannot read a.jpg: the PNG has 5 x 0 pixels.\n{SAVE_AGAIN}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(
            many_scans(encoded(".jpg", PIXELS), 200, 8000), "the JPEG has 200 scans, too many to decode", id="scans"
        ),
        pytest.param(
            b"\xff\xd8" + b"\xff\xfe\0\2" * 100_001 + flat_jpeg(9)[2:],
            "the JPEG has more than 100,000 segments",
            id="segments",
        ),
        pytest.param(
            png(1, 1, 8, GRAY, [b"\0"], *[chunk(b"teXt", b"")] * 100_001),
            "the PNG has more than 100,000 chunks",
            id="chunks",
        ),
    ],
)
def test_files_that_only_cost_time(tmp_path, data, reason):
    """Small files that would keep a decoder busy for long are refused by their structure."""
    assert message(tmp_path, data) == f"cannot read a.jpg: {reason}.\n  hint: save it again with an image program"


@pytest.mark.parametrize("name", ["coffee", "camera-gray"])
def test_a_jpeg_without_its_end_is_refused_at_any_length(name):
    """Not one truncation of a photograph passes the header, so none is ever filled with gray."""
    data = (PHOTOGRAPHS / f"{name}.jpg").read_bytes()
    lengths = [*range(3, 1200), *range(1200, len(data) - 50, 997), *range(len(data) - 50, len(data))]

    refused = 0
    for length in lengths:
        with pytest.raises(UnreadableError, match=r"^the JPEG is cut short or damaged$"):
            read_header(data[:length])
        refused += 1

    assert refused == len(lengths) > 1300


def test_a_png_without_its_end_is_refused_at_any_length():
    """Not one truncation of a small PNG passes the header."""
    data = encoded(".png", ramp())

    refused = 0
    for length in range(8, len(data)):
        with pytest.raises(UnreadableError, match=r"^the PNG is cut short or damaged$"):
            read_header(data[:length])
        refused += 1

    assert refused == len(data) - 8


def test_a_whole_file_passes_where_its_truncations_do_not():
    """The two tests above can fail: the whole files are accepted."""
    data = (PHOTOGRAPHS / "coffee.jpg").read_bytes()

    assert (read_header(data).width, read_header(data).height) == (600, 400)
    assert read_header(encoded(".png", ramp())).format == "PNG"


@pytest.mark.parametrize(
    "extension", [".jpg", ".png", ".webp", ".gif", ".bmp", ".tiff", ".ppm", ".jp2", ".avif", ".ras"]
)
def test_half_a_picture_is_an_error(tmp_path, extension):
    """Half of a file of any format is an error with one sentence and one hint."""
    data = encoded(extension, PIXELS)

    lines = message(tmp_path, data[: len(data) // 2]).splitlines()

    assert len(lines) == 2
    assert lines[0].startswith("cannot read a.jpg: the ")


def test_damaged_pixels(tmp_path):
    """A whole PNG whose pixels do not unpack."""
    data = bytearray(encoded(".png", PIXELS))
    data[data.find(b"IDAT") + 10] ^= 0xFF

    reason = "the PNG is damaged, or of a kind that OpenCV does not read"
    assert message(tmp_path, bytes(data)) == f"cannot read a.jpg: {reason}.\n{SAVE_AGAIN}"


@pytest.mark.parametrize("cut", [3, 10, 40])
def test_cut_headers(tmp_path, cut):
    """A header that ends in the middle of a number."""
    data = encoded(".jpg", PIXELS)[:cut]

    assert message(tmp_path, data) == f"cannot read a.jpg: the JPEG is cut short or damaged.\n{AGAIN}"
