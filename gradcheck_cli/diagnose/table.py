"""The conditions on a geometry that can be told ("padding = 0", "out channels > 8"), as a table: which hold where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Size
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.model.spec import changed

Predicate = Callable[[ConvSpec], bool]
Row = tuple[str, str, Predicate]


def _sides(spec: ConvSpec) -> tuple[Size, ...]:
    """The padding of the rows (above, below) and of the columns (left, right); a line has no rows."""
    sides = zip(spec.padding, spec.padding_after, strict=True)
    return tuple(sides)[-number_of_axes(spec) :]


def _overlap(spec: ConvSpec) -> bool:
    sizes = zip(spec.output_size, spec.extent, spec.stride, strict=True)
    return any(outputs > 1 and extent > step for outputs, extent, step in sizes)


# (phrase when it holds, phrase when it does not, test). The order decides between conditions that nothing tells apart.
NAMED: tuple[Row, ...] = (
    ("batch > 1", "batch = 1", lambda spec: spec.batch > 1),
    ("padding = 0", "padding > 0", lambda spec: not spec.is_padded),
    (
        "padding differs between the sides",
        "padding is the same on both sides",
        lambda spec: not spec.is_symmetric,
    ),
    ("stride > 1", "stride = 1", lambda spec: max(spec.stride) > 1),
    ("a remainder is left over", "no remainder is left over", lambda spec: max(spec.remainder) > 0),
    ("rows are left over", "no row is left over", lambda spec: spec.remainder[-2] > 0),
    ("columns are left over", "no column is left over", lambda spec: spec.remainder[-1] > 0),
    ("dilation > 1", "dilation = 1", lambda spec: max(spec.dilation) > 1),
    ("groups > 1", "groups = 1", lambda spec: spec.groups > 1),
    ("in channels > 1", "in channels = 1", lambda spec: spec.in_channels > 1),
    ("out channels > 1", "out channels = 1", lambda spec: spec.out_channels > 1),
    ("the kernel is larger than 1x1", "the kernel is 1x1", lambda spec: max(spec.kernel_size) > 1),
    (
        "the kernel is not square",
        "the kernel is square",
        lambda spec: len(set(spec.kernel_size)) > 1,
    ),
    ("the image is not square", "the image is square", lambda spec: spec.height != spec.width),
    (
        "the kernel has an even side",
        "the kernel has odd sides",
        lambda spec: any(side % 2 == 0 for side in spec.kernel_size),
    ),
    ("padding differs from 1", "padding = 1", lambda spec: {*_sides(spec)} != {(1, 1)}),
    (
        "padding differs from (kernel - 1) / 2",
        "padding = (kernel - 1) / 2",
        lambda spec: any(
            2 * p != e - 1 for sides, e in zip(_sides(spec)[::-1], spec.extent[::-1], strict=False) for p in sides
        ),
    ),
    (
        "stride or padding differ between rows and columns",
        "stride and padding are the same for rows and columns",
        lambda spec: spec.stride[-2] != spec.stride[-1] or _sides(spec)[0] != _sides(spec)[-1],
    ),
    ("in and out channels differ", "in and out channels agree", lambda spec: spec.in_channels != spec.out_channels),
    ("there is more than one output", "there is one output", lambda spec: max(spec.output_size) > 1),
    ("there is more than one row of outputs", "there is one row of outputs", lambda spec: spec.output_size[-2] > 1),
    (
        "there is more than one column of outputs",
        "there is one column of outputs",
        lambda spec: spec.output_size[-1] > 1,
    ),
    ("the output is not square", "the output is square", lambda spec: spec.output_size[-2] != spec.output_size[-1]),
    (
        "the image is wider than high",
        "the image is not wider than high",
        lambda spec: spec.width > spec.height,
    ),
    (
        "the image is higher than wide",
        "the image is not higher than wide",
        lambda spec: spec.height > spec.width,
    ),
    (
        "the output is wider than high",
        "the output is not wider than high",
        lambda spec: spec.output_size[-1] > spec.output_size[-2],
    ),
    (
        "the output is higher than wide",
        "the output is not higher than wide",
        lambda spec: spec.output_size[-2] > spec.output_size[-1],
    ),
    (
        "the kernel is wider than high",
        "the kernel is not wider than high",
        lambda spec: spec.kernel_size[-1] > spec.kernel_size[-2],
    ),
    (
        "the kernel is higher than wide",
        "the kernel is not higher than wide",
        lambda spec: spec.kernel_size[-2] > spec.kernel_size[-1],
    ),
    (
        "stride differs between rows and columns",
        "stride is the same for rows and columns",
        lambda spec: spec.stride[-2] != spec.stride[-1],
    ),
    (
        "padding differs between rows and columns",
        "padding is the same for rows and columns",
        lambda spec: _sides(spec)[0] != _sides(spec)[-1],
    ),
    (
        "padding = 0 on a side",
        "padding > 0 on every side",
        lambda spec: min(map(min, _sides(spec))) == 0,
    ),
    ("padding of the rows = 0", "padding of the rows > 0", lambda spec: _sides(spec)[0] == (0, 0)),
    ("padding of the columns = 0", "padding of the columns > 0", lambda spec: _sides(spec)[-1] == (0, 0)),
    ("output padding > 0", "output padding = 0", lambda spec: any(spec.output_padding)),
    ("in channels > out channels", "in channels <= out channels", lambda spec: spec.in_channels > spec.out_channels),
    ("in channels < out channels", "in channels >= out channels", lambda spec: spec.in_channels < spec.out_channels),
    ("windows overlap", "no windows overlap", lambda spec: _overlap(spec)),
    ("the kernel has more than one row", "the kernel has one row", lambda spec: spec.kernel_size[-2] > 1),
    ("the kernel has more than one column", "the kernel has one column", lambda spec: spec.kernel_size[-1] > 1),
    (
        "the kernel has rows and columns",
        "the kernel has one row or one column",
        lambda spec: min(spec.kernel_size) > 1,
    ),
    ("stride of the rows > 1", "stride of the rows = 1", lambda spec: spec.stride[-2] > 1),
    ("stride of the columns > 1", "stride of the columns = 1", lambda spec: spec.stride[-1] > 1),
)


@dataclass(frozen=True)
class BlockSize:
    """A size that code may handle in blocks.

    Attributes:
        name: in the plural or without one, as the phrases need it.
        are: the verb after it.
        size: of a geometry.
        sized: the changes that give a geometry this size.
    """

    name: str
    are: str
    size: Callable[[ConvSpec], int]
    sized: Callable[[ConvSpec, int], dict[str, Any]]


def _side(spec: ConvSpec, axis: int, outputs: int) -> int:
    """The side of the image that has so many outputs."""
    return spec.stride[axis] * (outputs - 1) + spec.extent[axis] - spec.padding[axis] - spec.padding_after[axis]


AXES: tuple[BlockSize, ...] = (
    BlockSize("in channels", "are", lambda spec: spec.in_channels, lambda _, size: {"in_channels": size}),
    BlockSize("out channels", "are", lambda spec: spec.out_channels, lambda _, size: {"out_channels": size}),
    BlockSize("batch", "is", lambda spec: spec.batch, lambda _, size: {"batch": size}),
    BlockSize(
        "rows of outputs",
        "are",
        lambda spec: spec.output_size[-2],
        lambda spec, size: {"height": _side(spec, -2, size)},
    ),
    BlockSize(
        "columns of outputs",
        "are",
        lambda spec: spec.output_size[-1],
        lambda spec, size: {"width": _side(spec, -1, size)},
    ),
    BlockSize(
        "outputs of an image",
        "are",
        lambda spec: prod(spec.output_size),
        lambda spec, size: {"height": _side(spec, -2, 1), "width": _side(spec, -1, size)},
    ),
    BlockSize("rows of the image", "are", lambda spec: spec.height, lambda _, size: {"height": size}),
    BlockSize("columns of the image", "are", lambda spec: spec.width, lambda _, size: {"width": size}),
    BlockSize(
        "rows of the kernel",
        "are",
        lambda spec: spec.kernel_size[-2],
        lambda spec, size: {"kernel_size": (*spec.kernel_size[:-2], size, spec.kernel_size[-1])},
    ),
    BlockSize(
        "columns of the kernel",
        "are",
        lambda spec: spec.kernel_size[-1],
        lambda spec, size: {"kernel_size": (*spec.kernel_size[:-1], size)},
    ),
)
# Blocks as people write them, and the sizes between: only where the neighbour of a size fails is the size itself known.
_MORE = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64)
# Sizes of blocks that people write: small ones by hand, the powers of 2 of tiles and vectors.
_MULTIPLES = (2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64)


def _senses(axis: BlockSize) -> list[str]:
    more = [(f"{axis.name} > {k}", f"{axis.name} <= {k}") for k in _MORE]
    of = f"{axis.name} {axis.are}"
    rest = [(f"{of} no multiple of {k}", f"{of} a multiple of {k}") for k in _MULTIPLES]
    return [phrase for pair in [*more, *rest] for phrase in pair]


# Rows of the table that say nothing of a line, whose columns are all that it has, and not enough of a volume.
_SPEAKS_OF_PICTURES = re.compile("row|column|square|wide|high")
_LOPSIDED = re.compile("wider than high|higher than wide")
# Code in blocks fails where something is left over. Where nothing is, only a faster way that is taken there fails, and
# the vectors of such ways are powers of 2.
_VECTORS = (2, 4, 8, 16, 32, 64)
_EXPLAINED = np.array([True] * 2 * len(_MORE) + [sense for k in _MULTIPLES for sense in (True, k in _VECTORS)])
# Fewer values of a size than these say nothing of blocks.
_VALUES = 4

# Both senses of each row, one after the other, as in the rows of `truths`: the named ones, then the axes, each with its
# sizes and its multiples.
_SENSES = (
    *(phrase for yes, no, _ in NAMED for phrase in (yes, no)),
    *(phrase for axis in AXES for phrase in _senses(axis)),
)
_PLACES = {phrase: place for place, phrase in enumerate(_SENSES)}
# Rows of the table for one size: each number in both senses.
_PER_AXIS = 2 * (len(_MORE) + len(_MULTIPLES))


@dataclass(frozen=True)
class Condition:
    """One sense of a row of the table, or two of them joined."""

    first: int
    second: int | None = None
    both: bool = True

    @property
    def phrase(self) -> str:
        """ "padding = 0", "batch > 1 and stride > 1"."""
        first = _SENSES[self.first]
        if self.second is None:
            return first
        return f"{first} {'and' if self.both else 'or'} {_SENSES[self.second]}"

    def over(self, table: Array) -> Array:
        """Whether it holds, for each column of `truths`."""
        one: Array = table[self.first]
        if self.second is None:
            return one
        other: Array = table[self.second]
        return np.logical_and(one, other) if self.both else np.logical_or(one, other)

    def holds(self, spec: ConvSpec) -> bool:
        """Whether it holds on one geometry."""
        return bool(self.over(truths((spec,)))[0])

    @property
    def negated(self) -> Condition:
        """What holds where this does not."""
        if self.second is None:
            return Condition(self.first ^ 1)
        return Condition(self.first ^ 1, self.second ^ 1, not self.both)

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The two that are joined; empty where it is one."""
        return () if self.second is None else (Condition(self.first), Condition(self.second))

    @property
    def is_lopsided(self) -> bool:
        """Is it about which side is the longer one?"""
        return bool(_LOPSIDED.search(self.phrase))

    @property
    def blocks(self) -> tuple[tuple[BlockSize, int], ...]:
        """The axes that it is about, each with the number that it names."""
        places = [place for place in (self.first, self.second) if place is not None and place >= 2 * len(NAMED)]
        return tuple((AXES[axis_of(place)], _number(place)) for place in places)


