"""Code that keeps one side of its images for both, `self.size = x.shape[2]`: its own forward raises on all others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

from gradcheck_cli.layers.forms import transposed
from gradcheck_cli.model import ConvSpec, Size
from gradcheck_cli.targets.conventions.autograd_function import AutogradCandidate
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.same import COUNTS, right_there
from gradcheck_cli.targets.conventions.whole_blocks import forward_ends

# The backward of a function is judged without its forward where that raises.
WithForm = LayerCandidate | AutogradCandidate
# (side, kernel, stride, padding)
_SQUARE = ((6, 3, 1, 0), (7, 3, 1, 1), (7, 3, 2, 1), (5, 1, 1, 0))
_OTHERS = ((6, 7), (8, 6), (5, 9))
# Fewer show nothing: one may raise for another reason.
_ENOUGH = 2


def of_square_images(
    candidate: Candidate, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> Candidate:
    """The candidate that refuses images that are not square, where its own forward raises on these, and on no other.

    A forward that runs there promises to take them: a backward that raises beside it is at fault.
    """
    if not isinstance(candidate, WithForm) or candidate.layout.spatial != 2:  # rows and columns
        return candidate
    others = list(_taken(candidate, ((size, 3, 1, 0) for size in _OTHERS)))
    others += list(_taken(candidate, ((size, 3, 1, 1) for size in _OTHERS)))
    if not others or any(forward_ends(candidate, spec, guard) for spec in others):
        return candidate
    square = list(_taken(candidate, (((side, side), kernel, step, margin) for side, kernel, step, margin in _SQUARE)))
    is_right = all("forward" in right_there(candidate, spec, seed, guard) for spec in square)
    if len(square) < _ENOUGH or not is_right:
        return candidate
    return replace(candidate, form=replace(candidate.form, layout=replace(candidate.layout, square=True)))


def _taken(candidate: WithForm, sizes: Iterable[tuple[Size, int, int, int]]) -> Iterator[ConvSpec]:
    """The geometries of these sizes, each with the first counts that the candidate takes."""
    for size, side, step, margin in sizes:
        specs = (_spec(candidate.layout, counts, size, (side, step, margin)) for counts in COUNTS)
        yield from [spec for spec in specs if not candidate.refuses(spec)][:1]


def _spec(layout: Layout, counts: tuple[int, int, int], size: Size, sizes: tuple[int, int, int]) -> ConvSpec:
    kernel, stride, padding = ((each, each) for each in sizes)
    if layout.transposed:
        return transposed(counts, size, kernel, stride=stride, padding=padding)
    batch, channels, filters = counts
    groups = channels if layout.depthwise else 1
    height, width = size
    return ConvSpec(
        batch, channels, groups if layout.depthwise else filters, height, width, kernel, stride, padding, groups=groups
    )
