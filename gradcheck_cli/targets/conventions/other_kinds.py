"""Layers that are convolutions of another kind: transposed, or with three axes. They are told, not judged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.targets.conventions import calling, probes, state
from gradcheck_cli.targets.conventions.base import to_numpy
from gradcheck_cli.targets.conventions.calling import Calls
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.own_types import plain
from gradcheck_cli.targets.conventions.source import Source

TRANSPOSED = "transposed convolutions are not covered"
AXES = {5: "3-D convolutions are not covered"}
# (batch, channels, then the axes), all different, so that an output of another rank is no accident.
INPUTS = {5: (3, 2, 6, 7, 8)}


def is_transposed(candidate: LayerCandidate, spec: ConvSpec) -> bool:
    """Whether its output grows with the stride, (h - 1) s + k - 2 p, or is the full one, h + k - 1, without padding.

    At stride 1 and padding (k - 1) / 2 a transposed convolution looks like one with a turned kernel.
    """
    return any(_output_shape(candidate, other) == _transposed_shape(candidate, other) for other in _others(spec))


def other_rank(instance: Any, calls: Calls, source: Source, spec: ConvSpec) -> str:
    """Why a layer with three axes is not judged; "" for what is neither.

    Args:
        instance: built for `spec`, so its weights hold the filters and the channels of it.
    """
    sizes = {spec.out_channels, spec.in_channels, *spec.kernel_size}
    for rank, reason in AXES.items():
        weights = [place for place in state.held(instance) if place.array.ndim == rank]
        if any(set(place.array.shape) == sizes for place in weights) and _runs(instance, calls, source, rank):
            return reason
    return ""


def _runs(instance: Any, calls: Calls, source: Source, rank: int) -> bool:
    """Whether its forward takes an input of this rank, channels first or last, one sample or several."""
    whole = INPUTS[rank]
    last = (whole[0], *whole[2:], whole[1])
    for shape in (whole, last, whole[1:], last[1:]):
        given = {"x": np.ones(shape), "x_shape": shape}
        try:
            output = to_numpy(plain(calling.run_forward(instance, calls, source, given, False)))
        except Exception:
            continue
        if output is not None and output.ndim == len(shape):
            return True
    return False


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
