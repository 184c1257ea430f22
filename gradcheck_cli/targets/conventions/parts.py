"""What the forward of a layer depends on: of these, every gradient is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import GradientName
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import Candidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate


def parts(candidate: Candidate) -> tuple[GradientName, ...]:
    """The gradients that a layer must give; empty for plain functions, which give what they like."""
    if not isinstance(candidate, LayerCandidate):
        return ()
    return ("weight", "input", "bias") if candidate.bias and _uses_bias(candidate) else ("weight", "input")


def _uses_bias(candidate: LayerCandidate) -> bool:
    """Whether another bias gives another output; a bias that is held and never added has no gradient."""
    spec = next((spec for spec in probes.PROBES if not candidate.refuses(spec)), None)
    if candidate.forward_right or spec is None:
        return True
    case = probes.integer_case(spec)
    try:
        one, other = (candidate.own_output(asked) for asked in (case, replace(case, bias=case.bias + 1)))
    except Exception:
        return True
    return one is None or other is None or not np.array_equal(one, other)
