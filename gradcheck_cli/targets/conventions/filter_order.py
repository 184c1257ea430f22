"""How depthwise code without a forward counts its filters: c*M + m, as torch does, or m*C + c."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.attempt import Chosen
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.same import right_there

# Several channels with several filters each, and other numbers of both: in one order only are both right.
SEVERAL = (ConvSpec(2, 3, 6, 7, 8, (3, 3), groups=3), ConvSpec(1, 2, 8, 8, 7, (3, 3), groups=2))


def with_filter_order(
    chosen: Chosen, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> Chosen:
    """What is chosen, or the same with its filters counted m*C + c where only so its gradients are right.

    Every geometry is judged in the order that is chosen here. A forward would have decided it before.
    """
    candidate = chosen.candidate
    if not isinstance(candidate, FunctionCandidate) or not has_unknown_order(candidate):
        return chosen
    other = replace(candidate, form=replace(candidate.form, layout=candidate.layout.by_multiplier()))
    wanted = {name for name in chosen.yields if name != "bias"}
    taken = [spec for spec in SEVERAL if not candidate.refuses(spec) and not other.refuses(spec)]

    def is_right(one: FunctionCandidate, spec: ConvSpec) -> bool:
        return wanted <= right_there(one, spec, seed, guard)

    if not taken or not wanted or any(is_right(candidate, spec) for spec in taken):
        return chosen
    return replace(chosen, candidate=other) if all(is_right(other, spec) for spec in taken) else chosen


def has_unknown_order(candidate: object) -> bool:
    """Whether it has several filters for each channel, and no forward that says how they are counted."""
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is not None:
        return False
    return candidate.layout.depthwise and "m" in candidate.layout.weight
