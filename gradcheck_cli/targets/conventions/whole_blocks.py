"""Code that cuts an image into blocks, or makes one of each value: its kernel is as wide as its stride, and no other.

Patches of a vision transformer, voxels that become cubes: the arrays are reshaped, which raises for any other kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from gradcheck_cli.layers.forms import transposed, volume
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.line import LineSpec, as_line
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.same import COUNTS, right_there

# Side of the kernel, stride: blocks, and what is none.
_BLOCKS = ((2, 2), (3, 3))
_OTHERS = ((3, 1), (2, 1), (3, 2), (2, 3))
# A multiple of both.
_IMAGE = 6


def in_blocks(
    candidate: Candidate, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> Candidate:
    """The candidate that refuses what is no block, where its own forward is right on blocks and raises on all else.

    A forward that runs there promises to: a backward that raises beside it is at fault.
    """
    if not isinstance(candidate, FunctionCandidate | LayerCandidate):
        return candidate
    others = list(_taken(candidate, _OTHERS))
    if not others or any(forward_ends(candidate, spec, guard) for spec in others):
        return candidate
    blocks = list(_taken(candidate, _BLOCKS))
    is_right = all("forward" in right_there(candidate, spec, seed, guard) for spec in blocks)
    return replace(candidate, blocks=True) if len(blocks) > 1 and is_right else candidate


def is_right_on_blocks(candidate: LayerCandidate) -> bool:
    """Whether its own forward is the convolution on blocks of every size that it takes."""
    blocks = list(_taken(candidate, _BLOCKS))
    return bool(blocks) and all("forward" in right_there(candidate, spec, _as_it_is, nullcontext) for spec in blocks)


def _as_it_is() -> None:
    """Nothing random is in whole blocks."""


def _taken(candidate: FunctionCandidate | LayerCandidate, kernels: tuple[tuple[int, int], ...]) -> Iterator[ConvSpec]:
    """The geometries with these kernels and strides, each with the first counts that the candidate takes."""
    for side, step in kernels:
        specs = (_spec(candidate.layout, counts, side, step) for counts in COUNTS)
        yield from [spec for spec in specs if not candidate.refuses(spec)][:1]


def _spec(layout: Layout, counts: tuple[int, int, int], side: int, step: int) -> ConvSpec:
    axes = layout.spatial
    if axes == 1 and not layout.transposed:
        return LineSpec(*counts, 1, _IMAGE, (1, side), (1, step))
    make = transposed if layout.transposed else volume
    if axes < 3 and not layout.transposed:
        return ConvSpec(*counts, _IMAGE, _IMAGE, (side, side), (step, step))
    flat = make(counts, (_IMAGE,) * max(axes, 2), (side,) * max(axes, 2), stride=(step,) * max(axes, 2))
    return as_line(flat) if axes == 1 else flat


def forward_ends(
    candidate: FunctionCandidate | LayerCandidate | AutogradCandidate,
    spec: ConvSpec,
    guard: Callable[[], AbstractContextManager[None]],
) -> bool:
    """Whether its own forward ends, or there is none."""
    case = probes.integer_case(spec)
    try:
        with guard():
            if isinstance(candidate, LayerCandidate):
                return candidate.own_output(case) is not None
            if isinstance(candidate, AutogradCandidate):
                return candidate.forward_output(case) is not None
            return candidate.forward is None or candidate.run_forward(case) is not None
    except (Exception, SystemExit):
        return False
