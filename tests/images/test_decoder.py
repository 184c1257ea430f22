"""OpenCV in silence and within limits, and what is said when it cannot be loaded."""

import os
import subprocess
import sys

import numpy as np
import pytest
from corpus import PHOTOGRAPHS
from picture_files import encoded, png_header, ramp

from gradcheck_cli import images
from gradcheck_cli.images import decoder
from gradcheck_cli.images.formats import read_header
from gradcheck_cli.model.errors import DependencyError, ImageError
from helpers import ROOT

LIMIT = "OPENCV_IO_MAX_IMAGE_PIXELS"
READ_COFFEE = """
from gradcheck_cli import images
x = images.batch_of(images.read_pictures(["images/coffee.jpg"]), 3, (4, 4))
import os
print(x.shape, os.environ.get("OPENCV_IO_MAX_IMAGE_PIXELS"))
"""


def python(code, **environment):
    """Runs `code` in a fresh process; returns what it printed, and demands that it says nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


class _Missing:
    """An import system without OpenCV."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, path=None, target=None):
        if name == "cv2":
            raise self.error


@pytest.fixture
def without_cv2(monkeypatch):
    """A function that makes `import cv2` fail with the given error."""

    def fail(error):
        monkeypatch.delitem(sys.modules, "cv2", raising=False)
        monkeypatch.setattr(sys, "meta_path", [_Missing(error), *sys.meta_path])

    return fail


@pytest.mark.parametrize(
    ("error", "message"),
    [
        *(
            (
                ImportError(f"{library}: cannot open shared object file: No such file or directory"),
                f"OpenCV cannot be loaded: the system library {library} is missing.\n"
                "  hint: on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0",
            )
            for library in ("libGL.so.1", "libgthread-2.0.so.0", "libxcb.so.1")
        ),
        (
            ModuleNotFoundError("No module named 'cv2'", name="cv2"),
            "OpenCV is not installed.\n  hint: pip install opencv-python",
        ),
        (
            ImportError("numpy.core.multiarray failed to import\nmore"),
            "OpenCV cannot be loaded: numpy.core.multiarray failed to import.\n"
            "  hint: probably a broken installation: pip install --force-reinstall opencv-python",
        ),
    ],
)
def test_opencv_cannot_be_loaded(without_cv2, error, message):
    """What is missing and what to install, in two lines."""
    [picture] = images.read_pictures([PHOTOGRAPHS / "coffee.jpg"])
    without_cv2(error)

    with pytest.raises(DependencyError) as caught:
        picture.planes(3, (8, 8))

    assert str(caught.value) == message


def test_the_room_is_light():
    """Importing it, checking channels and failing to find a file load neither numpy nor OpenCV."""
    code = """
import sys
from gradcheck_cli import images
from gradcheck_cli.model.errors import GradcheckError
from gradcheck_cli.model.limits import check_picture_channels
for call in (lambda: check_picture_channels(5), lambda: images.read_pictures(["no-such.jpg"])):
    try:
        call()
    except GradcheckError as error:
        print(type(error).__name__, end=" ")
images.read_pictures(["images/coffee.jpg"])
print([name for name in ("numpy", "cv2", "torch", "click") if name in sys.modules])
"""
    assert python(code) == "OptionError ImageError []"


@pytest.mark.parametrize("value", ["", "abc", "-5", "0", "1e9", "64 MB", "9" * 30, "5x"])
def test_a_limit_that_opencv_would_abort_on(value):
    """OpenCV ends the process on such a value; here it is set aside while OpenCV is loaded, and stays as it was."""
    assert python(READ_COFFEE, OPENCV_IO_MAX_IMAGE_PIXELS=value) == f"(1, 3, 4, 4) {value}".strip()


def test_other_limits_that_opencv_would_abort_on():
    """The same for the limits of width, height and parameters."""
    names = ("OPENCV_IO_MAX_IMAGE_WIDTH", "OPENCV_IO_MAX_IMAGE_HEIGHT", "OPENCV_IO_MAX_IMAGE_PARAMS")

    assert python(READ_COFFEE, **dict.fromkeys(names, "many")) == "(1, 3, 4, 4) None"


