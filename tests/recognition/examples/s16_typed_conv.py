from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class ConvGrads(NamedTuple):
    dx: Array
    dw: Array
    db: Optional[Array]


@dataclass(frozen=True)
class Geometry:
    stride: Tuple[int, int] = (1, 1)
    padding: Tuple[int, int] = (0, 0)

    def out_size(self, h: int, w: int, kh: int, kw: int) -> Tuple[int, int]:
        return ((h + 2 * self.padding[0] - kh) // self.stride[0] + 1,
                (w + 2 * self.padding[1] - kw) // self.stride[1] + 1)


@dataclass
class Conv2D:
    weight: Array
    bias: Optional[Array] = None
    geometry: Geometry = field(default_factory=Geometry)
    _saved: Optional[Array] = field(default=None, init=False, repr=False)

    def forward(self, x: Array) -> Array:
        ph, pw = self.geometry.padding
        self._saved = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        kh, kw = self.weight.shape[-2:]
        oh, ow = self.geometry.out_size(x.shape[2], x.shape[3], kh, kw)
        sh, sw = self.geometry.stride
        y: Array = np.zeros((x.shape[0], self.weight.shape[0], oh, ow), dtype=x.dtype)
        for i in range(kh):
            for j in range(kw):
                patch = self._saved[:, :, i:i + sh * oh:sh, j:j + sw * ow:sw]
                y += np.einsum("nchw,fc->nfhw", patch, self.weight[:, :, i, j])
        if self.bias is not None:
            y += self.bias.reshape(1, -1, 1, 1)
        return y

    def backward(self, dy: Array) -> ConvGrads:
        assert self._saved is not None, "call forward first"
        xp = self._saved
        kh, kw = self.weight.shape[-2:]
        oh, ow = dy.shape[2:]
        sh, sw = self.geometry.stride
        ph, pw = self.geometry.padding
        dxp: Array = np.zeros_like(xp)
        dw: Array = np.zeros_like(self.weight)
        for i in range(kh):
            for j in range(kw):
                rows = slice(i, i + sh * oh, sh)
                cols = slice(j, j + ow)
                dw[:, :, i, j] = np.einsum("nfhw,nchw->fc", dy, xp[:, :, rows, cols])
                cols = slice(j, j + sw * ow, sw)
                dxp[:, :, rows, cols] += np.einsum("nfhw,fc->nchw", dy, self.weight[:, :, i, j])
        dx = dxp[:, :, ph:dxp.shape[2] - ph, pw:dxp.shape[3] - pw]
        db = dy.sum(axis=(0, 2, 3)) if self.bias is not None else None
        return ConvGrads(dx, dw, db)
