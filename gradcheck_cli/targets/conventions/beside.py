"""The forward that stands beside a backward in its file, held against the convolution."""

from __future__ import annotations

from gradcheck_cli.model import Case
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import same_output
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.function import FunctionCandidate

# Products up to which a plain-loop forward takes about a millisecond.
CHEAP = 2_000


def other_forward(candidate: Candidate, case: Case, returned: Returned) -> str:
    """The name of the forward beside a function where it gives other numbers than the convolution; "" where it agrees.

    A forward that is not run for its cache is run only where that costs little.
    """
    if not isinstance(candidate, FunctionCandidate) or candidate.forward is None:
        return ""
    output = returned.output
    if output is None and case.grad_output.size * case.weight[0].size <= CHEAP:
        output = candidate.forward_output(case)
    right = probes.forward(case)
    if output is None or output.shape != candidate.layout.shape("output", right.shape, case.spec.groups):
        return candidate.forward.name if output is not None else ""
    ours = candidate.layout.take("output", output, right.shape, case.spec.groups)
    plain = right - case.bias.reshape(-1, *[1] * (right.ndim - 2))
    agrees = any(same_output(ours, one, case) for one in (right, plain))
    return "" if agrees else candidate.forward.name