def test_the_limit_holds_inside_opencv_too():
    """OpenCV is loaded with our limit, for formats whose header could mislead us; the environment is left alone."""
    code = """
import os
from gradcheck_cli.images import decoder
cv2 = decoder.load_cv2()
import numpy as np
data = np.frombuffer(b"P5 8192 8193 255\\n" + bytes(9), np.uint8)
try:
    cv2.imdecode(data, 1)
except cv2.error as error:
    print("CV_IO_MAX_IMAGE_PIXELS" in str(error), os.environ.get("OPENCV_IO_MAX_IMAGE_PIXELS"))
"""
    assert python(code) == "True None"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 1 << 26),
        ("1000", 1000),
        ("64MB", 1 << 26),
        ("8Kb", 8192),
        ("64kB", 1 << 26),
        ("abc", 1 << 26),
        ("9" * 18 + "MB", 1 << 26),
    ],
)
def test_the_users_limit(monkeypatch, value, expected):
    """A limit that OpenCV can read is respected, smaller or larger; any other is not."""
    monkeypatch.delenv(LIMIT, raising=False)
    if value is not None:
        monkeypatch.setenv(LIMIT, value)

    assert expected == decoder.max_pixels()


def test_the_users_limit_refuses_a_picture(monkeypatch):
    """The user's own limit is named in the message."""
    monkeypatch.setenv(LIMIT, "1000")

    with pytest.raises(ImageError) as caught:
        images.read_pictures([PHOTOGRAPHS / "coffee.jpg"])

    reason = "it has 600 x 400 pixels = 0.24 megapixels; at most 0.001 are read"
    assert str(caught.value).splitlines()[0].endswith(f"coffee.jpg: {reason}.")


def test_the_users_limit_allows_more(monkeypatch):
    """Raised, the header's check lets a larger picture through to the decoder."""
    monkeypatch.setenv(LIMIT, str(1 << 27))

    assert decoder.check_size(read_header(png_header(8192, 8193))) is None


def test_nothing_reaches_descriptor_2(capfd):
    """Text written below Python inside the block is held back, and is there to be read afterwards."""
    with decoder.CapturedStderr() as captured:
        os.write(2, b"noise\n")
    os.write(2, b"after\n")

    assert captured.text == "noise\n"
    assert capfd.readouterr().err == "after\n"


def test_descriptor_2_is_restored_after_an_error(capfd):
    """An exception inside the block passes, and stderr works again."""
    with pytest.raises(KeyboardInterrupt), decoder.CapturedStderr():
        raise KeyboardInterrupt
    os.write(2, b"after\n")

    assert capfd.readouterr().err == "after\n"


def test_text_that_python_held_back_is_not_lost():
    """A line begun on stderr before a picture is read comes out, and in order."""
    code = """
import sys
from gradcheck_cli.images.decoder import CapturedStderr
import os
sys.stderr.write("begun ")
with CapturedStderr():
    sys.stderr.flush()
    os.write(2, b"noise")
sys.stderr.write("ended")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "begun ended")


@pytest.mark.parametrize("close", ["os.close(2)", "sys.stderr = None", "sys.stderr.close()"])
def test_a_closed_stderr(close):
    """Pictures are read where there is no stderr at all, and no descriptor is left behind."""
    code = f"""
import os, sys
{close}
before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
from gradcheck_cli import images
[picture] = images.read_pictures(["images/coffee.jpg"])
for _ in range(3):
    picture.gray((4, 4))
after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
print(after - before)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, "0")


def test_no_room_for_noise(monkeypatch, capfd):
    """Without a folder for temporary files the noise is dropped and the picture is read."""

    def fail():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decoder.tempfile, "TemporaryFile", fail)
    [picture] = images.read_pictures([PHOTOGRAPHS / "coffee.jpg"])

    assert picture.gray((4, 4)).shape == (1, 4, 4)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ("libfoo: Premature end of file", "the JPEG is cut short or damaged"),
        ("Insufficient memory", "16 x 12 pixels do not fit the memory"),
        ("pixels <= CV_IO_MAX_IMAGE_PIXELS", "the JPEG is larger than OpenCV's limits"),
        ("", "the JPEG is damaged, or of a kind that OpenCV does not read"),
    ],
)
def test_what_the_decoder_says_is_understood(tmp_path, monkeypatch, noise, message):
    """A decoder that gives no picture and one that fills a part with gray are both errors."""
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(".jpg", ramp()))
    filled = np.zeros((12, 16, 3), np.uint8) if "Premature" in noise else None
    monkeypatch.setattr(decoder, "decode_in_silence", lambda data, colours: (filled, noise))

    with pytest.raises(ImageError) as caught:
        images.read_pictures([path])[0].planes(3, (4, 4))

    assert str(caught.value).splitlines()[0] == f"cannot read {path}: {message}."
