"""Simpler geometries than one that fails: what is left where none of them fails too is what the mistake needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError

# How much is taken off a number in one step: all that can be, half of that, or one.
LEAST, HALF, ONE = "least", "half", "one"
# The boldest first: most mistakes need none of the sizes, so one step is enough for each.
SHARES = (LEAST, HALF, ONE)


def smaller(spec: ConvSpec) -> Iterator[ConvSpec]:
    """Simpler geometries, the boldest first: each number to its least value, then halfway, then one less.

    Those that fit no convolution, and those that are as they were, are left out.
    """
    for share in SHARES:
        for change in _changes(spec, share):
            try:
                found = change()
            except GeometryError:
                continue
            if found != spec:
                yield found


def less(value: int, low: int, share: str) -> int:
    """A number made smaller by a share; never below `low`."""
    if share == LEAST:
        return low
    return max(low, (value + low) // 2 if share == HALF else value - 1)


def _changes(spec: ConvSpec, share: str) -> Iterator[Callable[[], ConvSpec]]:
    """What makes it smaller by a share, one after the other. Each may turn out impossible."""
    if spec.groups > 1 and share == LEAST:
        yield partial(replace, spec, groups=1)
        yield partial(replace, spec, in_channels=spec.groups, out_channels=spec.groups)
        yield partial(replace, spec, groups=2, in_channels=2, out_channels=2)
    for name in ("output_padding", "dilation", "stride", "kernel_size", "padding"):
        sides: tuple[int, ...] = getattr(spec, name)
        low = 0 if "padding" in name else 1
        every = tuple(less(side, low, share) for side in sides)
        alone = [(*sides[:axis], every[axis], *sides[axis + 1 :]) for axis in range(len(sides))]
        for value in (every, *alone):
            yield partial(_with, spec, name, value)
    if share == LEAST and not spec.is_symmetric:
        # Code that pads 'same' takes a smaller kernel only with the margin that belongs to it.
        yield partial(replace, spec, extra_after=(0,) * len(spec.extra_after))
        yield from _with_even_kernel(spec)
    yield from (partial(_with, spec, "extra_after", value) for value in _evened(spec.extra_after, share))
    for name in ("batch", "in_channels", "out_channels", "depth", "height", "width"):
        yield partial(_with, spec, name, less(getattr(spec, name), 1, share))


def _evened(extra: tuple[int, ...], share: str) -> Iterator[tuple[int, ...]]:
    """Sides of one axis that differ by less, one axis at a time."""
    for axis, more in enumerate(extra):
        left = less(abs(more), 0, share)
        yield (*extra[:axis], left if more > 0 else -left, *extra[axis + 1 :])


def _with_even_kernel(spec: ConvSpec) -> Iterator[Callable[[], ConvSpec]]:
    """Two taps where the sides differ, one elsewhere, and zeros on one side only: the least that 'same' can pad.

    None where the kernel is smaller already, or that would be no less.
    """
    kernel = tuple(1 + abs(more) for more in spec.extra_after)
    before = tuple(max(-more, 0) for more in spec.extra_after)
    if all(now >= then for now, then in zip(spec.kernel_size, kernel, strict=True)):
        yield partial(replace, spec, kernel_size=kernel, padding=before, dilation=(1,) * len(kernel))


def _with(spec: ConvSpec, name: str, value: object) -> ConvSpec:
    values: dict[str, Any] = {name: value}
    return replace(spec, **values)
