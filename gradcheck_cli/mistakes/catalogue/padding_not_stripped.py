"""padding-not-stripped: dE/dX of the padded X, borders and all."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import cropped, framed_gradient
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import Margin, frame, stripped, window
from gradcheck_cli.mistakes.steps import OtherSize, changing, columns_as, is_causal, rows_as, written_with
from gradcheck_cli.model import Array


def _whole_frame(problem: Problem) -> Array:
    return frame(problem) if problem.spec.is_padded else problem.grad_input


def _first_rows(problem: Problem) -> Array:
    """The frame cut to X's size at its top left corner: moved by p."""
    if not problem.spec.is_padded or is_causal(problem.spec):  # there its numbers are those of future-leak
        return problem.grad_input
    return window(frame(problem), (0, 0), problem.spec.input_size)


def _last_rows(problem: Problem) -> Array:
    spec = problem.spec
    if not spec.is_padded:
        return problem.grad_input
    rows, columns = (room - size for room, size in zip(spec.padded_size, spec.input_size, strict=True))
    return window(frame(problem), (rows, columns), spec.input_size)


def _cut_by(change: OtherSize) -> WrongFormula:
    """The frame cut on one axis only, so it is 2*p too large on the other."""
    return lambda problem: stripped(frame(problem), Margin.of(problem.spec, change))


_cut_in_the_rows = written_with(changing("padding", columns_as(0)))


def _columns_left(problem: Problem) -> Array | None:
    return problem.grad_input if is_causal(problem.spec) else _cut_in_the_rows(problem)


def _whole_frame_elsewhere(problem: Problem) -> Array | None:
    return framed_gradient(problem) if problem.spec.is_padded and not problem.spec.transposed else None


def _cut_at_the_end(problem: Problem) -> Array | None:
    spec = problem.spec
    if spec.transposed or not spec.is_padded:
        return None
    return cropped(framed_gradient(problem), spec, (0,) * len(spec.padding))


MISTAKE = Mistake(
    id="padding-not-stripped",
    order=410,
    title="does not strip the padding of dE/dX, p on every side",
    formulas={"input": _whole_frame},
    variants={
        "input": (
            Variant("cut off at the bottom and right only, as by a margin of k - 1 around G", _first_rows),
            Variant("cut off at the top and left only", _last_rows),
            Variant("stripped in the columns only", _cut_by(rows_as(0))),
            Variant("stripped in the rows only", _cut_by(columns_as(0))),
            Variant(
                "stripped in the columns only, then cut to X's size", written_with(changing("padding", rows_as(0)))
            ),
            Variant("stripped in the rows only, then cut to X's size", _columns_left),
        )
    },
    elsewhere={
        "input": (
            Variant("", _whole_frame_elsewhere),
            Variant("cut off at the end of each axis only", _cut_at_the_end),
        )
    },
    why=(
        "The windows add into the gradient of the *padded* X. Its border belongs to the zeros, which are no part of X "
        "and have to be cut off, p on every side."
    ),
    hides_when="padding = 0",
    fix="Return the rows p : p + H and the columns p : p + W of dX_padded.",
    shown_by="--padding 1, or gradcheck verify (dE/dX)",
    numbers="padding {padding}",
)
