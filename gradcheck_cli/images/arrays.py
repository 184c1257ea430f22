"""Inputs that are no pictures: arrays of any number of channels from a file or drawn at random.

    x.npy, x.pt      (n, c, h, w), (c, h, w) or (h, w), numbers of any kind
    random:SHAPE     whole numbers 0..255 of that shape ("random:1x5x100x100"), the same every time

A layer of one axis takes (n, c, l) and its like, one of three (n, c, d, h, w). They are taken as they are and never
resized.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from gradcheck_cli.images.array_resizing import along
from gradcheck_cli.images.decoder import load_cv2
from gradcheck_cli.images.refusal import UnreadableError, shown
from gradcheck_cli.images.source import read_bytes
from gradcheck_cli.model import Array, Size
from gradcheck_cli.model.errors import UnfitInputError
from gradcheck_cli.model.files import RANDOM
from gradcheck_cli.model.text import counted

MOST_NUMBERS = 2**28
"""1 GiB as float32: four times the largest picture in colour."""
REAL = "fiub"
"""The kinds of numpy's numbers that an input may hold: floats, integers with and without a sign, truth."""
# What an input of a layer of so many axes is shaped like.
SHAPES = {
    1: "(n, c, l), (c, l) or (l,)",
    2: "(n, c, h, w), (c, h, w) or (h, w)",
    3: "(n, c, d, h, w), (c, d, h, w) or (d, h, w)",
}
_EXAMPLES = {
    1: "random:8x5x100 for (n, c, l)",
    2: "random:1x5x100x100 for (n, c, h, w)",
    3: "random:1x5x9x20x20 for (n, c, d, h, w)",
}
# Part of what `random:` means: the same name gives the same picture, whatever --seed says.
SEED = 0


@dataclass(frozen=True)
class ArrayInput:
    """Samples (n, c, h, w), (n, c, l) or (n, c, d, h, w) in float32, and the name that the user wrote.

    It offers what a picture offers.
    """

    name: str
    values: Array
    notes: tuple[str, ...] = ()

    def planes(self, channels: int, size: Size) -> Array:
        """The samples of X, (n, channels, *size).

        Raises:
            UnfitInputError: it has other channels or another size; both numbers are told.
        """
        _, own_channels, *own_size = self.values.shape
        if own_channels != channels:
            raise UnfitInputError(
                f"--in {channels} does not fit {shown(self.name)}: it has {counted(own_channels, 'channel')}.",
                hint=f"--in {own_channels}",
            )
        self._check_size(own_size, size)
        return self.values

    def gray(self, size: Size) -> Array:
        """The reference, (n, 1, *size of O): the mean of the channels, resized to O's size as a picture is."""
        import numpy as np

        if len(size) != 2:
            resized = self._mean
            for axis, length in enumerate(size, start=1):
                resized = along(resized, axis, length)
            return np.ascontiguousarray(resized[:, None].astype(np.float32))
        cv2, (height, width) = load_cv2(), size
        planes = [cv2.resize(plane, dsize=(width, height)) for plane in self._mean]
        return np.ascontiguousarray(np.stack(planes)[:, None].astype(np.float32))

    @cached_property
    def _mean(self) -> Array:
        """(n, h, w), (n, l) or (n, d, h, w)"""
        mean: Array = self.values.mean(axis=1, dtype="float64").astype("float32")
        return mean

    def _check_size(self, own: list[int], size: Size) -> None:
        if tuple(own) != tuple(size):
            asked, has = ("x".join(map(str, numbers)) for numbers in (size, own))
            spelled = f"{own[0]}" if len(set(own)) == 1 else has
            raise UnfitInputError(
                f"--size {asked} does not fit {shown(self.name)}: it is {has}, and an array is not resized.",
                hint=f"--size {spelled}",
            )


def read_array(name: str, position: int = 0, axes: int = 2) -> ArrayInput:
    """The array that `name` stands for.

    Args:
        name: a file or "random:SHAPE".
        position: its place among the inputs, so that two random ones differ.
        axes: of the layer.

    Raises:
        UnreadableError: no array of so many axes, or one or two more, of finite numbers, or too large.
    """
    values = _random(name, position, axes) if name.startswith(RANDOM) else _from_file(name)
    return ArrayInput(name, _as_samples(values, axes))


def _random(name: str, position: int, axes: int) -> Array:
    import numpy as np

    text = name.removeprefix(RANDOM)
    if not re.fullmatch(rf"\d+(x\d+){{{axes - 1},{axes + 1}}}", text):
        raise UnreadableError(f"{text!r} is no shape", f"write {_EXAMPLES[axes]}")
    shape = tuple(map(int, text.split("x")))
    _check_count(shape)
    return np.random.default_rng((SEED, position)).integers(0, 256, shape)


def _from_file(name: str) -> Array:
    import numpy as np

    data = read_bytes(name)
    try:
        if name.lower().endswith(".npy"):
            loaded: Array = np.load(BytesIO(data), allow_pickle=False)
            return loaded
        return _tensor(data)
    except Exception as error:
        reason = " ".join(str(error).split())[:100].rstrip(".")
        raise UnreadableError(f"it holds no array ({reason})", "save it with numpy.save or torch.save") from None


def _tensor(data: bytes) -> Array:
    """A single tensor; nothing else that a pickle could hold is loaded."""
    import torch

    loaded = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    array: Array = loaded.detach().to(torch.float32).numpy()
    return array


def _as_samples(values: Array, axes: int) -> Array:
    """(n, c, h, w) float32, or as many axes as the layer has behind (n, c)."""
    import numpy as np

    if values.dtype.kind not in REAL or not axes <= values.ndim <= axes + 2:
        kind = f"{values.dtype} of shape {values.shape}"
        raise UnreadableError(f"it holds {kind}", f"{SHAPES[axes]} of real numbers is needed")
    _check_count(values.shape)
    whole = values.reshape((1,) * (axes + 2 - values.ndim) + values.shape)
    samples = np.ascontiguousarray(whole, np.float32)
    if not np.isfinite(samples).all():
        raise UnreadableError("it holds numbers that are not finite in float32", "replace NaN and infinity")
    return samples


def _check_count(shape: tuple[int, ...]) -> None:
    count = 1
    for length in shape:
        count *= length
    if not 0 < count <= MOST_NUMBERS:
        raise UnreadableError(f"its shape {shape} has {counted(count, 'number')}", f"1 to {MOST_NUMBERS:,} are taken")
