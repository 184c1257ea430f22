"""The geometry of a convolution with any number of axes, transposed or not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from gradcheck_cli.model.axis import Axis
from gradcheck_cli.model.errors import GeometryError

# What the axes are called, from the outermost to the innermost.
AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


@dataclass(frozen=True)
class Geometry:
    """A batch of channels along some axes becomes a batch of filters.

    A transposed layer has the axes of the convolution whose gradient with respect to its input it is
    (`TransposedAxis.mirrored`): with the roles of input and output swapped, its products are those of that convolution.

    Attributes:
        batch, channels, filters: samples, and channels of the input and of the output.
        axes: from the outermost to the innermost.
        groups: of channels and filters that keep to themselves.
        transposed: whether the axes are read from their outputs to their inputs.

    Raises:
        GeometryError: a geometry that no layer can have.
    """

    batch: int
    channels: int
    filters: int
    axes: tuple[Axis, ...]
    groups: int = 1
    transposed: bool = False

    def __post_init__(self) -> None:
        check_channels(self.batch, self.channels, self.filters, self.groups)
        if not self.axes:
            raise GeometryError("a convolution has at least one axis, not 0.")
        padded = next((axis for axis in self.axes if axis.mode != "zeros"), None)
        if self.transposed and padded:
            raise GeometryError(
                f"a transposed layer is padded with zeros alone, not {padded.mode}.",
                hint="its padding is cut off the output, where nothing can be repeated",
            )

    @property
    def inputs(self) -> tuple[int, ...]:
        """Size of the layer's input on each axis."""
        return self._ends[0]

    @property
    def outputs(self) -> tuple[int, ...]:
        """Size of the layer's output on each axis."""
        return self._ends[1]

    @property
    def kernel(self) -> tuple[int, ...]:
        """Taps on each axis."""
        return tuple(axis.taps for axis in self.axes)

    @property
    def x_shape(self) -> tuple[int, ...]:
        """(n, c_in, ...)"""
        return (self.batch, self.channels, *self.inputs)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """(c_out, c_in/groups, ...), or (c_in, c_out/groups, ...) of a transposed layer."""
        first, second = (self.channels, self.filters) if self.transposed else (self.filters, self.channels)
        return (first, second // self.groups, *self.kernel)

    @property
    def bias_shape(self) -> tuple[int]:
        """(c_out,)"""
        return (self.filters,)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """(n, c_out, ...)"""
        return (self.batch, self.filters, *self.outputs)

    @property
    def terms(self) -> int:
        """Products that are summed into one entry of grad_weight, those with a zero of the padding counted."""
        return self.batch * prod(axis.outputs for axis in self.axes)

    @property
    def mirrored(self) -> Geometry:
        """The layer that takes this one's output back to its input, with the same kernel and the same products."""
        return Geometry(self.batch, self.filters, self.channels, self.axes, self.groups, not self.transposed)

    @cached_property  # asked for at every block of a layer
    def _ends(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        read, written = tuple(axis.size for axis in self.axes), tuple(axis.outputs for axis in self.axes)
        return (written, read) if self.transposed else (read, written)


def check_channels(batch: int, channels: int, filters: int, groups: int) -> None:
    """Raise GeometryError where no layer can have such numbers of samples, channels, filters and groups."""
    if min(batch, channels, filters, groups) >= 1 and not (channels % groups or filters % groups):
        return  # at a glance: thousands of geometries are made of others
    least = {"batch": batch, "in channels": channels, "out channels": filters, "groups": groups}
    for name, value in least.items():
        if value < 1:
            raise GeometryError(f"{name} must be at least 1, not {value}.")
    for name, count in (("in", channels), ("out", filters)):
        if count % groups:
            divisors = [str(d) for d in range(1, count + 1) if count % d == 0]
            raise GeometryError(
                f"--groups {groups} does not divide --{name} {count}.",
                hint=f"--groups that divide {count}: {', '.join(divisors[:12])}",
            )
