"""One picture file as arrays, resized: decoded to uint8, cast to float32, then resized, in the forum script's order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from gradcheck_cli.images.decoder import MAX_PIXELS, Colours, decode, load_cv2
from gradcheck_cli.images.frames import decode_frames
from gradcheck_cli.images.header import Header
from gradcheck_cli.images.refusal import UnreadableError
from gradcheck_cli.model import Array, Size
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.limits import check_picture_channels


@dataclass(eq=False)
class Picture:
    """One picture file, read once and decoded when asked for (a decoded photograph takes 30 times its file).

    `name` as the user wrote it, "-" for standard input.
    """

    name: str
    _data: bytes = field(repr=False)
    _header: Header
    _complaints: list[str] = field(default_factory=list, repr=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was dropped or doubtful on the way to 0..255. Complete after `planes` or `gray` was called."""
        return (*self._header.notes, *self._first_of_many(), *self._complaints)

    @property
    def frames(self) -> int:
        """How many an animation or a file of pages holds."""
        return self._header.frames

    def planes(self, channels: int, size: Size) -> Array:
        """The picture as one sample of X.

        Args:
            channels: 3 for blue, green, red; 1 for gray.
            size: (h, w) in pixels.

        Returns:
            float32 (channels, h, w), 0..255, C-contiguous.

        Raises:
            UsageError: other channels. GeometryError: a size below 1 or beyond memory.
            ImageError: a damaged picture. DependencyError: no OpenCV.
        """
        check_picture_channels(channels)
        return self._resized(cast(Colours, channels), size)

    def gray(self, size: Size) -> Array:
        """The picture as a reference: decoded as gray, not averaged from the colours.

        Args:
            size: (h_out, w_out), the layer's output size in pixels.

        Returns:
            float32 (1, h_out, w_out), 0..255, C-contiguous.

        Raises:
            GeometryError, ImageError, DependencyError: as `planes`.
        """
        return self._resized(1, size)

    def _first_of_many(self) -> tuple[str, ...]:
        return (f"first of {self.frames} frames used",) if self.frames > 1 else ()

    def _resized(self, colours: Colours, size: Size) -> Array:
        _check_target(size)
        return _resized(self._decoded(colours), colours, size)

    def _decoded(self, colours: Colours) -> Array:
        try:
            samples, complaint = decode(self._data, self._header, colours)
        except UnreadableError as refusal:
            raise refusal.named(self.name) from None
        note = f"damaged, the decoder says: {complaint}"
        if complaint and note not in self._complaints:
            self._complaints.append(note)
        return samples


class Moving(Picture):
    """A picture file with all its frames, each of which is a sample; offers what a picture offers."""

    def planes(self, channels: int, size: Size) -> Array:
        """The frames, (frames, channels, h, w); else as of `Picture`."""
        check_picture_channels(channels)
        return self._all_resized(cast(Colours, channels), size)

    def gray(self, size: Size) -> Array:
        """The frames as gray references, (frames, 1, h_out, w_out); else as of `Picture`."""
        return self._all_resized(1, size)

    def _first_of_many(self) -> tuple[str, ...]:
        return ()

    def _all_resized(self, colours: Colours, size: Size) -> Array:
        if self.frames == 1:
            return self._resized(colours, size)[None]
        _check_target(size)
        import numpy as np

        try:
            decoded = decode_frames(self._data, self._header, colours)
        except UnreadableError as refusal:
            raise refusal.named(self.name) from None
        return np.stack([_resized(samples, colours, size) for samples in decoded])


def _resized(samples: Array, colours: Colours, size: Size) -> Array:
    """uint8 (h, w) or (h, w, colours) as float32 (colours, *size)."""
    import numpy as np

    cv2 = load_cv2()
    height, width = size
    out = np.empty((colours, height, width), np.float32)
    # Plane by plane: the same bits as resizing all three at once, for a third of the float32 memory.
    for plane, resized in zip(np.moveaxis(np.atleast_3d(samples), 2, 0), out, strict=True):
        resized[...] = cv2.resize(plane.astype(np.float32), dsize=(width, height))
    return out


def _check_target(size: Size) -> None:
    height, width = size
    if min(size) < 1:
        raise GeometryError(f"a picture cannot be resized to {height}x{width}: each side must be at least 1.")
    if height * width > MAX_PIXELS:
        raise GeometryError(
            f"a picture cannot be resized to {height}x{width}: {height * width:,} pixels are more than {MAX_PIXELS:,}.",
            hint="choose a smaller --size",
        )
