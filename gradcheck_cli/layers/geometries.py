"""The geometries on which a backward is tried: a short list where mistakes show, and a thousand drawn at random."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice

from gradcheck_cli.model import ConvSpec, Size
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.line import as_line

# In all, for `--geometries full`: a thorough search that still ends by itself.
FULL_COUNT = 1000
# Numbers in a target's code, and geometries for them: each costs a plain loop some milliseconds.
MOST_CONSTANTS, MOST_AROUND = 6, 64
# Products in one backward of plain loops, which may be seven deep: about as many as the largest of the quick list has.
MOST_PRODUCTS = 50_000
# Strides and margins above this are nobody's special case.
LARGEST_STEP = 8
# Above this a number is no size of one axis, but may be one of a whole array, from which on code takes another way.
LARGEST_AXIS, MOST_LARGE = 256, 2


def _spec(
    sizes: tuple[int, int, int, int, int],
    kernel: Size | int,
    stride: Size | int = 1,
    padding: Size | int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> ConvSpec:
    """`sizes` is (n, c_in, c_out, h, w)."""
    return ConvSpec(*sizes, _pair(kernel), _pair(stride), _pair(padding), _pair(dilation), groups)


def _sided(
    sizes: tuple[int, int, int, int, int], kernel: Size | int, stride: int, before: Size | int, after: Size | int
) -> ConvSpec:
    """Other zeros after than before."""
    (top, left), (bottom, right) = _pair(before), _pair(after)
    return replace(_spec(sizes, kernel, stride, (top, left)), extra_after=(bottom - top, right - left))


def _pair(value: Size | int) -> Size:
    return (value, value) if isinstance(value, int) else value


# N, C, F, H, W, s, p and k differ from one another wherever the place's own purpose allows it, so that a mix-up of two
# of them changes the numbers.
QUICK: tuple[ConvSpec, ...] = (
    _spec((2, 3, 4, 8, 7), 3, 1, 1),
    _spec((2, 3, 4, 7, 9), 3),
    _spec((3, 2, 5, 9, 7), 3, 2, 1),
    _spec((2, 3, 4, 8, 6), 3, 2, 1),
    _spec((2, 3, 4, 7, 11), 3, 2),
    _spec((3, 2, 4, 8, 10), 3, 2),
    _spec((2, 3, 5, 6, 10), 2, 2),
    _spec((2, 3, 4, 5, 6), 1),
    _spec((2, 3, 4, 9, 8), 5, 1, 2),
    _spec((2, 3, 5, 8, 7), 4, 1, 1),
    _spec((3, 2, 5, 11, 8), 4, 3, 2),
    _spec((2, 3, 4, 7, 6), (3, 2), 1, 1),
    _spec((2, 3, 5, 9, 8), (2, 4), 1),
    _spec((5, 2, 6, 13, 11), (4, 3), 3, 1),
    _spec((2, 3, 4, 9, 8), 3, (2, 1), (1, 2)),
    _spec((2, 3, 1, 7, 6), 3, 1, 1),
    _spec((2, 1, 3, 7, 6), 3, 1, 1),
    _spec((2, 3, 4, 6, 6), 3, 1, 1),
    _spec((2, 3, 3, 6, 7), 3, 1, 1),
    _spec((1, 4, 4, 7, 9), (3, 2)),
    _spec((1, 2, 3, 7, 6), 3, 1, 1),
    _spec((1, 3, 2, 8, 7), 3),
    _spec((1, 3, 4, 9, 8), 5, 2),
    _spec((1, 1, 3, 8, 6), 3),
    _spec((1, 1, 1, 6, 5), 3),
    _spec((3, 1, 1, 7, 6), 3),
    _spec((2, 1, 1, 9, 7), 3),
    _spec((1, 1, 1, 7, 7), 3),
    _spec((1, 1, 2, 9, 7), 5),
    _spec((1, 2, 1, 34, 33), 32),
    # One axis past 4, 8, 16 and 32 and no multiple of any: what is done in blocks shows at the second block, and at the
    # rest. All others are small, since plain loops cost the product of all of them.
    _spec((37, 1, 1, 3, 4), 3),
    _spec((1, 37, 1, 4, 5), 3),
    _spec((1, 1, 37, 3, 4), 3),
    _spec((1, 1, 1, 39, 4), 3),
    _spec((1, 1, 1, 4, 41), 3),
    _spec((1, 1, 1, 38, 39), 37),
    # Where size - 1 is a multiple of the stride, every rule of padding 'same' agrees on these margins for odd kernels.
    _spec((2, 3, 4, 7, 9), (3, 5), 2, (1, 2)),
    _spec((3, 2, 4, 7, 10), (5, 3), 3, (2, 1)),
    _spec((1, 2, 3, 7, 10), 5, 3, 2),
    _spec((2, 2, 3, 5, 7), (1, 3), 2, (0, 1)),
    _spec((2, 3, 2, 6, 5), (3, 5), 1, (1, 2)),
    _spec((2, 3, 4, 9, 8), 3, 1, 1, 2),
    _spec((2, 3, 4, 11, 10), 3, 2, 2, 2),
    _spec((2, 4, 6, 7, 8), 3, 1, 1, 1, 2),
    _spec((2, 3, 3, 7, 6), 3, 2, 1, 1, 3),
    # Windows with gaps between them, which fast ways for windows that touch take for such.
    _spec((2, 3, 4, 9, 11), 2, 3),
    _spec((2, 3, 4, 7, 8), 1, 2),
    _spec((1, 2, 3, 10, 9), 2, 3, 1),
    # Depthwise code takes groups = channels only, often neither stride nor padding; some have filters for each channel.
    _spec((2, 3, 6, 8, 7), 3, 1, 0, 1, 3),
    _spec((1, 2, 6, 9, 8), 3, 2, 1, 1, 2),
    _spec((2, 3, 3, 8, 7), 3, 1, 0, 1, 3),
    _spec((1, 4, 4, 6, 9), 3, 1, 0, 1, 4),
)


# One tap: asked of code that takes no other kernel, which the list above hardly asks. Channels past 8 and 32, too.
POINTWISE: tuple[ConvSpec, ...] = (
    _spec((2, 3, 4, 5, 6), 1),
    _spec((3, 2, 5, 4, 4), 1),
    _spec((2, 3, 3, 6, 5), 1),
    _spec((3, 4, 2, 3, 7), 1),
    _spec((2, 3, 1, 4, 5), 1),
    _spec((2, 1, 3, 5, 4), 1),
    _spec((1, 3, 4, 6, 7), 1),
    _spec((1, 4, 3, 5, 5), 1),
    _spec((1, 1, 1, 4, 5), 1),
    _spec((3, 1, 1, 3, 4), 1),
    _spec((2, 3, 4, 1, 1), 1),
    _spec((37, 2, 3, 2, 3), 1),
    _spec((2, 37, 3, 2, 3), 1),
    _spec((2, 3, 37, 3, 2), 1),
    _spec((1, 2, 3, 39, 2), 1),
    _spec((1, 2, 3, 2, 41), 1),
    _spec((2, 3, 4, 7, 9), 1, 2),
    _spec((2, 3, 5, 8, 6), 1, 2),
    _spec((1, 2, 3, 10, 7), 1, 3),
    _spec((2, 3, 4, 7, 6), 1, (2, 1)),
    _spec((2, 3, 4, 5, 6), 1, 1, 1),
    _spec((1, 2, 3, 6, 7), 1, 2, 1),
    _spec((2, 4, 6, 5, 4), 1, 1, 0, 1, 2),
)


# Other zeros behind than in front: asked of code that is told both. What is cut off on one side by the number of the
# other, or by that of the other axis, shows.
SIDES: tuple[ConvSpec, ...] = (
    _sided((2, 3, 4, 7, 8), 3, 1, (1, 0), (2, 3)),
    _sided((2, 3, 4, 9, 7), (3, 2), 2, (2, 1), (0, 3)),
    _sided((3, 2, 4, 6, 8), 3, 1, (0, 1), (1, 0)),
    _sided((1, 2, 3, 6, 5), 2, 1, 0, (1, 2)),
)
# Where the rules of padding 'same' differ: for even kernels, and where size - 1 is no multiple of the stride. Asked of
# code that pads by itself, under the rules that it was seen to follow.
SAME: Mapping[str, tuple[ConvSpec, ...]] = {
    "floor": (
        _spec((2, 3, 4, 7, 6), 4, 1, 1),
        _spec((2, 3, 4, 6, 7), 2),
        _spec((3, 2, 4, 7, 5), (2, 3), 1, (0, 1)),
        _spec((2, 3, 4, 8, 6), 4, 2, 1),
        _spec((2, 3, 5, 7, 9), (4, 3), 3, 1),
    ),
    "floor-before": (
        _sided((2, 3, 4, 6, 7), 2, 1, 0, 1),
        _sided((2, 3, 4, 7, 6), 4, 1, 1, 2),
        _sided((3, 2, 4, 7, 5), (2, 3), 1, (0, 1), 1),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, (1, 0), 1),
        _sided((2, 3, 4, 8, 6), 4, 2, 1, 2),
        _sided((2, 3, 5, 7, 9), (4, 3), 3, 1, (2, 1)),
    ),
    "half-before": (
        _sided((2, 3, 4, 6, 7), 2, 1, 1, 0),
        _sided((2, 3, 4, 7, 6), 4, 1, 2, 1),
        _sided((3, 2, 4, 7, 5), (2, 3), 1, 1, (0, 1)),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, 1, (1, 0)),
        _sided((2, 3, 4, 8, 6), 4, 2, 2, 1),
        _sided((2, 3, 5, 7, 9), (4, 3), 3, (2, 1), 1),
    ),
    "half": (
        _spec((2, 3, 4, 7, 6), 4, 1, 2),
        _spec((2, 3, 4, 6, 7), 2, 1, 1),
        _spec((3, 2, 4, 7, 5), (2, 3), 1, 1),
        _spec((2, 3, 4, 8, 6), 4, 2, 2),
        _spec((2, 3, 5, 7, 9), (4, 3), 3, (2, 1)),
    ),
    "tensorflow": (
        _spec((2, 3, 4, 8, 6), 4, 2, 1),
        _spec((3, 2, 4, 8, 6), (4, 2), 2, (1, 0)),
        _spec((2, 3, 4, 9, 6), 5, 3, 1),
        _spec((2, 3, 5, 9, 7), (5, 3), 3, 1),
    ),
    "tensorflow-more-after": (
        _sided((2, 3, 4, 6, 8), 3, 2, 0, 1),
        _sided((2, 3, 4, 6, 7), 2, 1, 0, 1),
        _sided((3, 2, 4, 6, 7), (3, 4), 2, (0, 1), (1, 2)),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, (1, 0), 1),
        _sided((2, 3, 5, 7, 9), (2, 5), 3, (0, 1), 1),
        _sided((2, 3, 4, 7, 5), 4, 3, (1, 1), (2, 1)),
    ),
    "tensorflow-more-before": (
        _sided((2, 3, 4, 6, 8), 3, 2, 1, 0),
        _sided((2, 3, 4, 6, 7), 2, 1, 1, 0),
        _sided((3, 2, 4, 6, 7), (3, 4), 2, (1, 2), (0, 1)),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, 1, (1, 0)),
        _sided((2, 3, 5, 7, 9), (2, 5), 3, 1, (0, 1)),
    ),
    "keep": (
        _spec((2, 3, 4, 7, 5), 3, 2, (4, 3)),
        _spec((3, 2, 4, 7, 5), (3, 5), 2, 4),
        _spec((2, 3, 5, 6, 5), (2, 3), 2, 3),
        _spec((2, 3, 4, 4, 5), 3, 3, (4, 5)),
    ),
    "keep-more-after": (
        _sided((2, 3, 4, 6, 7), 2, 1, 0, 1),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, (1, 0), 1),
        _sided((2, 3, 4, 7, 5), 2, 2, (3, 2), (4, 3)),
        _sided((2, 3, 5, 5, 6), (2, 3), 2, (2, 3), (3, 4)),
    ),
    "keep-more-before": (
        _sided((2, 3, 4, 6, 7), 2, 1, 1, 0),
        _sided((3, 2, 4, 5, 7), (3, 2), 1, 1, (1, 0)),
        _sided((2, 3, 4, 7, 5), 2, 2, (4, 3), (3, 2)),
    ),
    "keep-more-on-both": (
        _spec((2, 3, 4, 6, 7), 2, 1, 1),
        _spec((3, 2, 4, 5, 7), (3, 2), 1, 1),
        _spec((2, 3, 4, 7, 5), 2, 2, (4, 3)),
    ),
    "causal": (
        _sided((3, 2, 4, 1, 8), (1, 2), 1, (0, 1), 0),
        _sided((1, 2, 3, 1, 7), (1, 4), 1, (0, 3), 0),
        _sided((3, 2, 4, 1, 11), (1, 3), 3, (0, 2), 0),
        _sided((2, 3, 3, 1, 9), (1, 5), 1, (0, 4), 0),
        replace(_sided((2, 3, 4, 1, 10), (1, 4), 1, (0, 6), 0), dilation=(1, 2)),
        replace(_sided((2, 4, 4, 1, 10), (1, 3), 1, (0, 2), 0), groups=4),
        replace(_sided((2, 3, 6, 1, 9), (1, 4), 1, (0, 3), 0), groups=3),
    ),
}


def around(constants: Sequence[int]) -> Iterator[ConvSpec]:
    """Sizes at, above, below and no multiple of numbers that stand in a target's code, on every axis.

    Sizes that the quick list has are left out, and so is what would cost plain loops too much.

    Args:
        constants: the likeliest first.
    """
    found: dict[ConvSpec, None] = {}
    for number in [number for number in constants if 2 < number <= LARGEST_AXIS][:MOST_CONSTANTS]:
        for size in (number, number + 1, number - 1, 2 * number + 1):
            found |= dict.fromkeys(spec for spec in _sized(size, number) if products(spec) <= MOST_PRODUCTS)
    yield from list(found)[:MOST_AROUND]
    for number in [number for number in constants if number > LARGEST_AXIS][:MOST_LARGE]:
        yield from islice((spec for spec in _holding(number) if products(spec) <= MOST_PRODUCTS), 1)


def _holding(number: int) -> Iterator[ConvSpec]:
    """X with more entries than `number`, the most telling first: several images and channels, or a smaller kernel."""
    for batch, channels, side in ((2, 3, 3), (1, 1, 3), (1, 1, 2)):
        rows = math.isqrt(number // (batch * channels)) + 1
        yield _spec((batch, channels, 1, rows, rows + 1), side)


def _sized(size: int, number: int) -> Iterator[ConvSpec]:
    """One axis of this size and the others small; a stride or a margin of it only where it is the number itself."""
    have = {axis: {reading(spec) for spec in QUICK} for axis, reading in _AXES.items()}
    for axis, make in _WITH_SIZE.items():
        beside = size in (number, number + 1)
        if axis in ("stride", "padding") and (size != number or size > LARGEST_STEP):
            continue
        if size not in have[axis] and (beside or not _covered(size, number, have[axis])):
            yield from make(size)


def _covered(size: int, number: int, have: set[int]) -> bool:
    """Whether the quick list is on the same side: below the number, or far above it and no multiple."""
    if size < number:
        return any(1 < other < number for other in have)
    return any(other > 2 * number and other % number for other in have)


@lru_cache(maxsize=2**16)
def products(spec: ConvSpec) -> int:
    """Multiplications of one gradient: what plain loops in a user's code take their time for."""
    return spec.terms * spec.out_channels * spec.weight_shape[1] * spec.kernel_size[0] * spec.kernel_size[1]


