"""The code under test and what its kind of arithmetic may add to a bound: nothing, or the slack of an FFT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck_cli import rounding
from gradcheck_cli.model import Case, GradientName, Gradients

Backward = Callable[[Case], Gradients]


@dataclass(frozen=True)
class Judged:
    """The code under test. `name` is how it is called in sentences; `allowed` widens a bound for FFT arithmetic.

    `slack(case, gradient)` is what this kind of arithmetic may add to a bound: 0 for direct summation.
    """

    name: str
    backward: Backward
    slack: Callable[[Case, GradientName], float]

    @property
    def is_exact(self) -> bool:
        """Direct summation is exact on integers; only then can the exact probe decide."""
        return self.slack is no_slack


def no_slack(_case: Case, _gradient: GradientName) -> float:
    """Direct summation: nothing is added to the bound."""
    return 0.0


def fft_slack(case: Case, gradient: GradientName) -> float:
    """FFT arithmetic: the normwise bound 2 log2(P) u ||X|| ||G|| in float64 (grad_bias is summed directly)."""
    if gradient == "bias":
        return 0.0
    other = case.x if gradient == "weight" else case.weight
    points = 4 * max(case.x[0, 0].size, case.grad_output[0, 0].size)
    size = float(np.linalg.norm(other)), float(np.linalg.norm(case.grad_output))
    return float(rounding.allowed_fft(points, *size, dtype="float64"))
