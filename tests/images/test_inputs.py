"""Pictures as arrays: equal to the forum script bit for bit, batches, references, kinds, channels."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from corpus import PHOTOGRAPHS, PictureFile, write
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
    png,
    ramp,
    tiff,
    with_exif,
)

from gradcheck_cli import images
from gradcheck_cli.model.errors import GeometryError, ImageError, UsageError
from gradcheck_cli.model.limits import check_picture_channels

NAMES = ("astronaut", "camera-gray", "chelsea", "coffee", "rocket")


def photograph(name):
    """The path of a sample photograph."""
    return str(PHOTOGRAPHS / f"{name}.jpg")


def picture(folder, data, name="picture.bin"):
    """A file of `data`, read as a picture."""
    paths = write(folder, [PictureFile(name, data, "works")])
    return images.read_pictures(paths)[0]


def pixel(folder, data, channels=3):
    """The upper left pixel, not resized, and the notes."""
    read = picture(folder, data)
    height, width = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).shape
    return read.planes(channels, (height, width))[:, 0, 0].tolist(), read.notes


@pytest.mark.parametrize("name", NAMES)
def test_x_and_reference_are_the_forum_scripts(name):
    """X and the reference equal a transcription of the script's own lines, bit for bit."""
    path = photograph(name)
    reference = cv2.resize(cv2.imread(path, 0).astype(np.float32), dsize=(225, 225))
    image = cv2.imread(path).astype(np.float32)
    image = cv2.resize(image, dsize=(256, 256))
    image = np.rollaxis(image, 2)

    pictures = images.read_pictures([path])

    np.testing.assert_array_equal(image[None], images.batch_of(pictures, 3, (256, 256)), strict=True)
    np.testing.assert_array_equal(reference[None, None], images.references_of(pictures, (225, 225)), strict=True)


@pytest.mark.parametrize("size", [(256, 256), (100, 37), (7, 1500), (900, 1000), (1, 1)])
def test_every_size_is_resized_like_the_whole_picture(size):
    """Resizing plane by plane gives the bits of resizing the three channels at once."""
    path = photograph("coffee")
    whole = cv2.resize(cv2.imread(path).astype(np.float32), dsize=(size[1], size[0])).reshape(*size, 3)

    planes = images.read_pictures([path])[0].planes(3, size)

    np.testing.assert_array_equal(np.moveaxis(whole, 2, 0), planes, strict=True)
    assert planes.flags.c_contiguous


def test_the_cast_comes_before_the_resize():
    """Resizing the uint8 picture would round every value: the order is seen by the comparison above."""
    path = photograph("coffee")
    rounded = np.moveaxis(cv2.resize(cv2.imread(path), dsize=(256, 256)).astype(np.float32), 2, 0)

    planes = images.read_pictures([path])[0].planes(3, (256, 256))

    assert not np.array_equal(rounded, planes)
    assert float(np.abs(rounded - planes).max()) <= 1


def test_one_channel_is_the_gray_picture():
    """`--in 1` decodes as gray, with the values of the reference."""
    [read] = images.read_pictures([photograph("coffee")])

    np.testing.assert_array_equal(read.gray((30, 40)), read.planes(1, (30, 40)), strict=True)
    assert read.planes(1, (30, 40)).shape == (1, 30, 40)


def test_several_pictures_make_a_batch():
    """Each picture is one sample, in order, with its own reference."""
    pictures = images.read_pictures([photograph("coffee"), photograph("rocket")])
    x = images.batch_of(pictures, 3, (20, 30))
    references = images.references_of(pictures, (5, 6))

    assert x.shape == (2, 3, 20, 30)
    assert references.shape == (2, 1, 5, 6)
    for index, read in enumerate(pictures):
        np.testing.assert_array_equal(read.planes(3, (20, 30)), x[index])
        np.testing.assert_array_equal(read.gray((5, 6)), references[index])


def test_a_common_reference_has_one_sample():
    """`--reference FILE` gives one reference for the batch, read from its own file."""
    pictures = images.read_pictures([photograph("coffee"), photograph("rocket")])

    common = images.reference_picture(Path(photograph("chelsea")), pictures)

    assert images.references_of(common, (5, 6)).shape == (1, 1, 5, 6)
    assert common.name == photograph("chelsea")


def test_a_reference_that_is_one_of_the_pictures_is_not_read_again():
    """The same name is the same picture."""
    pictures = images.read_pictures([photograph("coffee"), photograph("rocket")])

    assert images.reference_picture(photograph("rocket"), pictures) is pictures[1]


def test_unit_range_divides_x_by_255():
    """`--unit-range` gives float32 0..1."""
    pictures = images.read_pictures([photograph("coffee")])
    plain = images.batch_of(pictures, 3, (20, 30))

    unit = images.batch_of(pictures, 3, (20, 30), unit_range=True)

    np.testing.assert_array_equal(plain / np.float32(255), unit, strict=True)