_AXES: Mapping[str, Callable[[ConvSpec], int]] = {
    "batch": lambda spec: spec.batch,
    "in channels": lambda spec: spec.in_channels,
    "filters": lambda spec: spec.out_channels,
    "rows": lambda spec: spec.height,
    "columns": lambda spec: spec.width,
    "rows of the output": lambda spec: spec.output_size[0],
    "columns of the output": lambda spec: spec.output_size[1],
    "kernel": lambda spec: min(spec.kernel_size),
    "stride": lambda spec: min(spec.stride),
    "padding": lambda spec: min(spec.padding),
}
# Every size of a plain loop costs its turns, so all other sizes are as small as they can be.
_WITH_SIZE: Mapping[str, Callable[[int], tuple[ConvSpec, ...]]] = {
    "batch": lambda size: (_spec((size, 1, 1, 3, 4), 3),),
    "in channels": lambda size: (_spec((1, size, 1, 4, 5), 3),),
    "filters": lambda size: (_spec((1, 1, size, 3, 4), 3),),
    "rows": lambda size: (_spec((1, 1, 1, max(size, 3), 4), 3),),
    "columns": lambda size: (_spec((1, 1, 1, 4, max(size, 3)), 3),),
    "rows of the output": lambda size: (_spec((1, 1, 1, size + 2, 4), 3),),
    "columns of the output": lambda size: (_spec((1, 1, 1, 4, size + 2), 3),),
    "kernel": lambda size: (_spec((1, 1, 1, size + 1, size + 2), size), _spec((1, 1, 1, size, size + 1), size)),
    "stride": lambda size: (_spec((2, 2, 3, 2 * size + 4, size + 3), 3, size), _spec((1, 1, 1, size + 3, 6), 3, size)),
    "padding": lambda size: (_spec((1, 1, 2, 3, 4), 3, 1, size),),
}


