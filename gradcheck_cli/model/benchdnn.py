"""Problem descriptors of oneDNN's benchdnn, for convolutions and deconvolutions of one to three axes.

    mb1ic3ih256oc3kh32          g1_ic16oc32_ih7oh4kh3sh2ph1          --deconv mb1ic3ih5oc4kh3sh2

Every number stands behind its letters, in any order; `_` parts them and says nothing; what follows an `n` is a name.
g groups, mb samples (2 where nothing is said), ic and oc channels; i, o, k, s, p and d before the letter of an axis
(d, h, w) are the input, the output, the kernel, the stride, the padding in front and the dilation, of which 0 is none.
An axis that is not said is like the one before it; where only w is said, the layer has one axis, and where no d is
said, two. Without an output there is as much padding behind as in front; with one, as much as it takes, and without
padding in front half of it stands there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gradcheck_cli.model.errors import GeometryError, UsageError
from gradcheck_cli.model.spec import CONVS, ConvName, ConvSpec
from gradcheck_cli.model.torch_layer import TorchLayer

EXAMPLE = "mb1ic3ih256oc3kh32"

_DRIVER = re.compile(r"(?:--)?(?P<driver>de)?conv\s+")
_NUMBER = re.compile(r"(?P<word>g|mb|[io]c|[iokspd][dhw])(?P<value>\d{1,10})", re.ASCII)
_AXES = "dhw"


def is_descriptor(text: str) -> bool:
    """Whether a text is meant as one: numbers that stand behind their letters, or a driver before them."""
    rest = _DRIVER.sub("", text.strip(), count=1)
    return _NUMBER.match(rest.lstrip("_")) is not None


def geometry_of(text: str) -> ConvSpec:
    """The layer that a descriptor names.

    Raises:
        UsageError: letters that mean nothing, a number that is missing, or that is said twice.
        GeometryError: sizes that no convolution can have, or an output that no padding gives.
    """
    driver = _DRIVER.match(text.strip())
    said = _said(text, text.strip()[driver.end() :] if driver else text.strip())
    transposed = bool(driver and driver["driver"])
    axes = [_AxisWords.of(text, said, letter, transposed) for letter in _axes(text, said)]
    return TorchLayer(
        conv=_conv(len(axes), transposed),
        batch=said.get("mb", 2),
        in_channels=_needed(text, said, "ic"),
        out_channels=_needed(text, said, "oc"),
        size=[axis.size for axis in axes],
        kernel_size=[axis.taps for axis in axes],
        stride=[axis.stride for axis in axes],
        padding=[axis.sides for axis in axes],
        dilation=[axis.dilation for axis in axes],
        groups=said.get("g", 1),
        output_padding=[axis.output_padding for axis in axes],
    ).spec


def _conv(axes: int, transposed: bool) -> ConvName:
    name = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    return next(conv for conv in CONVS if conv == name)


def _said(text: str, descriptor: str) -> dict[str, int]:
    said: dict[str, int] = {}
    rest = descriptor.lstrip("_")
    while rest and not rest.startswith("n"):
        found = _NUMBER.match(rest)
        if found is None or found["word"] in said:
            reason = (
                f"{rest!r} begins with no number behind its letters" if found is None else f"{found['word']!r} twice"
            )
            raise UsageError(f"the descriptor {text!r} cannot be read: {reason}.", hint=f"as in: {EXAMPLE}")
        said[found["word"]] = int(found["value"])
        rest = rest[found.end() :].lstrip("_")
    return said


def _needed(text: str, said: dict[str, int], word: str) -> int:
    if word not in said:
        raise UsageError(f"the descriptor {text!r} does not say {word}.", hint=f"as in: {EXAMPLE}")
    return said[word]


def _axes(text: str, said: dict[str, int]) -> list[str]:
    """For each axis of the layer, the letter that tells it: the last that is said tells the rest too."""
    letters = [letter for letter in _AXES if any(f"{kind}{letter}" in said for kind in "iok")]
    if not letters:
        raise UsageError(f"the descriptor {text!r} does not say a size.", hint=f"as in: {EXAMPLE}")
    first = _AXES.index(letters[0])
    return [max(letter for letter in letters if letter <= axis) for axis in _AXES[first:]]


@dataclass(frozen=True)
class _AxisWords:
    """One axis in torch's words."""

    size: int
    taps: int
    stride: int
    dilation: int
    sides: tuple[int, int]
    output_padding: int = 0

    @classmethod
    def of(cls, text: str, said: dict[str, int], letter: str, transposed: bool) -> _AxisWords:
        """The axis that a letter tells; the sides follow from the output where that is said."""
        size, taps = (_needed(text, said, f"{kind}{letter}") for kind in "ik")
        stride, dilation = said.get(f"s{letter}", 1), said.get(f"d{letter}", 0) + 1
        output, before = said.get(f"o{letter}", 0), said.get(f"p{letter}")
        if not output:
            return cls(size, taps, stride, dilation, (before or 0, before or 0))
        long, short = (size, output) if transposed else (output, size)
        total = (long - 1) * stride + dilation * (taps - 1) + 1 - short
        before = max(0, total // 2) if before is None else before
        axis = cls(size, taps, stride, dilation, (before, total - before))
        return axis._with_output_padding() if transposed else axis._with_remainder(output)

    def _with_remainder(self, output: int) -> _AxisWords:
        """Where less than no padding is behind, the end of the input is not read; torch says nothing of that."""
        before, after = self.sides
        if -after >= self.stride:
            raise GeometryError(
                f"no padding gives an output of {output} for {self.size} elements: {-after} would be cut off.",
                hint=f"a smaller input, or an output of {output + -after // self.stride}",
            )
        return _AxisWords(self.size, self.taps, self.stride, self.dilation, (before, max(0, after)))

    def _with_output_padding(self) -> _AxisWords:
        """As torch says it, where it can: cut off alike on both sides, and lengthened behind."""
        before, after = self.sides
        longer = before - after
        if after >= 0 and not 0 < longer < max(self.stride, self.dilation):
            return self
        return _AxisWords(self.size, self.taps, self.stride, self.dilation, (before, before), longer)
