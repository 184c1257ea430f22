"""Neighbours of a geometry: one thing changed. For targets that take few geometries, or none of some kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError

# A kind that a target refuses three times, around three of the geometries that it takes, it most likely does not take.
EACH, BASES = 3, 3


KINDS: tuple[Callable[[ConvSpec], bool], ...] = (
    lambda spec: spec.batch == 1,
    lambda spec: spec.batch > 1,
    lambda spec: spec.height == spec.width,
    lambda spec: spec.height != spec.width,
    lambda spec: spec.kernel_size[0] != spec.kernel_size[1],
    lambda spec: any(side % 2 == 0 for side in spec.kernel_size),
    lambda spec: len({*zip(spec.padding, spec.padding_after, strict=True)}) > 1,
    lambda spec: spec.stride[0] != spec.stride[1],
    lambda spec: max(spec.stride) > 1,
    lambda spec: spec.is_padded,
    lambda spec: spec.remainder != (0, 0),
)
"""What every target is asked about, if it takes it: a list that holds it only together with what a target refuses says
nothing of the target."""


def of_missing_kinds(taken: Sequence[ConvSpec]) -> Iterator[ConvSpec]:
    """Neighbours of the geometries that a target takes, of every kind that none of these is: `EACH` for each kind."""
    for kind in KINDS:
        if not any(kind(spec) for spec in taken):
            found = (other for spec in taken[:BASES] for other in variants(spec) if kind(other))
            yield from islice(dict.fromkeys(found), EACH)


def variants(spec: ConvSpec) -> Iterator[ConvSpec]:
    """Geometries like this one but for one thing: batch, image, channels, filters, kernel, padding, stride.

    Those that fit no convolution are left out.
    """
    for change in _changes(spec):
        try:
            yield replace(spec, **change)
        except GeometryError:
            continue


def _changes(spec: ConvSpec) -> Iterator[dict[str, Any]]:
    step, margin = spec.stride[0], spec.padding[0]
    yield {"batch": spec.batch + 2}
    yield {"height": spec.height + 2 * step, "width": spec.width + 2 * step}
    yield {"in_channels": spec.in_channels + spec.groups}
    yield {"out_channels": spec.out_channels + spec.groups}
    yield {"width": spec.width + 3 * step}
    yield {"height": spec.height + 1, "width": spec.width + 1}
    yield {"stride": (step + 1, step + 1)}
    yield {"padding": (margin + 1, margin + 1)}
    yield {"kernel_size": (spec.kernel_size[0] + 1, spec.kernel_size[1] + 1)}
    yield {"batch": 1}
    yield {"height": spec.height + 5 * step, "width": spec.width + 4 * step}
    yield from _uneven(spec)


def _uneven(spec: ConvSpec) -> Iterator[dict[str, Any]]:
    """Rows and columns told apart; taps and margin together, so that code that keeps the size keeps it."""
    (kh, kw), (ph, pw), (sh, sw) = spec.kernel_size, spec.padding, spec.stride
    yield {"kernel_size": (kh, kw + 1)}
    yield {"kernel_size": (kh + 2, kw), "padding": (ph + spec.dilation[0], pw)}
    yield {"kernel_size": (kh, kw + 2), "padding": (ph, pw + spec.dilation[1])}
    yield {"kernel_size": (kh + 1, kw + 1), "padding": (ph + 1, pw + 1)}
    yield {"padding": (ph, pw + 1)}
    yield {"stride": (sh, sw + 1)}
    yield {"height": spec.width}
