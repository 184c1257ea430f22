"""The geometry of one convolution, of any form that torch has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from math import prod
from typing import Any, Literal, TypeAlias, get_args

from gradcheck_cli.model.axis import Axis, PaddingMode, TransposedAxis
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.geometry import AXIS_NAMES, Geometry, check_channels
from gradcheck_cli.model.tensors import GradientName
from gradcheck_cli.model.text import counted

Size: TypeAlias = tuple[int, ...]
"""A number for each axis, from the outermost to the innermost: (rows, columns)."""

ConvName: TypeAlias = Literal["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]
"""The form of a layer, as torch.nn.functional calls it."""
CONVS: tuple[ConvName, ...] = get_args(ConvName)

# A field that a document holds only where it is not the default: reports of pictures are those of schema 2.
UNLESS_USUAL: Mapping[str, bool] = {"unless_usual": True}

# How many axes the user sees.
OWN_AXES: Mapping[ConvName, int] = {name: int(name[-2]) for name in CONVS}


def is_transposed(conv: ConvName) -> bool:
    """Whether the form is one of torch's ConvTranspose."""
    return conv.startswith("conv_transpose")


@dataclass(frozen=True)
class ConvSpec:
    """Geometry of one convolution. All lengths are in elements; pairs are (vertical, horizontal).

    `padding` is what is added at the top and the left. As much is added at the bottom and the right, and `extra_after`
    more there: (1, 0) is one row more at the bottom, (0, -1) one column less at the right. Padding 'same' needs it
    where the total is odd.

    `conv` says which form the layer has. Whatever is written for 2-D is right for one axis as it stands: "conv1d" is
    the layer of height 1, its arrays have an axis of size 1 there, and `own` leaves that axis out where the layer is
    told. "conv3d" has `depth` and a third number, the first, in all sizes. A transposed layer is told in its own words:
    height and width are those of its input, padding is cut off its output, `output_padding` lengthens it; but its
    `axes` are those of the convolution that it turns round, see `mirrored`. `TorchLayer` makes any of them from
    torch's arguments.

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
    conv: ConvName = field(default="conv2d", metadata=UNLESS_USUAL)
    depth: int = field(default=1, metadata=UNLESS_USUAL)
    padding_mode: PaddingMode = field(default="zeros", metadata=UNLESS_USUAL)
    output_padding: Size = field(default=(0, 0), metadata=UNLESS_USUAL)

    def __post_init__(self) -> None:
        check_channels(self.batch, self.in_channels, self.out_channels, self.groups)
        self._check_form()
        if min(self.padding_after) < 0 <= min(self.padding):
            raise GeometryError(
                f"padding at the bottom and the right must be at least 0, not {min(self.padding_after)}.",
                hint=f"extra_after takes away {self.extra_after} of {self.padding}",
            )
        _ = self.geometry  # made now, because it and its axes check themselves

    def __hash__(self) -> int:
        """Kept: a geometry is looked up in many tables. Of numbers only, which are the same in every process."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        sizes = (self.height, self.width, self.kernel_size, self.stride, self.padding, self.dilation, self.extra_after)
        return hash((self.batch, self.in_channels, self.out_channels, self.groups, self.depth, *sizes))

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of a convolution from the outermost to the innermost, (vertical, horizontal) of a picture.

        Of a transposed layer those of `mirrored`: what they read is its output.
        """
        make = self._transposed_axis if self.transposed else self._axis
        names = ("height", *AXIS_NAMES[OWN_AXES[self.conv]])[-len(self.stride) :]
        read = (self.input_size, self.kernel_size, self.stride, self.dilation, self.padding, self.padding_after)
        numbers = zip(*read, self.output_padding, names, strict=True)
        return tuple(make(*each) for each in numbers)

    @cached_property
    def geometry(self) -> Geometry:
        """The same layer as the definition takes it."""
        return Geometry(self.batch, self.in_channels, self.out_channels, self.axes, self.groups, self.transposed)

    @property
    def transposed(self) -> bool:
        """Whether it is one of torch's ConvTranspose."""
        return is_transposed(self.conv)

    @property
    def is_plain(self) -> bool:
        """Whether it is a convolution among zeros of a picture or a line: what the fast ways are written for."""
        return not self.transposed and self.padding_mode == "zeros" and len(self.kernel_size) == 2

    @cached_property
    def input_size(self) -> Size:
        """(h, w), or (d, h, w)"""
        return (self.depth, self.height, self.width)[-len(self.kernel_size) :]

    @cached_property
    def x_shape(self) -> tuple[int, ...]:
        """(n, c_in, h, w), or (n, c_in, d, h, w)"""
        return (self.batch, self.in_channels, *self.input_size)

    @cached_property
    def weight_shape(self) -> tuple[int, ...]:
        """(c_out, c_in/groups, kh, kw), or (c_in, c_out/groups, kh, kw) of a transposed layer"""
        return self.geometry.weight_shape

    @property
    def bias_shape(self) -> tuple[int]:
        """(c_out,)"""
        return (self.out_channels,)

    @cached_property
    def padding_after(self) -> Size:
        """What is added at the bottom and the right."""
        return tuple(before + more for before, more in zip(self.padding, self.extra_after, strict=True))

    @property
    def padded_size(self) -> Size:
        """Rows and columns of the input with its padding; of a transposed layer, of the output before it is cut."""
        return tuple(axis.room for axis in self.axes)

    @property
    def is_padded(self) -> bool:
        """Whether anything is added on any side."""
        return any(self.padding) or any(self.padding_after)

    @property
    def is_symmetric(self) -> bool:
        """Whether as much is added after as before, on all axes."""
        return not any(self.extra_after)

    @property
    def unusual(self) -> tuple[str, ...]:
        """Those of stride, padding, dilation and groups that a plain convolution does without."""
        asked = {
            "stride": max(self.stride) > 1,
            "padding": self.is_padded,
            "dilation": max(self.dilation) > 1,
            "groups": self.groups != 1,
        }
        return tuple(name for name, is_asked in asked.items() if is_asked)

    @cached_property
    def output_size(self) -> Size:
        """(h_out, w_out), or (d_out, h_out, w_out)"""
        return self.geometry.outputs

    @cached_property
    def output_shape(self) -> tuple[int, ...]:
        """(n, c_out, h_out, w_out)"""
        return (self.batch, self.out_channels, *self.output_size)

    @cached_property
    def extent(self) -> Size:
        """Size of the dilated kernel: dilation * (kernel_size - 1) + 1."""
        return tuple(axis.extent for axis in self.axes)

    @cached_property
    def remainder(self) -> Size:
        """Rows and columns of the padded input that no window reaches."""
        return tuple(axis.remainder for axis in self.axes)

    @property
    def terms(self) -> int:
        """Products that are summed into one entry of grad_weight: n * h_out * w_out, n * h * w of a transposed layer.

        Those with a zero of the padding are counted.
        """
        return self.geometry.terms

    def terms_of(self, gradient: GradientName) -> int:
        """Products, or for the bias numbers, that are summed into one entry of a gradient, at most."""
        if gradient == "weight":
            return self.terms
        if gradient == "bias":
            return self.batch * prod(self.output_size)
        return self.out_channels // self.groups * prod(self.kernel_size) * self.readings

    @property
    def readings(self) -> int:
        """How many places of the padded input show the same element, at most: 1 among zeros."""
        return prod(axis.readings for axis in self.axes)

    @property
    def framed(self) -> ConvSpec:
        """The convolution of the input with its padding already around it: the same outputs, and no padding."""
        nothing = (0,) * len(self.kernel_size)
        return self.of_size(self.padded_size, padding=nothing, extra_after=nothing, padding_mode="zeros")

    @property
    def mirrored(self) -> ConvSpec:
        """The convolution that takes a transposed layer's output back to its input, with the same kernel.

        Its products are the same, with X and O in turned roles. The elements at the end of the output that no product
        reaches, which output_padding can add, are no part of it: its input is the output up to there. There is none
        where that is nothing, see `meets_nothing`.
        """
        reached = tuple(axis.size - less for axis, less in zip(self.axes, self._unreached, strict=True))
        after = tuple(axis.after + less for axis, less in zip(self.axes, self._unreached, strict=True))
        return self.of_size(
            reached,
            conv=CONVS[OWN_AXES[self.conv] - 1],
            in_channels=self.out_channels,
            out_channels=self.in_channels,
            output_padding=(0,) * len(self.kernel_size),
            extra_after=tuple(behind - before for behind, before in zip(after, self.padding, strict=True)),
        )

    @property
    def meets_nothing(self) -> bool:
        """Whether no product is left in any output: torch has transposed layers of output padding alone."""
        return any(axis.size <= less for axis, less in zip(self.axes, self._unreached, strict=True))

    @property
    def _unreached(self) -> Size:
        """Elements at the end of a transposed layer's output that no product reaches."""
        return tuple(max(0, -axis.after) for axis in self.axes)

    def own(self, numbers: Size) -> Size:
        """A size of this layer, without the axis that a layer of one axis does not have: (1, 7) of conv1d is (7,)."""
        return numbers[-OWN_AXES[self.conv] :]

    @property
    def own_axes(self) -> tuple[Axis, ...]:
        """The axes that the layer has in torch."""
        return self.axes[-OWN_AXES[self.conv] :]

    def of_size(self, size: Size, **changes: Any) -> ConvSpec:
        """This layer with another size of its input, one number for each axis, and with other changes.

        Raises:
            GeometryError: no layer can be so.
        """
        sizes: dict[str, Any] = dict(zip(("depth", "height", "width")[-len(size) :], size, strict=True))
        return replace(self, **sizes, **changes)

    def _axis(self, *numbers: Any) -> Axis:
        *sizes, _, name = numbers
        return _axis(*sizes, self.padding_mode, name)

    def _transposed_axis(self, *numbers: Any) -> Axis:
        return TransposedAxis(*numbers).mirrored

    def _check_form(self) -> None:
        if self.conv not in CONVS:
            raise GeometryError(f"{self.conv!r} is no form of a convolution.", hint=f"there are {', '.join(CONVS)}")
        self._check_counts()
        if OWN_AXES[self.conv] == 1 and (self.height, self.kernel_size[0], self.stride[0], self.padding[0]) != _LINE:
            raise GeometryError(
                f"{self.conv} has one axis: its height is 1, not {self.height}, and nothing acts on it."
            )
        if self.depth != 1 and len(self.kernel_size) != 3:
            raise GeometryError(f"{self.conv} has no depth of {self.depth}.", hint="conv3d has one")
        if self.transposed and self.padding_mode != "zeros":
            raise GeometryError(
                f"{self.conv} takes no padding mode {self.padding_mode}, as torch has zeros alone there.",
                hint="its padding is cut off the output, where nothing can be repeated",
            )
        if any(self.output_padding) and not self.transposed:
            raise GeometryError(
                f"{self.conv} has no output padding, and {max(self.output_padding)} is asked for.",
                hint="a transposed layer has one",
            )

    def _check_counts(self) -> None:
        count = max(2, OWN_AXES[self.conv])
        for name in ("kernel_size", "stride", "padding", "dilation", "extra_after", "output_padding"):
            numbers: Size = getattr(self, name)
            if len(numbers) != count:
                raise GeometryError(
                    f"{name} of {self.conv} has {counted(count, 'number')} here, not {len(numbers)}: {numbers}.",
                    hint="TorchLayer takes them as torch does",
                )


def changed(spec: ConvSpec, **changes: Any) -> ConvSpec | None:
    """A geometry with other numbers; None where no layer has such. Every target is asked about the same few hundred."""
    return _changed(spec, tuple(changes.items()))


@lru_cache(maxsize=2**16)
def _changed(spec: ConvSpec, changes: tuple[tuple[str, Any], ...]) -> ConvSpec | None:
    try:
        return replace(spec, **dict(changes))
    except GeometryError:
        return None


# Thousands of geometries are made of a few axes, each of which checks itself.
_axis = lru_cache(maxsize=2**12)(Axis)
# Height, kernel, stride and padding of the axis that a layer of one axis does not have.
_LINE = (1, 1, 1, 0)


def fields_of(spec: ConvSpec) -> dict[str, Any]:
    """Every field of a geometry, as it is stored: what another kind of geometry, or the wire, is made from."""
    return {field.name: getattr(spec, field.name) for field in fields(ConvSpec)}
