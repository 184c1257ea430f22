"""One axis of a convolution: which input element an output reads with a tap. Index arithmetic, no arrays.

What sizes do to one another is said here once, for any number of axes: `ConvSpec` and `Geometry` ask their axes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from gradcheck_cli.model.errors import GeometryError

PaddingMode: TypeAlias = Literal["zeros", "reflect", "replicate", "circular"]
PADDING_MODES: tuple[PaddingMode, ...] = get_args(PaddingMode)


def _nothing(index: int, size: int) -> int | None:
    return index if 0 <= index < size else None


def _mirrored(index: int, size: int) -> int:
    """The edge itself is not repeated: 1234 goes on with 321."""
    steps = abs(index)
    return steps if steps < size else 2 * (size - 1) - steps


def _nearest(index: int, size: int) -> int:
    return min(max(index, 0), size - 1)


def _around(index: int, size: int) -> int:
    return index % size


# Which element stands at an index beyond the input: all that the ways of padding differ in.
SOURCES: Mapping[PaddingMode, Callable[[int, int], int | None]] = {
    "zeros": _nothing,
    "reflect": _mirrored,
    "replicate": _nearest,
    "circular": _around,
}


@dataclass(frozen=True)
class Axis:
    """Output p reads tap u at the position stride*p + dilation*u of the padded axis, counted from 0.

    All lengths are in elements. An axis that exists is one that a convolution can have.

    Attributes:
        size: of the input.
        taps: of the kernel.
        stride: from one output to the next.
        dilation: from one tap to the next.
        before: padding in front of the input.
        after: padding behind it. Among zeros it may be below 0 and takes elements away there: that is how the output
            of a transposed layer is lengthened (`TransposedAxis`).
        mode: what the padding repeats.
        name: for messages; it is no part of what makes two axes equal.

    Raises:
        GeometryError: numbers that no convolution can have; the message holds both and what would fit.
    """

    size: int
    taps: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    mode: PaddingMode = "zeros"
    name: str = field(default="length", compare=False)

    def __post_init__(self) -> None:
        _check_signs(self)
        self._check_fit()
        self._check_mode()

    @property
    def extent(self) -> int:
        """Size of the dilated kernel: dilation * (taps - 1) + 1."""
        return _extent(self)

    @property
    def room(self) -> int:
        """Size of the padded input."""
        return self.size + self.before + self.after

    @property
    def outputs(self) -> int:
        """How many windows fit."""
        return (self.room - self.extent) // self.stride + 1

    @property
    def remainder(self) -> int:
        """Elements at the end of the padded input that no window reaches."""
        return (self.room - self.extent) % self.stride

    @property
    def readings(self) -> int:
        """How many positions of the padded axis show the same input element, at most: 1 among zeros."""
        if self.mode == "zeros":
            return 1
        shown = Counter(map(self.source, range(self.room)))
        return max(shown.values())

    def source(self, position: int) -> int | None:
        """The input element that stands at `position` of the padded axis; None where nothing does, which is a zero."""
        return SOURCES[self.mode](position - self.before, self.size)

    def _check_fit(self) -> None:
        room, extent = self.room, self.extent
        if extent > room:
            missing = -(-(extent - room) // 2)
            raise GeometryError(
                f"the kernel does not fit the input along its {self.name}: {extent} > {room}.",
                facts={
                    **self._padded_in_words(),
                    "dilated kernel": f"{self.dilation}*({self.taps} - 1) + 1 = {extent}",
                },
                hint=f"--padding {self.before + missing} or an input {self.name} of {extent} would be enough",
            )

    def _padded_in_words(self) -> dict[str, str]:
        if self.before == self.after:
            return {"input + 2*padding": f"{self.size} + 2*{self.before} = {self.room}"}
        return {"input + padding on both sides": f"{self.size} + {self.before} + {self.after} = {self.room}"}

    def _check_mode(self) -> None:
        if self.mode not in SOURCES:
            raise GeometryError(f"padding mode {self.mode!r} is none.", hint=f"the modes are {', '.join(SOURCES)}")
        if self.mode == "zeros":
            return
        if self.after < 0:
            raise GeometryError(f"{self.mode} padding must be at least 0, not {self.after}.")
        # As torch has it: a mirror shows all but the edge, a turn of the circle everything once.
        most = {"reflect": self.size - 1, "circular": self.size}.get(self.mode)
        widest = max(self.before, self.after)
        if most is not None and widest > most:
            raise GeometryError(
                f"{self.mode} padding of {widest} is too wide for an input {self.name} of {self.size}: at most {most}.",
                hint=f"--padding {most} or an input {self.name} of {self.size + widest - most} would do",
            )


@dataclass(frozen=True)
class TransposedAxis:
    """One axis of a transposed layer, in the layer's own words: its input p adds to output stride*p + dilation*u.

    It is a convolution's axis read backwards. `mirrored` is that axis: its outputs are what comes in here, and its
    input is what comes out.

    Attributes:
        size: of the layer's input.
        taps, stride, dilation, before, after: as of an `Axis`; the padding is cut off the output.
        output_padding: elements more at the end of the output.
        name: for messages.

    Raises:
        GeometryError: numbers that torch refuses too; the message holds both and what would fit.
    """

    size: int
    taps: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    output_padding: int = 0
    name: str = field(default="length", compare=False)

    def __post_init__(self) -> None:
        _check_signs(self)
        for name, value in {"padding": self.after, "output padding": self.output_padding}.items():
            if value < 0:
                raise GeometryError(f"{name} must be at least 0, not {value}.")
        self._check_output_padding()
        self._check_outputs()

    @property
    def outputs(self) -> int:
        """Size of the layer's output."""
        return self._reach + self.output_padding - self.before - self.after

    @property
    def mirrored(self) -> Axis:
        """The axis of the convolution whose gradient with respect to its input this layer is."""
        after = self.after - self.output_padding
        return Axis(
            self.outputs, self.taps, self.stride, self.dilation, self.before, after, mode="zeros", name=self.name
        )

    @property
    def _reach(self) -> int:
        return self.stride * (self.size - 1) + _extent(self)

    def _check_output_padding(self) -> None:
        most = max(self.stride, self.dilation) - 1
        if self.output_padding > most:
            raise GeometryError(
                f"output padding {self.output_padding} along the {self.name} must be smaller than the stride "
                f"{self.stride} or the dilation {self.dilation}.",
                hint=f"--output-padding {most} is the most here",
            )

    def _check_outputs(self) -> None:
        if self.outputs < 1:
            missing = -(-(1 - self.outputs) // self.stride)
            raise GeometryError(
                f"a transposed layer needs an output along its {self.name}: {self.outputs} < 1.",
                facts={
                    "stride*(input - 1) + kernel": f"{self.stride}*({self.size} - 1) + {_extent(self)} = {self._reach}",
                    "output padding - padding": f"{self.output_padding} - {self.before} - {self.after}",
                },
                hint=f"an input {self.name} of {self.size + missing} would be enough, or less padding",
            )


def _extent(axis: Axis | TransposedAxis) -> int:
    return axis.dilation * (axis.taps - 1) + 1


def _check_signs(axis: Axis | TransposedAxis) -> None:
    least = {"input size": axis.size, "kernel size": axis.taps, "stride": axis.stride, "dilation": axis.dilation}
    for name, value in least.items():
        if value < 1:
            raise GeometryError(f"{name} must be at least 1, not {value}.")
    if axis.before < 0:
        raise GeometryError(f"padding must be at least 0, not {axis.before}.")
