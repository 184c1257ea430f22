"""Geometries that can be asked to tell conditions apart: like those that a target took, but for one thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

from gradcheck_cli.diagnose.table import BlockSize, resized
from gradcheck_cli.layers.geometries import MOST_PRODUCTS, products
from gradcheck_cli.model import ConvSpec, Size
from gradcheck_cli.model.line import number_of_axes
from gradcheck_cli.model.spec import changed

# Geometries that mixtures are made of.
_MIXED = 16
# A size is tried in so many geometries: one of them may be refused, or hide the mistake.
_ATTACKED = 2
# What makes one side of a pair count for nothing.
_LEAST = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1}

# What has a number for the rows and one for the columns.
_PAIRS = ("kernel_size", "stride", "padding", "dilation", "extra_after")

# Fields of a geometry, each with another value.
_Change: TypeAlias = tuple[tuple[str, Size | int], ...]


@lru_cache(maxsize=64)
def mixtures(specs: tuple[ConvSpec, ...], ended: tuple[ConvSpec, ...] | None = None) -> tuple[ConvSpec, ...]:
    """Geometries like the given ones but for one thing, which is as in another of them; the cheapest first.

    What a target takes one by one it most likely takes together, so these can be asked.

    Args:
        specs: those that were asked.
        ended: those of them that may show that rows and columns can differ; None for all.
    """
    found: dict[ConvSpec, None] = {}
    for spec in _bases(specs):
        for change in _changes(specs, specs if ended is None else ended):
            made = changed(spec, **dict(change))
            if made is not None:
                found.setdefault(made)
    return tuple(sorted((spec for spec in found if products(spec) <= MOST_PRODUCTS), key=products))


def _changes(specs: Sequence[ConvSpec], ended: Sequence[ConvSpec]) -> list[_Change]:
    """Every value that one of the geometries has, thing by thing; the image also turned, square, or as the kernel."""
    sizes = {(spec.height, spec.width) for spec in specs}
    sizes |= {(width, height) for height, width in sizes} | {(height, height) for height, _ in sizes}
    sizes |= {(spec.kernel_size[0], spec.kernel_size[1]) for spec in specs}
    changes: list[_Change] = [(("height", height), ("width", width)) for height, width in sorted(sizes)]
    margins = sorted({(spec.padding, spec.extra_after) for spec in specs})
    changes += [(("padding", padding), ("extra_after", extra)) for padding, extra in margins]
    names = ("batch", "in_channels", "out_channels", "kernel_size", "stride", "dilation", "output_padding")
    for name in names:
        changes += [((name, value),) for value in sorted({getattr(spec, name) for spec in specs})]
    for name, least in _LEAST.items():
        changes += [((name, value),) for value in _uneven({getattr(spec, name) for spec in ended}, least)]
    return changes


def _uneven(values: set[Size], least: int) -> list[Size]:
    """Each side with the least for the other, where the target takes sides that differ: which axis it is about."""
    if all(len(set(sides)) == 1 for sides in values) or any(len(sides) > 2 for sides in values):
        return []
    rows, columns = ({value[axis] for value in values} for axis in (0, 1))
    found = {(row, least) for row in rows} | {(least, column) for column in columns}
    return sorted(found - values)


@lru_cache(maxsize=64)
def _bases(specs: tuple[ConvSpec, ...]) -> tuple[ConvSpec, ...]:
    return tuple(sorted(dict.fromkeys(specs), key=products)[:_MIXED])


def with_sizes(specs: tuple[ConvSpec, ...], blocks: Sequence[tuple[BlockSize, int]]) -> Iterator[ConvSpec]:
    """Cheap ones of the given geometries with each axis at its number, beside it, and at multiples of it."""
    for axis, number in dict.fromkeys(blocks):
        yield from _resized(_bases(specs), axis, (number, number + 1, 2 * number, 3 * number))


def attacks(specs: tuple[ConvSpec, ...], blocks: Sequence[tuple[BlockSize, int]]) -> Iterator[ConvSpec]:
    """Geometries that would refute a condition on a size: multiples first, then the size itself and its neighbours."""
    for axis, number in blocks:
        for size in (2 * number, 3 * number, number, number + 1, 2 * number + 1):
            yield from _resized(_bases(specs)[:_ATTACKED], axis, (size,))


def mirrored(specs: Sequence[ConvSpec]) -> Iterator[ConvSpec]:
    """The given geometries with rows and columns exchanged, those first whose outputs are least square."""
    pictures = (spec for spec in specs if spec.is_plain and number_of_axes(spec) == 2)
    for spec in sorted(pictures, key=lambda each: -abs(each.output_size[-1] - each.output_size[-2])):
        swapped: dict[str, Any] = {name: getattr(spec, name)[::-1] for name in _PAIRS}
        yield replace(spec, height=spec.width, width=spec.height, **swapped)


def _resized(specs: Sequence[ConvSpec], axis: BlockSize, sizes: Sequence[int]) -> Iterator[ConvSpec]:
    made = (resized(spec, axis, size) for spec in specs for size in sizes)
    yield from (spec for spec in made if spec is not None and products(spec) <= MOST_PRODUCTS)
