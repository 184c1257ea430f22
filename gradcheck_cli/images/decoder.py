"""From the bytes of a picture to uint8 samples, by OpenCV, silently and within limits.

OpenCV is loaded here and nowhere else, and late. What a format is, and whether a file is whole, was settled before.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import BinaryIO, Literal, TypeVar

from gradcheck_cli.images.header import Header
from gradcheck_cli.images.refusal import UnreadableError, cut_short
from gradcheck_cli.model import Array
from gradcheck_cli.model.errors import DependencyError

MAX_PIXELS = 1 << 26
"""67 megapixels (8192 x 8192): decoding one takes less than 1 GiB in any format (measured: 0.8 at most, for GIF)."""

# OpenCV's own limit, which it reads when it is imported.
_LIMIT = "OPENCV_IO_MAX_IMAGE_PIXELS"
# Its other limits: a value there that it cannot read would end every decoding.
_OTHER_LIMITS = ("OPENCV_IO_MAX_IMAGE_WIDTH", "OPENCV_IO_MAX_IMAGE_HEIGHT", "OPENCV_IO_MAX_IMAGE_PARAMS")
# As OpenCV reads them.
_UNITS = {"": 1, "KB": 1 << 10, "Kb": 1 << 10, "kb": 1 << 10, "MB": 1 << 20, "Mb": 1 << 20, "mb": 1 << 20}
# OpenCV's own default, 2^30: no more than that is proposed to be allowed.
_MOST_PIXELS_OF_OPENCV = 1 << 30
# Bytes of what a decoder prints that are read: the first line is all that is shown.
_MOST_NOISE = 1 << 16
_SAVE_AGAIN = "if an image program opens it, save it again as PNG"

Colours = Literal[1, 3]
Decoded = TypeVar("Decoded")


def max_pixels() -> int:
    """MAX_PIXELS, or the user's own limit for OpenCV where that is a number OpenCV can read."""
    return _limit_of(os.environ.get(_LIMIT)) or MAX_PIXELS


def check_size(header: Header) -> None:
    """Refuses a picture that is too large to decode, before a byte of it is decoded.

    Raises:
        UnreadableError: with its size and the limit.
    """
    size, pixels = f"{header.width} x {header.height} pixels", header.width * header.height
    if pixels < 1:
        raise UnreadableError(f"the {header.format} has {size}", _SAVE_AGAIN)
    most = max_pixels() // header.cost
    if pixels > most:
        allowed = pixels * header.cost <= _MOST_PIXELS_OF_OPENCV
        raise UnreadableError(
            f"it has {size} = {_mega(pixels)} megapixels; at most {_mega(most)} are read",
            f"make it smaller, or allow more: {_LIMIT}={pixels * header.cost}" if allowed else "make it smaller",
        )


def decode(data: bytes, header: Header, colours: Colours) -> tuple[Array, str]:
    """The samples, as `cv2.imread` gives them for the same file, and what the decoder complained about.

    Args:
        data: a whole file.
        header: of that file.
        colours: 3 for blue, green, red; 1 for gray (`cv2.imread(name, 0)`).

    Returns:
        uint8 (h, w, 3) or (h, w), rotated upright by EXIF, and one line, empty where there was no complaint.

    Raises:
        UnreadableError: damaged, cut short, too large.
        DependencyError: OpenCV cannot be loaded.
    """
    check_size(header)
    samples, noise = decode_in_silence(data, colours)
    if samples is None or "remature end" in noise:
        raise refused(header, noise)
    return samples, _complaint(noise)


def load_cv2() -> ModuleType:
    """OpenCV, loaded with limits on what it decodes; the environment is as before afterwards.

    OpenCV reads its limits once, when it is loaded, and aborts the whole process on one that is not a number.

    Raises:
        DependencyError: it is not installed, or a system library that it needs is not.
    """
    try:
        with _sane_limits():
            import cv2
    except ImportError as error:
        raise _cannot_load(error) from None
    return cv2


def decode_in_silence(data: bytes, colours: Colours) -> tuple[Array | None, str]:
    """What OpenCV makes of the bytes, None where nothing, and what it printed about them."""

    def decode(cv2: ModuleType, raw: Array) -> Array | None:
        pixels: Array | None = cv2.imdecode(raw, cv2.IMREAD_COLOR if colours == 3 else cv2.IMREAD_GRAYSCALE)
        return pixels

    return in_silence(decode, data)