# What no geometry of pictures has the columns of: zeros in front alone, as code has them that must not see what comes
# later, and longer lines with more taps.
LINES: tuple[ConvSpec, ...] = (
    _sided((2, 3, 4, 1, 9), (1, 3), 1, (0, 2), 0),
    _sided((3, 2, 5, 1, 11), (1, 4), 1, (0, 3), 0),
    replace(_sided((2, 3, 4, 1, 12), (1, 3), 1, (0, 4), 0), dilation=(1, 2)),
    _sided((2, 4, 4, 1, 10), (1, 4), 1, (0, 3), 0),
    _sided((2, 3, 4, 1, 10), (1, 3), 2, (0, 2), 0),
    _spec((2, 3, 4, 1, 17), (1, 7), (1, 2), (0, 3)),
    _spec((3, 2, 5, 1, 19), (1, 5), (1, 4), (0, 1)),
    _spec((2, 3, 4, 1, 14), (1, 3), 1, (0, 3), 3),
    _spec((3, 2, 4, 1, 13), (1, 3), (1, 2), (0, 2), 2),
    _spec((2, 4, 4, 1, 10), (1, 4), 1, (0, 2), 1, 4),
)


def of_lines(specs: Iterable[ConvSpec]) -> Iterator[ConvSpec]:
    """The same geometries without their rows, each once, and then those that only lines have."""
    seen: set[ConvSpec] = set()
    for spec in chain(specs, LINES):
        line = as_line(spec)
        if line not in seen:
            seen.add(line)
            yield line


