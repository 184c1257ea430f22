"""Code that was taken for a convolution by one channel, and of which the own forward is another thing with several."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import islice

from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.same import right_there

# Geometries of several channels on which its forward is asked; each is one call.
_MOST = 3


def ends_at_one_channel(
    candidate: Candidate, seed: Callable[[], None], guard: Callable[[], AbstractContextManager[None]]
) -> bool:
    """Does the forward beside a backward give O with one channel, and with several neither that nor a right gradient?

    One kernel for all channels is such a layer: with one channel nobody can tell it from a convolution.
    """
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is None:
        return False
    able = [spec for spec in probes.PROBES if not candidate.refuses(spec)]
    alone = islice((spec for spec in able if spec.in_channels == spec.out_channels == 1), 1)
    several = list(islice((spec for spec in able if spec.in_channels > 1), _MOST))
    return (
        bool(several)
        and any("forward" in right_there(candidate, spec, seed, guard) for spec in alone)
        and not any(right_there(candidate, spec, seed, guard) for spec in several)
    )
