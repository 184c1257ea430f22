"""The geometry of a convolution along one axis, written as that of pictures of one row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from gradcheck_cli.model.spec import OWN_AXES, ConvName, ConvSpec, Size, fields_of

# What the axis that a line does not have is, whatever is asked of it.
_NOTHING = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "extra_after": 0, "output_padding": 0}
_OF_LINES: dict[ConvName, ConvName] = {"conv2d": "conv1d", "conv_transpose2d": "conv_transpose1d"}


@dataclass(frozen=True, eq=False)  # equal as any geometry is: where class and numbers are
class LineSpec(ConvSpec):
    """A 1-D convolution, transposed or not: (n, c, l) is (n, c, 1, l), and a kernel of k taps is (1, k).

    It stays one whatever is changed: of a pair, the half for the rows is put aside. So what makes a neighbour of a
    geometry of pictures makes a neighbour of a line too.
    """

    conv: ConvName = "conv1d"

    def __post_init__(self) -> None:
        object.__setattr__(self, "height", 1)
        for name, value in _NOTHING.items():
            object.__setattr__(self, name, (value, getattr(self, name)[1]))
        super().__post_init__()


@dataclass(frozen=True, eq=False)
class OneRow(ConvSpec):
    """The picture of one row that a line is: it may be changed to have rows, and knows that its code has none."""


@lru_cache(maxsize=2**12)  # every target of lines is asked about the same pictures' columns
def as_line(spec: ConvSpec) -> LineSpec:
    """The columns of a geometry, and nothing of its rows.

    Raises:
        GeometryError: they alone make no convolution.
    """
    return LineSpec(**fields_of(spec) | {"conv": _OF_LINES.get(spec.conv, spec.conv)})


def as_asked(spec: ConvSpec) -> ConvSpec:
    """A geometry that was named: of one axis it is a line."""
    return as_line(spec) if OWN_AXES[spec.conv] == 1 else spec


def as_picture(spec: ConvSpec) -> ConvSpec:
    """The same numbers as a geometry of pictures, which can be changed into one that has rows."""
    is_line = isinstance(spec, LineSpec) and spec.is_plain
    return OneRow(**fields_of(spec) | {"conv": "conv2d"}) if is_line else spec


def number_of_axes(spec: ConvSpec) -> int:
    """Those that its code knows: 1, 2 or 3."""
    return 1 if isinstance(spec, OneRow) else OWN_AXES[spec.conv]


def of_its_axes(size: Size, spec: ConvSpec, rows: int) -> Size:
    """A pair as the code of `spec` can choose it: what stands for the rows of a line is `rows`, whatever it does."""
    return size if number_of_axes(spec) > 1 else (rows, size[1])


def without_rows(numbers: tuple[int, ...], spec: ConvSpec) -> tuple[int, ...]:
    """A shape or an index of four numbers as the code of a line has it: without that of the rows."""
    return (*numbers[:2], *numbers[3:]) if isinstance(spec, LineSpec) and len(numbers) == 4 else numbers
