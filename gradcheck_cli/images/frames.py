"""All frames of an animation, and all pages of a file, by OpenCV: what a single picture leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

from gradcheck_cli.images.decoder import Colours, check_size, in_silence, load_cv2, refused
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

    def decode(cv2: ModuleType, raw: Array) -> Sequence[Array]:
        if header.format == "TIFF":
            pages: Sequence[Array] = cv2.imdecodemulti(raw, cv2.IMREAD_COLOR)[1]
            return pages
        animated: Sequence[Array] = cv2.imdecodeanimation(raw)[1].frames
        return animated

    frames, noise = in_silence(decode, data)
    return frames or (), noise


def _in_colours(frame: Array, colours: Colours) -> Array:
    cv2 = load_cv2()
    if frame.ndim == 2:
        frame = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR)
    coloured = frame[:, :, :3]
    gray: Array = coloured if colours == 3 else cv2.cvtColor(coloured, cv2.COLOR_BGR2GRAY)
    return gray
