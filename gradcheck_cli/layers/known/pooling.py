"""The windows of a pooling layer: what max and average pooling share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.layers.known.layer import LayerSetting, Pack


@dataclass(frozen=True)
class Windows:
    """Windows of height x width, every `stride` cells; what does not fill a window is dropped."""

    height: int
    width: int
    stride: int

    def taps(self, x: Any) -> Iterator[tuple[slice, slice]]:
        """For each cell of a window: where the cells of all windows lie in x, (..., h, w)."""
        rows = (x.shape[-2] - self.height) // self.stride
        columns = (x.shape[-1] - self.width) // self.stride
        for u in range(self.height):
            for v in range(self.width):
                down = slice(u, u + self.stride * rows + 1, self.stride)
                across = slice(v, v + self.stride * columns + 1, self.stride)
                yield down, across


_SQUARE = (
    "kernel_size",
    "pool_size",
    "size",
    "f",
    "k",
    "kernel",
    "pool",
    "window",
    "window_size",
    "ksize",
    "filter_size",
)
SETTINGS = (
    LayerSetting("height", (2, 3, 4), ("pool_height", "pool_h", "kernel_height", "kh", "ph", "HH", "h", *_SQUARE)),
    LayerSetting("width", (2, 3, 4), ("pool_width", "pool_w", "kernel_width", "kw", "pw", "WW", "w", *_SQUARE)),
    LayerSetting("stride", (2, 1, 3, 4), ("s", "strides", "step")),
)
PACKS = (
    Pack(("pool_param",), {"pool_height": 2, "pool_width": 2, "stride": 2}),
    Pack(("hparameters", "hparams", "params", "cfg", "conf"), {"f": 2, "stride": 2}),
)
NAMES_OF_INPUT = ("X", "input", "inputs", "inp", "a", "A_prev", "a_prev", "image", "images", "data")
ARRANGEMENTS = (
    {"x": (0, 3, 1, 2), "out": (0, 3, 1, 2)},
    {"x": (2, 0, 1), "out": (2, 0, 1)},
)
