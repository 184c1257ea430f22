"""dilation-ignored: taps read side by side."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem
from gradcheck_cli.mistakes.pieces import correlate, padded_x, spread, stepping, window
from gradcheck_cli.model import Array


def _weight(problem: Problem) -> Array:
    if problem.spec.dilation == (1, 1):
        return problem.grad_weight
    return correlate(padded_x(problem), problem.case.grad_output, stepping(problem.spec, dilation=(1, 1)))


def _input(problem: Problem) -> Array:
    case, spec = problem.case, problem.spec
    if spec.dilation == (1, 1):
        return problem.grad_input
    whole = spread(case.weight, case.grad_output, stepping(spec, dilation=(1, 1)))
    return window(whole, spec.padding, spec.input_size)


MISTAKE = Mistake(
    id="dilation-ignored",
    title="reads neighbouring pixels for neighbouring taps, without the dilation",
    formulas={"weight": _weight, "input": _input},
    why=(
        "With dilation d the taps of the kernel lie d pixels apart in X. The forward pass takes it from the layer, "
        "the backward pass was written for d = 1."
    ),
    hides_when="dilation = 1, or the kernel is 1x1",
    fix="Tap (u, v) belongs to X_padded at row s*p + d*u and column s*q + d*v.",
    shown_by="--dilation 2",
    numbers="dilation {dilation}",
)
