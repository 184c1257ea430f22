"""shifted: every window is read a pixel away."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import Rule, following, on_one_axis, stepping_by
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import frame, read_elsewhere, window
from gradcheck_cli.model import Array, Axis, GradientName, Size
from gradcheck_cli.model.line import of_its_axes

_NEIGHBOURS: dict[str, Size] = {
    "one row too low": (1, 0),
    "one row too high": (-1, 0),
    "one column too far right": (0, 1),
    "one column too far left": (0, -1),
    "one row too low and one column too far right": (1, 1),
    "one row too high and one column too far left": (-1, -1),
    "one row too low and one column too far left": (1, -1),
    "one row too high and one column too far right": (-1, 1),
}


def _weight_read(shift: Size) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        return read_elsewhere(problem, of_its_axes(shift, problem.spec, rows=0))

    return formula


def _input_written(shift: Size) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        spec = problem.spec
        rows, columns = of_its_axes(shift, spec, rows=0)
        start = (spec.padding[0] - rows, spec.padding[1] - columns)
        return window(frame(problem), start, spec.input_size)

    return formula


def _moved(by: int) -> Rule:
    """On axes that the code has; the rows of a line are none."""

    def place(axis: Axis, output: int, tap: int) -> int:
        return axis.stride * output + axis.dilation * tap + (by if axis.room > 1 else 0)

    return stepping_by(place)


_AXES = {"depth": -3, "row": -2, "column": -1}


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    ways = {"too far on": 1, "too early": -1}
    return (
        *(Variant(f"on every axis, {way}", following(gradient, _moved(by))) for way, by in ways.items()),
        *(
            Variant(f"one {axis} {way}", following(gradient, *on_one_axis(_moved(by), place)))
            for axis, place in _AXES.items()
            for way, by in ways.items()
        ),
    )


MISTAKE = Mistake(
    id="shifted",
    order=500,
    title="places every window one pixel off",
    formulas={"weight": _weight_read((1, 0)), "input": _input_written((1, 0))},
    variants={
        "weight": tuple(Variant(label, _weight_read(shift)) for label, shift in _NEIGHBOURS.items()),
        "input": tuple(Variant(label, _input_written(shift)) for label, shift in _NEIGHBOURS.items()),
    },
    elsewhere={gradient: _elsewhere(gradient) for gradient in ("weight", "input")},
    why=(
        "A slice from 1 in place of 0, a centre computed as k // 2 for an even kernel, or 1-based indices carried over "
        "from another language. On a smooth picture the result looks almost right."
    ),
    hides_when="X does not change from pixel to pixel",
    fix="The window of output (p, q) starts exactly at row s*p and column s*q of the padded X.",
    transposed=Told(
        fix="The window of entry (p, q) of X starts exactly at row s*p and column s*q of the uncut G.",
    ),
    shown_by="any picture",
)
