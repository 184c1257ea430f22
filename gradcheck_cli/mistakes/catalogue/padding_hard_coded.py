"""padding-hard-coded: one padding for all layers, or none."""

from __future__ import annotations

import ast
from collections.abc import Callable

from gradcheck_cli.mistakes.any_form import following, starting
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import Margin, frame, read_elsewhere, stripped, window
from gradcheck_cli.mistakes.source import slices, symmetric
from gradcheck_cli.mistakes.steps import OtherSteps, changing, columns_as, is_causal, read_with, rows_as
from gradcheck_cli.model import Array, Axis, ConvSpec, Size
from gradcheck_cli.model.line import of_its_axes


def _both(padding: int, spec: ConvSpec) -> Size:
    return of_its_axes((padding, padding), spec, rows=0)


def _weight_padded_by(padding: int) -> WrongFormula:
    """Windows start `padding` outside of X, whatever the layer says."""

    def formula(problem: Problem) -> Array:
        actual, fixed = problem.spec.padding, _both(padding, problem.spec)
        # None in front of a causal line is what future-leak is.
        if actual == fixed or (padding == 0 and is_causal(problem.spec)):
            return problem.grad_weight
        return read_elsewhere(problem, (actual[0] - fixed[0], actual[1] - fixed[1]))

    return formula


def _input_unpadded_by(padding: int) -> WrongFormula:
    """[padding:-padding] on the padded frame: the wrong size as well, unless the layer agrees."""

    def formula(problem: Problem) -> Array | None:
        both = _both(padding, problem.spec)
        if problem.spec.padding == both == problem.spec.padding_after:
            return problem.grad_input
        return stripped(frame(problem), Margin(both, both))

    return formula


def _input_moved_by(padding: int) -> WrongFormula:
    """The size is right, but the frame is cut `padding` from its edge."""

    def formula(problem: Problem) -> Array:
        both = _both(padding, problem.spec)
        if problem.spec.padding == both:
            return problem.grad_input
        return window(frame(problem), both, problem.spec.input_size)

    return formula


def _usual_weight(problem: Problem) -> Array | None:
    return _weight_padded_by(0 if problem.spec.padding == _both(1, problem.spec) else 1)(problem)


def _usual_input(problem: Problem) -> Array | None:
    return _input_unpadded_by(2 if problem.spec.padding == _both(1, problem.spec) else 1)(problem)


# None, and that of kernels of 3 and of 5: what is written as a number where the variable was meant.
_CONSTANTS = (0, 1, 2)


def _fixed(count: int) -> Callable[[Axis], int]:
    """The same on every axis that the code has: that of a line has no rows, and they have no padding."""
    return lambda axis: count if axis.room > 1 or axis.before else 0


_FIXED = {count: starting(_fixed(count)) for count in _CONSTANTS}


_ONE_AXIS: dict[str, OtherSteps] = {
    "none in the rows": changing("padding", rows_as(0)),
    "none in the columns": changing("padding", columns_as(0)),
}


def _unless_causal(formula: WrongFormula) -> WrongFormula:
    return lambda problem: problem.grad_weight if is_causal(problem.spec) else formula(problem)


def _unpads_by_number(node: ast.AST) -> bool:
    """a[:, :, 1:-1]"""
    return any(symmetric(part) and isinstance(part.lower, ast.Constant) for part in slices(node))


MISTAKE = Mistake(
    id="padding-hard-coded",
    order=380,
    title="uses a fixed padding in place of the layer's",
    formulas={"weight": _usual_weight, "input": _usual_input},
    variants={
        "weight": (
            *(Variant(f"always {count}", _weight_padded_by(count)) for count in _CONSTANTS),
            *(Variant(label, _unless_causal(read_with(change))) for label, change in _ONE_AXIS.items()),
        ),
        "input": (
            *(Variant(f"always {count}", _input_unpadded_by(count)) for count in _CONSTANTS[1:]),
            *(Variant(f"always {count}, cut to X's size", _input_moved_by(count)) for count in _CONSTANTS[1:]),
        ),
    },
    elsewhere={
        "weight": tuple(Variant(f"always {count}", following("weight", _FIXED[count])) for count in _CONSTANTS),
        # None at all is what padding-not-stripped is, cut to X's size.
        "input": tuple(Variant(f"always {count}", following("input", _FIXED[count])) for count in _CONSTANTS[1:]),
    },
    why=(
        "`[1:-1]` or `pad=1` was right for the 3x3 layer of the first experiment, and no padding for the layer of the "
        "lecture. With any other padding every window is read in the wrong place."
    ),
    hides_when="the layer's padding is the fixed one",
    fix="Pad X by the layer's p, and take the rows p : p + H and the columns p : p + W of dX_padded at the end.",
    transposed=Told(
        fix="Read G at s*p + d*u - p: the layer's padding p is what was cut off the output, on every side."
    ),
    shown_by="--padding 1 or --padding 2",
    numbers="padding {padding}",
    line=_unpads_by_number,
)