def in_silence(decode: Callable[[ModuleType, Array], Decoded | None], data: bytes) -> tuple[Decoded | None, str]:
    """What a decoder of OpenCV makes of the bytes, None where it raised, and what it printed about them."""
    cv2 = load_cv2()
    import numpy as np

    decoded, noise = None, ""
    with CapturedStderr() as captured:
        try:
            decoded = decode(cv2, np.frombuffer(data, np.uint8))
        except cv2.error as error:
            noise = str(error)
        except MemoryError:
            noise = "Insufficient memory"
    return decoded, noise + captured.text


def refused(header: Header, noise: str) -> UnreadableError:
    """Why nothing was decoded, from what OpenCV said."""
    if "MAX_IMAGE_" in noise:
        return UnreadableError(
            f"the {header.format} is larger than OpenCV's limits", f"make it smaller, or raise {_LIMIT}"
        )
    if "nsufficient memory" in noise:
        return UnreadableError(f"{header.width} x {header.height} pixels do not fit the memory", "make it smaller")
    if "remature end" in noise:
        return cut_short(header.format)
    return UnreadableError(f"the {header.format} is damaged, or of a kind that OpenCV does not read", _SAVE_AGAIN)


def _complaint(noise: str) -> str:
    """The first line from libjpeg, libpng and their like; OpenCV's own log lines start with a bracket."""
    for line in noise.splitlines():
        if line.strip() and not line.startswith("["):
            return "".join(c for c in line.strip() if c.isprintable())[:100]
    return ""


class CapturedStderr:
    """File descriptor 2, below Python, goes to a temporary file inside the `with` block; `text` holds it afterwards.

    What Python still holds back for stderr is written out first, so none of it is lost or delayed.
    """

    text = ""

    def __enter__(self) -> CapturedStderr:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()
        self._file = _scratch()
        self._saved = _duplicate(2)
        os.dup2(self._file.fileno(), 2)
        return self

    def __exit__(self, *error: object) -> None:
        _restore(self._saved)
        with self._file as file:
            file.seek(0)
            self.text = file.read(_MOST_NOISE).decode("utf-8", "replace")


def _scratch() -> BinaryIO:
    """Without a writable folder the noise goes nowhere."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "r+b", buffering=0)


def _duplicate(descriptor: int) -> int | None:
    """None where the descriptor is closed."""
    try:
        return os.dup(descriptor)
    except OSError:
        return None


def _restore(saved: int | None) -> None:
    if saved is None:
        os.close(2)
        return
    os.dup2(saved, 2)
    os.close(saved)


@contextmanager
def _sane_limits() -> Iterator[None]:
    names = (_LIMIT, *_OTHER_LIMITS)
    before = {name: os.environ.get(name) for name in names}
    wanted = {name: value if _limit_of(value) else None for name, value in before.items()}
    wanted[_LIMIT] = wanted[_LIMIT] or str(MAX_PIXELS)
    _set_environment(wanted)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _limit_of(value: str | None) -> int:
    """The limit as OpenCV reads it ("64MB" is 2^26), or 0 where OpenCV would abort or refuse everything."""
    found = re.fullmatch(r"([0-9]{1,18})([A-Za-z]{0,2})", value or "")
    if found is None or found[2] not in _UNITS:
        return 0
    limit = int(found[1]) * _UNITS[found[2]]
    return limit if limit < 1 << 63 else 0


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:,.0f}" if pixels >= 1e6 else f"{pixels / 1e6:.2g}"


def _cannot_load(error: ImportError) -> DependencyError:
    if "cannot open shared object file" in str(error):
        library = str(error).partition(":")[0]
        return DependencyError(
            f"OpenCV cannot be loaded: the system library {library} is missing.",
            hint="on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0",
        )
    if isinstance(error, ModuleNotFoundError) and error.name == "cv2":
        return DependencyError("OpenCV is not installed.", hint="pip install opencv-python")
    reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
    return DependencyError(
        f"OpenCV cannot be loaded: {reason}.",
        hint="probably a broken installation: pip install --force-reinstall opencv-python",
    )
