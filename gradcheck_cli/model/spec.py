"""The geometry of one convolution, and the arrays that a backward is given and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from gradcheck_cli.model.errors import GeometryError

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
else:
    Array = Any

Size: TypeAlias = tuple[int, int]
GradientName: TypeAlias = Literal["weight", "input", "bias"]
GRADIENTS: tuple[GradientName, ...] = ("weight", "input", "bias")


@dataclass(frozen=True)
class ConvSpec:
    """Geometry of one 2-D convolution. All lengths are in elements; pairs are (vertical, horizontal).

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

    def __post_init__(self) -> None:
        self._check_signs()
        self._check_groups()
        for axis, name in enumerate(("height", "width")):
            self._check_fit(axis, name)

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
    def output_size(self) -> Size:
        """(h_out, w_out)"""
        return (self._outputs(0), self._outputs(1))

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """(n, c_out, h_out, w_out)"""
        return (self.batch, self.out_channels, *self.output_size)

    @property
    def extent(self) -> Size:
        """Size of the dilated kernel: dilation * (kernel_size - 1) + 1."""
        return (self._extent(0), self._extent(1))

    @property
    def remainder(self) -> Size:
        """Rows and columns of the padded input that no window reaches."""
        rest = [
            (size + 2 * padding - extent) % stride
            for size, padding, extent, stride in zip(
                self.input_size, self.padding, self.extent, self.stride, strict=True
            )
        ]
        return (rest[0], rest[1])

    @property
    def terms(self) -> int:
        """Products that are summed into one entry of grad_weight: n * h_out * w_out."""
        return self.batch * self.output_size[0] * self.output_size[1]

    def _extent(self, axis: int) -> int:
        return self.dilation[axis] * (self.kernel_size[axis] - 1) + 1

    def _outputs(self, axis: int) -> int:
        room = self.input_size[axis] + 2 * self.padding[axis] - self._extent(axis)
        return room // self.stride[axis] + 1

    def _check_signs(self) -> None:
        positive = {
            "batch": (self.batch,),
            "in channels": (self.in_channels,),
            "out channels": (self.out_channels,),
            "input size": self.input_size,
            "kernel size": self.kernel_size,
            "stride": self.stride,
            "dilation": self.dilation,
            "groups": (self.groups,),
        }
        for name, values in positive.items():
            if min(values) < 1:
                raise GeometryError(f"{name} must be at least 1, not {min(values)}.")
        if min(self.padding) < 0:
            raise GeometryError(f"padding must be at least 0, not {min(self.padding)}.")

    def _check_groups(self) -> None:
        for name, channels in (("in", self.in_channels), ("out", self.out_channels)):
            if channels % self.groups:
                divisors = [str(d) for d in range(1, channels + 1) if channels % d == 0]
                raise GeometryError(
                    f"--groups {self.groups} does not divide --{name} {channels}.",
                    hint=f"--groups that divide {channels}: {', '.join(divisors[:12])}",
                )

    def _check_fit(self, axis: int, name: str) -> None:
        room = self.input_size[axis] + 2 * self.padding[axis]
        extent = self._extent(axis)
        if extent > room:
            missing = -(-(extent - room) // 2)
            raise GeometryError(
                f"the kernel does not fit the input along its {name}: {extent} > {room}.",
                facts={
                    "input + 2*padding": f"{self.input_size[axis]} + 2*{self.padding[axis]} = {room}",
                    "dilated kernel": f"{self.dilation[axis]}*({self.kernel_size[axis]} - 1) + 1 = {extent}",
                },
                hint=f"--padding {self.padding[axis] + missing} or an input {name} of {extent} would be enough",
            )


@dataclass(frozen=True)
class Case:
    """One backward problem: all that a backward is given.

    `x` (n, c_in, h, w) is not padded, `weight` (c_out, c_in/groups, kh, kw), `bias` (c_out,),
    `grad_output` (n, c_out, h_out, w_out). One dtype for all four.
    """

    spec: ConvSpec
    x: Array
    weight: Array
    bias: Array
    grad_output: Array


@dataclass(frozen=True)
class Gradients:
    """What a backward returns: shapes of weight, x and bias. None is "not returned"."""

    weight: Array | None = None
    input: Array | None = None
    bias: Array | None = None

    def named(self, name: GradientName) -> Array | None:
        """The gradient called `name`."""
        gradient: Array | None = getattr(self, name)
        return gradient
