"""What a reader of a verdict should know of the order in which a target has its arrays."""

from __future__ import annotations

from collections.abc import Iterator

from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.filter_order import has_unknown_order


def layout_notes(candidate: Candidate) -> Iterator[str]:
    """A sentence for each order that is unlike torch's and that decided the verdict."""
    layout = candidate.layout
    if layout.weight in ("iouv", "iov") and not layout.transposed:
        sides = "kh, kw" if layout.spatial > 1 else "k"
        yield f"its F is taken as (c_in, c_out, {sides}): in the usual order its gradient is not right"
    if layout.pointwise:
        side = {1: "of one tap", 2: "of 1x1", 3: "of 1x1x1"}[layout.spatial]
        yield f"a pointwise convolution: it was asked with kernels {side} alone"
    if layout.square:
        yield "its own forward raises on images that are not square: it was asked with square ones alone"
    if layout.flipped:
        yield "its forward turns the kernel by 180 degrees (a true convolution); it is judged against that"
    if layout.is_by_multiplier and has_unknown_order(candidate):
        yield (
            "its filters are counted m*C + c, the channel fastest: in torch's order, c*M + m, its gradients are not "
            "right, and it has no forward that would say which is meant"
        )
