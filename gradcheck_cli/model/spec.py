"""The geometry of one convolution of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from gradcheck_cli.model.axis import Axis
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.geometry import AXIS_NAMES, Geometry, check_channels

Size: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class ConvSpec:
    """Geometry of one 2-D convolution. All lengths are in elements; pairs are (vertical, horizontal).

    `padding` is what is added at the top and the left. As much is added at the bottom and the right, and `extra_after`
    more there: (1, 0) is one row more at the bottom, (0, -1) one column less at the right. Padding 'same' needs it
    where the total is odd.

    Raises:
        GeometryError: a size that no convolution can have; the message holds both numbers and what would fit.
    """

    batch: int
    in_channels: int
    out_channels: int
    height: int
    width: int
    kernel_size: Size
    stride: Size = (1, 1)
    padding: Size = (0, 0)
    dilation: Size = (1, 1)
    groups: int = 1
    extra_after: Size = (0, 0)

    def __post_init__(self) -> None:
        check_channels(self.batch, self.in_channels, self.out_channels, self.groups)
        if min(self.padding_after) < 0 <= min(self.padding):
            raise GeometryError(
                f"padding at the bottom and the right must be at least 0, not {min(self.padding_after)}.",
                hint=f"extra_after takes away {self.extra_after} of {self.padding}",
            )
        _ = self.axes  # made now, because each checks itself

    @cached_property
    def axes(self) -> tuple[Axis, Axis]:
        """The vertical and the horizontal axis."""
        return (self._axis(0), self._axis(1))

    @property
    def geometry(self) -> Geometry:
        """The same convolution, among those of any number of axes."""
        return Geometry(self.batch, self.in_channels, self.out_channels, self.axes, self.groups)

    @property
    def input_size(self) -> Size:
        """(h, w)"""
        return (self.height, self.width)

    @property
    def x_shape(self) -> tuple[int, int, int, int]:
        """(n, c_in, h, w)"""
        return (self.batch, self.in_channels, self.height, self.width)

    @property
    def weight_shape(self) -> tuple[int, int, int, int]:
        """(c_out, c_in/groups, kh, kw)"""
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    @property
    def bias_shape(self) -> tuple[int]:
        """(c_out,)"""
        return (self.out_channels,)

    @property
    def padding_after(self) -> Size:
        """Zeros added at the bottom and the right."""
        return (self.padding[0] + self.extra_after[0], self.padding[1] + self.extra_after[1])

    @property
    def padded_size(self) -> Size:
        """Rows and columns of the input with its zeros."""
        return (self.axes[0].room, self.axes[1].room)

    @property
    def is_padded(self) -> bool:
        """Whether zeros are added on any side."""
        return (self.padding, self.padding_after) != ((0, 0), (0, 0))

    @property
    def is_symmetric(self) -> bool:
        """Whether as much is added after as before, on both axes."""
        return self.extra_after == (0, 0)

    @property
    def unusual(self) -> tuple[str, ...]:
        """Those of stride, padding, dilation and groups that a plain convolution does without."""
        asked = {
            "stride": self.stride != (1, 1),
            "padding": self.is_padded,
            "dilation": self.dilation != (1, 1),
            "groups": self.groups != 1,
        }
        return tuple(name for name, is_asked in asked.items() if is_asked)

    @property
    def output_size(self) -> Size:
        """(h_out, w_out)"""
        return (self.axes[0].outputs, self.axes[1].outputs)

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """(n, c_out, h_out, w_out)"""
        return (self.batch, self.out_channels, *self.output_size)

    @property
    def extent(self) -> Size:
        """Size of the dilated kernel: dilation * (kernel_size - 1) + 1."""
        return (self.axes[0].extent, self.axes[1].extent)

    @property
    def remainder(self) -> Size:
        """Rows and columns of the padded input that no window reaches."""
        return (self.axes[0].remainder, self.axes[1].remainder)

    @property
    def terms(self) -> int:
        """Products that are summed into one entry of grad_weight: n * h_out * w_out."""
        return self.batch * self.output_size[0] * self.output_size[1]

    def _axis(self, axis: int) -> Axis:
        return Axis(
            size=self.input_size[axis],
            taps=self.kernel_size[axis],
            stride=self.stride[axis],
            dilation=self.dilation[axis],
            before=self.padding[axis],
            after=self.padding_after[axis],
            name=AXIS_NAMES[2][axis],
        )