def test_channels_are_blue_green_red(tmp_path):
    """A PNG pixel written as red 1, green 2, blue 3 arrives as blue, green, red."""
    assert pixel(tmp_path, png(1, 1, 8, COLOUR, [b"\1\2\3"])) == ([3, 2, 1], ())


@pytest.mark.parametrize(
    ("data", "expected", "notes"),
    [
        pytest.param(flat_jpeg(37), [37, 37, 37], (), id="gray jpeg"),
        pytest.param(
            flat_jpeg(100, 150, 200, 255), [201, 151, 101], ("CMYK converted to blue, green, red",), id="cmyk jpeg"
        ),
        pytest.param(png(8, 1, 1, GRAY, [b"\x80"]), [255] * 3, (), id="1 bit"),
        pytest.param(png(1, 1, 4, GRAY, [b"\x50"]), [85] * 3, (), id="4 bits"),
        pytest.param(png(1, 1, 8, GRAY, [b"\x11"]), [17] * 3, (), id="gray"),
        pytest.param(png(1, 1, 8, PALETTE, [b"\1"], chunk(b"PLTE", b"abcdef")), [102, 101, 100], (), id="palette"),
        pytest.param(png(1, 1, 8, COLOUR_ALPHA, [b"\1\2\3\4"]), [3, 2, 1], ("alpha channel dropped",), id="alpha"),
        pytest.param(png(1, 1, 8, GRAY_ALPHA, [b"\1\2"]), [1, 1, 1], ("alpha channel dropped",), id="gray alpha"),
        pytest.param(
            png(1, 1, 16, COLOUR, [struct.pack(">3H", 0x1234, 0x5678, 0xFFFF)]),
            [0xFF, 0x56, 0x12],
            ("16 bits per sample: the upper 8 are used",),
            id="16 bits",
        ),
        pytest.param(
            tiff(1, 1, 16, 1, struct.pack("<H", 0x1234)),
            [0x12] * 3,
            ("16 bits per sample: the upper 8 are used",),
            id="16-bit tiff",
        ),
        pytest.param(
            b"P6\n1 1\n65535\n" + struct.pack(">3H", 0x1234, 0x5678, 0xFFFF),
            [0xFF, 0x56, 0x12],
            ("16 bits per sample: the upper 8 are used",),
            id="16-bit ppm",
        ),
        pytest.param(tiff(2, 1, 8, 1, b"\5\xff"), [5] * 3, (), id="tiff"),
        pytest.param(b"P5 # a comment\n1 1 255\n\7", [7] * 3, (), id="pgm"),
        pytest.param(b"P2\n1 1\n255\n7\n", [7] * 3, (), id="plain pgm"),
    ],
)
def test_kinds_of_pictures(tmp_path, data, expected, notes):
    """Each kind has the values that a person expects, and a note where something was dropped."""
    assert (expected, notes) == pixel(tmp_path, data)


@pytest.mark.parametrize("extension", [".gif", ".webp", ".png"])
def test_the_first_frame_of_an_animation_is_used(tmp_path, extension):
    """The picture is the first frame as OpenCV decodes it, with a note."""
    data = animated(extension, [ramp(step=step) for step in (3, 5, 7)])
    first = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(np.float32)

    read = picture(tmp_path, data)

    np.testing.assert_array_equal(np.moveaxis(first, 2, 0), read.planes(3, (12, 16)))
    assert read.notes == ("first of 3 frames used",)


def test_the_first_frame_of_an_avif_sequence_is_used(tmp_path):
    """An AVIF sequence does not tell its length in a place that is read, so the note has no number."""
    read = picture(tmp_path, animated(".avif", [ramp(48, 64), ramp(48, 64, 5)]))

    assert read.planes(3, (48, 64)).shape == (3, 48, 64)
    assert read.notes == ("first frame of an animation used",)


def test_the_first_page_of_a_tiff_is_used(tmp_path):
    """Two pages: the first counts."""
    _, data = cv2.imencodemulti(".tiff", [ramp(), ramp(step=5)])

    read = picture(tmp_path, data.tobytes())

    np.testing.assert_array_equal(np.moveaxis(ramp(), 2, 0), read.planes(3, (12, 16)))
    assert read.notes == ("first of 2 frames used",)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_rotated_photograph_stands_upright(tmp_path, orientation):
    """EXIF orientations are applied to X and to the reference, as `cv2.imread` does."""
    path = tmp_path / "rotated.jpg"
    path.write_bytes(with_exif(encoded(".jpg", ramp()), orientation))
    upright = cv2.imread(str(path))

    [read] = images.read_pictures([path])

    assert upright.shape[:2] == ((12, 16) if orientation < 5 else (16, 12))
    expected = np.moveaxis(upright.astype(np.float32), 2, 0)
    np.testing.assert_array_equal(expected, read.planes(3, upright.shape[:2]))
    np.testing.assert_array_equal(cv2.imread(str(path), 0)[None].astype(np.float32), read.gray(upright.shape[:2]))


