"""The forward that stands beside a backward in its file, held against the convolution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Case
from gradcheck_cli.targets.contract import HowForward
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import is_followed, same_output
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.bias_times import bias_times
from gradcheck_cli.targets.conventions.function import FunctionCandidate, is_single
from gradcheck_cli.targets.conventions.layer import LayerCandidate

# Products up to which a forward of plain loops takes a few milliseconds: most small geometries, square ones among them.
CHEAP = 6_000


@dataclass(frozen=True)
class HeldForward:
    """What a forward did with one case.

    `times`: how often it adds the bias, where this alone is the difference; else 0. `error`: what it raised.
    `in_float32`: its array is one of float32, of arrays of float64.
    """

    name: str
    how: HowForward
    times: int = 0
    error: Exception | None = None
    in_float32: bool = False

    def message(self, error: str) -> dict[str, Any]:
        """As it goes over the wire; `error` is what it raised, in a sentence."""
        return {"name": self.name, "how": self.how, "times": self.times, "error": error, "in_float32": self.in_float32}


def forward_beside(candidate: Candidate, case: Case, returned: Returned) -> HeldForward | None:
    """What the forward beside a function gives, held against the convolution; None where it is not looked at.

    A forward that is not run for its cache is run only where that costs little. Of a layer only that is told which it
    was recognised by: what it promises besides is judged where it is called.
    """
    if isinstance(candidate, LayerCandidate):
        name = candidate.calls.forward
        return _held(name, returned.output, candidate, case) if candidate.bias_often else None
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is None:
        return None
    name, output = candidate.forward.name, returned.output
    try:
        if isinstance(returned.forward_error, Exception):
            raise returned.forward_error
        if output is None and _products(case) <= CHEAP:
            output = candidate.run_forward(case)
    except Exception as error:
        return HeldForward(name, "raised", error=error)
    held = _held(name, output, candidate, case)
    if held is not None:
        return replace(held, in_float32=_is_double(case) and is_single(output))
    # One that costs much is not run here; in what it computes is known of it once and for all.
    return HeldForward(name, "may agree", in_float32=True) if _is_double(case) and candidate.gives_float32 else None


def _is_double(case: Case) -> bool:
    return bool(case.x.dtype == np.float64)


def _products(case: Case) -> int:
    windows = case.x if case.spec.transposed else case.grad_output
    return int(windows.size) * int(case.weight[0].size)


def _held(name: str, output: Array | None, candidate: Candidate, case: Case) -> HeldForward | None:
    if output is None:
        return None
    right, groups = probes.forward(case), case.spec.groups
    if output.shape != candidate.layout.shape("output", right.shape, groups):
        return HeldForward(name, "differs" if _is_handed_all(candidate, case) else "untold")
    ours = candidate.layout.take("output", output, right.shape, groups)
    plain = right - case.bias.reshape(-1, *[1] * (right.ndim - 2))
    if any(same_output(ours, one, case) for one in (right, plain)):
        # An activation, too, gives the convolution's numbers where all are of one sign.
        return HeldForward(name, "agrees" if _has_both_signs(ours) else "may agree")
    times = bias_times(ours, case)
    if not _is_handed_all(candidate, case):
        return HeldForward(name, "untold", times)
    is_followed_up = any(is_followed(ours, one) for one in (right, plain))
    return HeldForward(name, "differs" if times or is_followed_up else "contradicts", times)


def _has_both_signs(output: Array) -> bool:
    return bool((output > 0).any() and (output < 0).any())


def _is_handed_all(candidate: Candidate, case: Case) -> bool:
    """Whether the forward is handed all that is asked of this geometry."""
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is None:
        return False
    handed = candidate.handing.forward_roles(candidate.forward)
    spec = case.spec
    further = {"output_padding": any(spec.output_padding), "padding_mode": spec.padding_mode != "zeros"}
    return {*spec.unusual, *(name for name, is_asked in further.items() if is_asked)} <= handed