def full(seed: int) -> Iterator[ConvSpec]:
    """The quick ones, then random ones up to `FULL_COUNT` in all, the same for the same seed."""
    yield from QUICK
    generator = random.Random(seed)
    left = FULL_COUNT - len(QUICK)
    while left:
        spec = random_spec(generator)
        if spec is not None:
            left -= 1
            yield spec


def random_spec(generator: random.Random) -> ConvSpec | None:
    """One small random geometry, or None where the draw does not fit together."""
    groups = generator.choice((1, 1, 1, 1, 2, 3))
    channels, filters = (groups * generator.randint(1, 4 if groups == 1 else 2) for _ in range(2))
    side = generator.randint(1, 5)
    # Most kernels are square; the rest are not, to tell rows from columns.
    kernel = (side, side if generator.random() < 0.6 else generator.randint(1, 5))
    step = generator.choice((1, 1, 2, 2, 3))
    margin = generator.choice((0, 0, 1, 1, 2, 3))
    dilation = generator.choice((1, 1, 1, 2, 3))
    height, width = generator.randint(1, 12), generator.randint(1, 12)
    batch = generator.randint(1, 4)
    try:
        return _spec((batch, channels, filters, height, width), kernel, step, margin, dilation, groups)
    except GeometryError:
        return None
