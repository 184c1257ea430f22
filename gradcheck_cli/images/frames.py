"""All frames of an animation, and all pages of a file, by OpenCV: what a single picture leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.images.decoder import CapturedStderr, Colours, check_size, load_cv2, refused
from gradcheck_cli.images.header import Header
from gradcheck_cli.model import Array


def decode_frames(data: bytes, header: Header, colours: Colours) -> list[Array]:
    """All frames of an animation, or pages, each as `decode` gives one.

    Raises:
        UnreadableError: damaged, or too large together.
        DependencyError: OpenCV cannot be loaded.
    """
    check_size(replace(header, height=header.height * header.frames))
    frames, noise = _frames_in_silence(data, header)
    if len(frames) != header.frames:
        raise refused(header, noise)
    return [_in_colours(frame, colours) for frame in frames]


def _frames_in_silence(data: bytes, header: Header) -> tuple[Sequence[Array], str]:
    """What OpenCV makes of the bytes, blue, green, red and perhaps alpha, and what it printed about them."""
    cv2 = load_cv2()
    import numpy as np

    raw = np.frombuffer(data, np.uint8)
    frames, noise = [], ""
    with CapturedStderr() as captured:
        try:
            if header.format == "TIFF":
                _, frames = cv2.imdecodemulti(raw, cv2.IMREAD_COLOR)
            else:
                frames = cv2.imdecodeanimation(raw)[1].frames
        except cv2.error as error:
            noise = str(error)
        except MemoryError:
            noise = "Insufficient memory"
    return frames, noise + captured.text


def _in_colours(frame: Array, colours: Colours) -> Array:
    cv2 = load_cv2()
    if frame.ndim == 2:
        frame = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    coloured = frame[:, :, :3]
    gray: Array = coloured if colours == 3 else cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY)
    return gray
