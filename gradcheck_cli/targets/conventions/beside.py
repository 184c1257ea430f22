"""The forward that stands beside a backward in its file, held against the convolution."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck_cli.model import Array, Case
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_output
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.bias_times import bias_times
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate

# Products up to which a plain-loop forward takes about a millisecond.
CHEAP = 2_000


@dataclass(frozen=True)
class OtherForward:
    """A forward that gives other numbers than the convolution.

    `times`: how often it adds the bias, where that alone is the difference; else 0.
    """

    name: str
    times: int = 0


def other_forward(candidate: Candidate, case: Case, returned: Returned) -> OtherForward | None:
    """The forward beside a function where it gives other numbers than the convolution; None where it agrees.

    A forward that is not run for its cache is run only where that costs little. Of a layer only that is told which it
    was recognised by: what it promises besides is judged where it is called.
    """
    name, output = _forward_of(candidate, case, returned)
    if output is None:
        return None
    right, groups = probes.forward(case), case.spec.groups
    if output.shape != candidate.layout.shape("output", right.shape, groups):
        return OtherForward(name)
    ours = candidate.layout.take("output", output, right.shape, groups)
    plain = right - case.bias.reshape(-1, *[1] * (right.ndim - 2))
    agrees = any(same_output(ours, one, case) for one in (right, plain))
    return None if agrees else OtherForward(name, bias_times(ours, case))


def _forward_of(candidate: Candidate, case: Case, returned: Returned) -> tuple[str, Array | None]:
    """The name of the forward, and what it gave, in its own layout; None where it is not looked at."""
    if isinstance(candidate, LayerCandidate):
        return candidate.calls.forward, returned.output if candidate.bias_often else None
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is None:
        return "", None
    output = returned.output
    if output is None and case.grad_output.size * case.weight[0].size <= CHEAP:
        output = candidate.forward_output(case)
    return candidate.forward.name, output
