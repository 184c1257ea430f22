"""stride-ignored: windows that start at p in place of s*p."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import Rule, following, on_one_axis, stepping_by
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant, WrongFormula
from gradcheck_cli.mistakes.steps import OtherSteps, Steps, changing, columns_as, read_with, rows_as, written_with
from gradcheck_cli.model import Array, GradientName


def _by_padding(steps: Steps) -> Steps:
    return Steps(steps.padding, steps.padding, steps.dilation)


def _where_padded(formula: WrongFormula) -> WrongFormula:
    """A step of 0 is no step."""

    def where_padded(problem: Problem) -> Array | None:
        return formula(problem) if min(problem.spec.padding) else None

    return where_padded


def _none(steps: Steps) -> Steps:
    return Steps((1, 1), steps.padding, steps.dilation)


_ONE_AXIS: dict[str, OtherSteps] = {
    "in the rows only": changing("stride", rows_as(1)),
    "in the columns only": changing("stride", columns_as(1)),
}
_PADDING = "the padding in its place"

_unstrided: Rule = stepping_by(lambda axis, output, tap: output + axis.dilation * tap)
_AXES = {"along the depth": -3, "along the rows": -2, "along the columns": -1}


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    on_one = ((label, on_one_axis(_unstrided, place)) for label, place in _AXES.items())
    return (
        Variant("", following(gradient, _unstrided)),
        *(Variant(f"{label} only", following(gradient, *rules)) for label, rules in on_one),
    )


MISTAKE = Mistake(
    id="stride-ignored",
    order=300,
    title="starts the window of output (p, q) at row p and column q, without the stride",
    formulas={"weight": read_with(_none), "input": written_with(_none)},
    variants={
        "weight": (
            *(Variant(label, read_with(change)) for label, change in _ONE_AXIS.items()),
            Variant(_PADDING, _where_padded(read_with(_by_padding))),
        ),
        "input": (
            *(Variant(label, written_with(change)) for label, change in _ONE_AXIS.items()),
            Variant(_PADDING, _where_padded(written_with(_by_padding))),
        ),
    },
    elsewhere={gradient: _elsewhere(gradient) for gradient in ("weight", "input")},
    why=(
        "`vert_start = h` is right for stride 1 and was never changed, or one of the two starts was forgotten. Output "
        "(p, q) was computed from the window that starts at s*p, s*q, so that is where its gradient belongs."
    ),
    hides_when="stride = 1",
    fix="Start the window of output (p, q) at row s*p and column s*q of the padded X.",
    transposed=Told(
        title="starts the window of entry (p, q) of X at row p and column q of G, without the stride",
        fix="Start the window of entry (p, q) of X at row s*p and column s*q of the uncut G.",
    ),
    shown_by="--stride 2",
    numbers="stride {stride}",
)