def axis_of(place: int) -> int:
    """Which axis a row is about; -1 for the named rows."""
    return -1 if place < 2 * len(NAMED) else (place - 2 * len(NAMED)) // _PER_AXIS


def _number(place: int) -> int:
    return (*_MORE, *_MULTIPLES)[(place - 2 * len(NAMED)) % _PER_AXIS // 2]


def parsed(phrase: str) -> Condition | None:
    """The condition that a phrase stands for; None where it is about something else than the geometry."""
    if phrase in _PLACES:
        return Condition(_PLACES[phrase])
    for word, both in ((" and ", True), (" or ", False)):
        for first, place in _PLACES.items():
            if phrase.startswith(first + word) and phrase.removeprefix(first + word) in _PLACES:
                return Condition(place, _PLACES[phrase.removeprefix(first + word)], both)
    return None


@lru_cache(maxsize=64)
def truths(specs: tuple[ConvSpec, ...]) -> Array:
    """(rows of the table, geometries): whether each row holds on each geometry."""
    holds = np.array([_named(spec) for spec in specs], dtype=bool).reshape(len(specs), len(NAMED)).T
    table = np.concatenate([holds, *(_blocks(specs, axis) for axis in AXES)])
    return np.stack([table, ~table], axis=1).reshape(len(_SENSES), len(specs))


@lru_cache(maxsize=2**14)
def _named(spec: ConvSpec) -> tuple[bool, ...]:
    """Each named row's test on one geometry; the same ones come again with every answer."""
    return tuple(test(spec) for _, _, test in NAMED)


def _blocks(specs: Sequence[ConvSpec], axis: BlockSize) -> Array:
    sizes = np.array([axis.size(spec) for spec in specs], dtype=np.int64)
    return np.concatenate([sizes > np.array(_MORE)[:, None], sizes % np.array(_MULTIPLES)[:, None] > 0])


@lru_cache(maxsize=64)
def speaking(specs: tuple[ConvSpec, ...]) -> Array:
    """Whether each row may be told of these geometries: of a size with few values every block would fit.

    Nor is "a multiple of 6": the numbers that are one may be those that are wrong, but nobody writes what would be.
    """
    axes = [len({axis.size(spec) for spec in specs}) >= _VALUES for axis in AXES]
    pictures = all(number_of_axes(spec) == 2 for spec in specs)
    named = [pictures or not _SPEAKS_OF_PICTURES.search(yes) for yes, _, _ in NAMED]
    return np.concatenate([np.repeat(named, 2), *(np.logical_and(_EXPLAINED, speaks) for speaks in axes)])


def resized(spec: ConvSpec, axis: BlockSize, size: int) -> ConvSpec | None:
    """The geometry with another size of this axis; None where it has none."""
    return changed(spec, **axis.sized(spec, size))
