"""Layers that were tried as convolutions, and are transposed ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.layer import LayerCandidate


def grows_with_stride(candidate: LayerCandidate, spec: ConvSpec) -> bool:
    """Whether its output grows with the stride, (h - 1) s + k - 2 p, or is the full one, h + k - 1, without padding.

    At stride 1 and padding (k - 1) / 2 a transposed convolution looks like one with a turned kernel.
    """
    return any(_output_shape(candidate, other) == _transposed_shape(candidate, other) for other in _others(spec))


def _others(spec: ConvSpec) -> Iterator[ConvSpec]:
    """The same sizes with a stride of 2, and without padding."""
    for stride, padding in itertools.product(((2, 2), (1, 1)), ((0, 0), (1, 1))):
        try:
            yield replace(spec, stride=stride, padding=padding)
        except GeometryError:
            continue


def _output_shape(candidate: LayerCandidate, spec: ConvSpec) -> tuple[int, ...] | None:
    if candidate.refuses(spec):
        return None
    try:
        case = probes.integer_case(spec)
        trained = candidate.build(case)
        output = to_numpy(candidate.run_forward(trained, candidate.prepare(trained, case), case))
    except Exception:
        return None
    return None if output is None else output.shape


def _transposed_shape(candidate: LayerCandidate, spec: ConvSpec) -> tuple[int, ...]:
    """The shape that a transposed convolution would give; that of a convolution is none, where the two are alike."""
    grown = probes.transposed_size(spec)
    if grown == spec.output_size:
        return ()
    return candidate.layout.shape("output", (spec.batch, spec.out_channels, *grown), spec.groups)