def test_a_decoders_complaint_becomes_a_note(tmp_path, capfd):
    """Bytes between the segments of a JPEG: the picture is used, the complaint is told, nothing is printed."""
    data = encoded(".jpg", ramp())
    read = picture(tmp_path, data[:-2] + b"\x12\x34" * 300 + data[-2:])

    read.planes(3, (12, 16))
    read.gray((12, 16))

    [note] = read.notes
    assert note.startswith("damaged, the decoder says: Corrupt JPEG data: ")
    assert tuple(capfd.readouterr()) == ("", "")


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_that_a_picture_has(channels):
    """3 and 1 are accepted."""
    assert check_picture_channels(channels) is None


@pytest.mark.parametrize("channels", [-1, 0, 2, 4, 5, 64])
def test_channels_that_no_picture_has(channels):
    """Any other number gets both numbers and what would fit."""
    with pytest.raises(UsageError) as caught:
        check_picture_channels(channels)

    assert str(caught.value) == (
        f"--in {channels} does not fit a picture: it has 3 channels (blue, green, red), or 1 as gray.\n"
        "  hint: --in 3, or --in 1 for gray"
    )


def test_planes_refuse_other_channels():
    """The check holds for the library, not only for the command line."""
    [read] = images.read_pictures([photograph("coffee")])

    with pytest.raises(UsageError, match="--in 4 does not fit a picture"):
        read.planes(4, (8, 8))


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((0, 5), "a picture cannot be resized to 0x5: each side must be at least 1."),
        (
            (100000, 100000),
            "a picture cannot be resized to 100000x100000: 10,000,000,000 pixels are more than 67,108,864.\n"
            "  hint: choose a smaller --size",
        ),
    ],
)
def test_sizes_that_cannot_be(size, message):
    """A size is refused before anything is allocated."""
    [read] = images.read_pictures([photograph("coffee")])

    with pytest.raises(GeometryError) as caught:
        read.gray(size)

    assert str(caught.value) == message


def test_no_picture():
    """Nothing named is an error, not an empty batch."""
    with pytest.raises(UsageError) as caught:
        images.read_pictures([])

    assert str(caught.value) == "no picture is named.\n  hint: gradcheck run images/coffee.jpg"


@pytest.mark.parametrize("extension", [".gif", ".webp", ".png", ".tiff"])
def test_the_frames_of_an_animation_are_the_depth_of_a_layer_of_three_axes(tmp_path, extension):
    """Every frame is resized as a picture is; the first is the one that a layer of two axes takes."""
    frames = [ramp(step=step) for step in (3, 5, 7)]
    data = cv2.imencodemulti(extension, frames)[1].tobytes() if extension == ".tiff" else animated(extension, frames)
    path = tmp_path / f"a{extension}"
    path.write_bytes(data)

    [moving], [still] = images.read_pictures([path], axes=3), images.read_pictures([path])
    x = moving.planes(3, (6, 8))

    assert ((3, 3, 6, 8), (3, 1, 4, 4)) == (x.shape, moving.gray((4, 4)).shape)
    np.testing.assert_array_equal(still.planes(3, (6, 8)), x[0])
    assert all(not np.array_equal(x[0], frame) for frame in x[1:])
    if extension in (".png", ".tiff"):  # the others do not keep every bit
        np.testing.assert_array_equal(np.moveaxis(frames[2], 2, 0), moving.planes(3, (12, 16))[2])
    assert ((), 3) == (moving.notes, images.count_samples([str(path)], axes=3))


def test_a_photograph_is_one_of_the_pictures_of_a_depth(tmp_path):
    """Beside an animation too."""
    (tmp_path / "a.png").write_bytes(animated(".png", [ramp(step=step) for step in (3, 5)]))
    (tmp_path / "b.jpg").write_bytes(encoded(".jpg", ramp()))

    pictures = images.read_pictures([tmp_path / "a.png", tmp_path / "b.jpg"], axes=3)

    assert (3, 3, 5, 5) == images.batch_of(pictures, 3, (5, 5)).shape


def test_frames_that_are_too_many_are_refused(tmp_path, monkeypatch):
    """Together they may hold as many pixels as one picture."""
    (tmp_path / "a.gif").write_bytes(animated(".gif", [ramp(step=step) for step in (3, 5)]))
    [moving] = images.read_pictures([tmp_path / "a.gif"], axes=3)

    monkeypatch.setattr("gradcheck_cli.images.decoder.MAX_PIXELS", 12 * 16)
    with pytest.raises(ImageError, match="it has 16 x 24 pixels"):
        moving.planes(3, (6, 8))
