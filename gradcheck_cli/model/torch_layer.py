"""A layer in torch's words, of any form: what `torch.nn.functional.conv1d` to `conv_transpose3d` are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gradcheck_cli.model.axis import PaddingMode
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.spec import CONVS, OWN_AXES, ConvName, ConvSpec, Size

Lengths: TypeAlias = int | Sequence[int]
"""One number for all axes, or one for each, the outermost first."""
TorchPadding: TypeAlias = int | Sequence[int | tuple[int, int]] | Literal["same", "valid"]
"""A number for all sides, a number or a pair (before, after) for each axis, or torch's words."""


@dataclass(frozen=True, kw_only=True)
class TorchLayer:
    """A layer of any form, as torch is told it; `spec` is the same layer in our words.

        TorchLayer(conv="conv1d", in_channels=3, out_channels=4, size=9, kernel_size=3, padding=[(2, 0)]).spec
        TorchLayer(conv="conv_transpose3d", in_channels=3, out_channels=4, size=(4, 5, 6), kernel_size=2, stride=2).spec

    `size` is that of the input, without batch and channels. 'same' is as torch has it: dilation*(kernel_size - 1) in
    all, the half of it, rounded down, in front.

    Raises (when asked for `spec`):
        GeometryError: what torch refuses too; the message holds both numbers.
    """

    conv: ConvName = "conv2d"
    batch: int = 1
    in_channels: int
    out_channels: int
    size: Lengths
    kernel_size: Lengths
    stride: Lengths = 1
    padding: TorchPadding = 0
    dilation: Lengths = 1
    groups: int = 1
    padding_mode: PaddingMode = "zeros"
    output_padding: Lengths = 0

    @property
    def spec(self) -> ConvSpec:
        """The geometry; that of a layer of one axis has the height 1."""
        if self.conv not in CONVS:
            raise GeometryError(f"{self.conv!r} is no form of a convolution.", hint=f"there are {', '.join(CONVS)}")
        *depth, height, width = self._sizes("size", self.size, unused=1)
        before, after = self._margins()
        return ConvSpec(
            self.batch,
            self.in_channels,
            self.out_channels,
            height,
            width,
            kernel_size=self._sizes("kernel size", self.kernel_size, unused=1),
            stride=self._sizes("stride", self.stride, unused=1),
            padding=before,
            dilation=self._sizes("dilation", self.dilation, unused=1),
            groups=self.groups,
            extra_after=tuple(b - a for a, b in zip(before, after, strict=True)),
            conv=self.conv,
            depth=depth[0] if depth else 1,
            padding_mode=self.padding_mode,
            output_padding=self._sizes("output padding", self.output_padding, unused=0),
        )

    def _margins(self) -> tuple[Size, Size]:
        """What is added in front and behind, on each axis."""
        if isinstance(self.padding, str):
            return self._named(self.padding)
        sides = self.padding if isinstance(self.padding, int) else [_pair(side) for side in self.padding]
        if isinstance(sides, int):
            sides = [(sides, sides)] * OWN_AXES[self.conv]
        before, after = ([side[end] for side in sides] for end in (0, 1))
        return self._sizes("padding", before, unused=0), self._sizes("padding", after, unused=0)

    def _named(self, word: str) -> tuple[Size, Size]:
        if word not in ("same", "valid"):
            raise GeometryError(f"padding {word!r} is no word of torch's.", hint="same, valid, or numbers")
        if self.conv.startswith("conv_transpose"):
            raise GeometryError(f"{self.conv} takes no padding {word!r}, only numbers.")
        if word == "valid":
            return (self._sizes("padding", 0, unused=0),) * 2
        stride = self._sizes("stride", self.stride, unused=1)
        if max(stride) > 1:
            raise GeometryError(
                f"padding 'same' is for a stride of 1, not {max(stride)}, as torch has it.",
                hint="numbers for the sides work with any stride",
            )
        taps = self._sizes("kernel size", self.kernel_size, unused=1)
        total = [d * (k - 1) for d, k in zip(self._sizes("dilation", self.dilation, unused=1), taps, strict=True)]
        before = tuple(number // 2 for number in total)
        return before, tuple(all_of_it - first for all_of_it, first in zip(total, before, strict=True))

    def _sizes(self, name: str, value: Lengths, *, unused: int) -> Size:
        """A number for each axis; `unused` for the one that a layer of one axis does not have."""
        count = OWN_AXES[self.conv]
        numbers = (value,) * count if isinstance(value, int) else tuple(value)
        if len(numbers) != count:
            raise GeometryError(f"{name} of {self.conv} takes 1 number or {count}, not {len(numbers)}.")
        return (unused, *numbers) if count == 1 else numbers


def _pair(side: int | tuple[int, int]) -> tuple[int, int]:
    return (side, side) if isinstance(side, int) else side
