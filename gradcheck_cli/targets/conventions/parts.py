"""What the forward of a layer depends on: of these, every gradient is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, Case, GradientName
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.base import Candidate, Returned, to_numpy
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layer import LayerCandidate

# Products up to which a plain-loop forward takes about a millisecond.
CHEAP = 2_000


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
        one, other = (_output(candidate, asked) for asked in (case, replace(case, bias=case.bias + 1)))
    except Exception:
        return True
    return one is None or other is None or not np.array_equal(one, other)


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
    if output is None or output.shape != candidate.layout.shape("output", right.shape):
        return candidate.forward.name if output is not None else ""
    ours = candidate.layout.take("output", output, right.shape)
    scale = 1e-6 * float(np.abs(right).max(initial=1.0))
    plain = right - case.bias[:, None, None]
    agrees = any(np.allclose(ours, one, rtol=1e-6, atol=scale) for one in (right, plain))
    return "" if agrees else candidate.forward.name


def _output(candidate: LayerCandidate, case: Case) -> Array | None:
    trained = candidate.build(case)
    return to_numpy(candidate.run_forward(trained.instance, candidate.prepare(trained, case)))
