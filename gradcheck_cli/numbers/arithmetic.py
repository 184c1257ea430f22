"""The code under test, and what its kind of arithmetic may add to a bound: nothing for direct summation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gradcheck_cli.model import GRADIENTS, TENSORS, Arithmetic, Case, GradientName, Gradients
from gradcheck_cli.numbers import rounding

Bound = Callable[[Case, GradientName], float]


class Backward(Protocol):
    """Code that gives gradients."""

    def __call__(self, case: Case, wanted: Sequence[GradientName] = GRADIENTS, /) -> Gradients:
        """Those of a case that are wanted; code that computes all at once gives the others too."""


@dataclass(frozen=True)
class Slack:
    """What a kind of arithmetic may add to a bound: `slack(case, gradient)`, in float64.

    Attributes:
        rule: the bound in words.
        cause: why it is not exact on integers, a clause; empty for direct summation.
    """

    rule: str
    cause: str
    bound: Bound

    def __call__(self, case: Case, gradient: GradientName) -> float:
        """The largest |difference| that this arithmetic explains in any entry of the gradient."""
        return self.bound(case, gradient)


@dataclass(frozen=True)
class Judged:
    """The code under test. `name` is how it is called in sentences; `slack` is that of its arithmetic."""

    name: str
    backward: Backward
    slack: Slack

    @property
    def is_exact(self) -> bool:
        """Direct summation is exact on integers; only then can the exact probe decide."""
        return self.slack is no_slack


def _fft_bound(case: Case, gradient: GradientName) -> float:
    """2 log2(P) u ||X|| ||G|| for each part that is transformed, by norms; grad_bias is summed directly."""
    if gradient == "bias":
        return 0.0
    spec, points = case.spec, 4 * max(case.x[0, 0].size, case.grad_output[0, 0].size)
    # Planes of a volume are transformed tap by tap of the depth, and what the padding shows twice is added twice.
    parts = spec.readings * (spec.kernel_size[0] if len(spec.kernel_size) == 3 else 1)
    return parts * float(rounding.allowed_fft(points, *_norms(case, gradient), dtype="float64"))


def _norms(case: Case, gradient: GradientName) -> tuple[float, float]:
    """Euclidean norms of the two factors of grad_weight or grad_input; their product is above every entry."""
    partner = TENSORS[gradient].partner
    return (float(np.linalg.norm(case[partner])) if partner else 1.0), float(np.linalg.norm(case.grad_output))


no_slack = Slack("nothing", "", lambda _case, _gradient: 0.0)
fft_slack = Slack("2 log2(P) u ||X|| ||G||", "FFT arithmetic", _fft_bound)


def update_slack(rate: float) -> Slack:
    """Gradients read off an update of the weights, (old - new) / rate, in float64.

    new = old - rate * g is rounded twice, old - new once, and the quotient once: each time by at most u of its size.

    Args:
        rate: the learning rate that the code holds; with 1 nothing is rounded on the exact probes.
    """

    def bound(case: Case, gradient: GradientName) -> float:
        if gradient == "input":
            return 0.0
        old = case[TENSORS[gradient].name]
        if gradient == "weight":
            given, upstream = _norms(case, "weight")
            size = given * upstream
        else:
            size = float(np.abs(case.grad_output).sum(axis=(0, *range(2, case.grad_output.ndim))).max())
        return rounding.UNIT_ROUNDOFF["float64"] * (5 * size + 2 * float(np.abs(old).max()) / rate)

    return Slack(
        "u (5 ||X|| ||G|| + 2 max |F| / rate)", f"the gradients are read off an update with rate {rate:g}", bound
    )


def declared_slack(arithmetic: Arithmetic, rate: float) -> Slack:
    """The slack of a target: what the user declared, or what its convention brings.

    Args:
        arithmetic: of --arithmetic.
        rate: see `Described.rate`.
    """
    if arithmetic == "fft":
        return fft_slack
    return no_slack if rate == 1 else update_slack(rate)
