"""Neighbours of a geometry: one size changed. For targets that take few geometries, so that more of them are asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gradcheck_cli.errors import GeometryError
from gradcheck_cli.model import ConvSpec


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
