"""stride-ignored: windows that start at p in place of s*p."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.mistakes.pieces import correlate, padded_x, spread, stepping, window
from gradcheck_cli.model import Array, Size


def _weight_with(problem: Problem, stride: Size) -> Array:
    if stride == problem.spec.stride:
        return problem.grad_weight
    return correlate(padded_x(problem), problem.case.grad_output, stepping(problem.spec, stride=stride))


def _input_with(problem: Problem, stride: Size) -> Array:
    if stride == problem.spec.stride:
        return problem.grad_input
    case, spec = problem.case, problem.spec
    whole = spread(case.weight, case.grad_output, stepping(spec, stride=stride))
    return window(whole, spec.padding, spec.input_size)


def _weight(problem: Problem) -> Array:
    return _weight_with(problem, (1, 1))


def _input(problem: Problem) -> Array:
    return _input_with(problem, (1, 1))


def _weight_by_padding(problem: Problem) -> Array | None:
    return _weight_with(problem, problem.spec.padding) if min(problem.spec.padding) else None


def _input_by_padding(problem: Problem) -> Array | None:
    return _input_with(problem, problem.spec.padding) if min(problem.spec.padding) else None


MISTAKE = Mistake(
    id="stride-ignored",
    title="starts the window of output (p, q) at row p and column q, without the stride",
    formulas={"weight": _weight, "input": _input},
    variants={
        "weight": (Variant("the padding in its place", _weight_by_padding),),
        "input": (Variant("the padding in its place", _input_by_padding),),
    },
    why=(
        "`vert_start = h` is right for stride 1 and was never changed. Output (p, q) was computed from the window "
        "that starts at s*p, s*q, so that is where its gradient belongs."
    ),
    hides_when="stride = 1",
    fix="Start the window at s*p and s*q: `X_padded[:, :, s*p : s*p + kh, s*q : s*q + kw]`.",
    shown_by="--stride 2",
    numbers="stride {stride}",
)
