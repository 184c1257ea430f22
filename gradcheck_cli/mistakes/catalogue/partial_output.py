"""partial-output: some outputs are never visited."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.any_form import following, only, part
from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import correlate, each, on_other_case, padded_x, stepping, with_grad_output
from gradcheck_cli.model import GRADIENTS, Array, Case, GradientName
from gradcheck_cli.model.line import number_of_axes


def _without(rows: slice | list[int] | None, columns: slice | list[int] | None) -> OtherCase:
    """The case with G zero in these rows and columns."""

    def prepare(case: Case) -> Case:
        kept = case.grad_output.copy()
        if rows is not None and number_of_axes(case.spec) > 1:
            kept[:, :, rows] = 0
        if columns is not None:
            kept[:, :, :, columns] = 0
        return with_grad_output(case, kept)

    return prepare


_LAST, _FIRST = slice(-1, None), slice(0, 1)
# The first and the last of an axis.
_RIM = [0, -1]
_without_both = _without(_LAST, _LAST)


_weight_summed_anew = on_other_case("weight", _without_both)


def _weight_without_last(problem: Problem) -> Array | None:
    """The right gradient less what the last row and column of G add to it: the sums that the loop leaves out."""
    if problem.supposed:
        return _weight_summed_anew(problem)
    spec, grad_output = problem.spec, problem.case.grad_output
    bottom, right = (step * (count - 1) for step, count in zip(spec.stride, spec.output_size, strict=True))
    source, steps = padded_x(problem), stepping(spec)
    if number_of_axes(spec) == 1:
        last = correlate(source, np.ascontiguousarray(grad_output[..., -1:]), steps, (0, right))
        return problem.grad_weight - last
    last_row = correlate(source, np.ascontiguousarray(grad_output[:, :, -1:]), steps, (bottom, 0))
    if spec.output_size[0] == 1:
        return problem.grad_weight - last_row
    last_column = correlate(source, np.ascontiguousarray(grad_output[:, :, :-1, -1:]), steps, (0, right))
    return problem.grad_weight - last_row - last_column


def _first_share(case: Case) -> Case | None:
    """Loops to h_out // s, rounded up: the visited corner is smaller by the stride."""
    rows, columns = (-(-count // step) for count, step in zip(case.spec.output_size, case.spec.stride, strict=True))
    share = _without(slice(rows, None), slice(columns, None))
    return share(case)


def _every_sth(case: Case) -> Case:
    """Loops over range(0, h_out, s)."""
    kept = np.zeros_like(case.grad_output)
    rows, columns = case.spec.stride
    kept[:, :, ::rows, ::columns] = case.grad_output[:, :, ::rows, ::columns]
    return with_grad_output(case, kept)


def _further(gradient: GradientName) -> tuple[Variant, ...]:
    ways = {
        "the last row is left out": _without(_LAST, None),
        "the last column is left out": _without(None, _LAST),
        "the first row and column are left out": _without(_FIRST, _FIRST),
        "the outputs at the rim are left out": _without(_RIM, _RIM),
        "the first row is left out": _without(_FIRST, None),
        "the first column is left out": _without(None, _FIRST),
        "only the first h_out/s rows and w_out/s columns are visited": _first_share,
        "only every s-th output is visited": _every_sth,
    }
    return tuple(Variant(label, on_other_case(gradient, prepare)) for label, prepare in ways.items())


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    """Of a transposed layer it is an input that is left out, which is what its loops visit."""
    return (
        Variant("", following(gradient, only(lambda axis, p: p < axis.outputs - 1 or axis.room == 1))),
        Variant(
            "the first of each axis is left out", following(gradient, only(lambda axis, p: p > 0 or axis.room == 1))
        ),
    )


def _bias_without_last(problem: Problem) -> Array | None:
    if problem.spec.transposed:
        return None
    kept = np.zeros_like(problem.case.grad_output)
    inner = [slice(None, -1) if size > 1 else slice(None) for size in kept.shape[2:]]
    part(kept, inner)[...] = part(problem.case.grad_output, inner)
    return Problem(with_grad_output(problem.case, kept)).grad_bias


MISTAKE = Mistake(
    id="partial-output",
    order=330,
    title="leaves out some outputs, as a rule the last row and column of G",
    formulas={
        **each(lambda gradient: on_other_case(gradient, _without_both), "input", "bias"),
        "weight": _weight_without_last,
    },
    variants={gradient: _further(gradient) for gradient in GRADIENTS},
    elsewhere={
        "weight": _elsewhere("weight"),
        "input": _elsewhere("input"),
        "bias": (Variant("", _bias_without_last),),
    },
    why=(
        "`range(h_out - 1)`, a bound computed from another size, or a step in a loop that already counts outputs. Each "
        "output adds to the gradients, so each must be visited once."
    ),
    hides_when="G is zero at the outputs that are left out",
    fix="Visit all outputs: p in range(h_out), q in range(w_out), with h_out, w_out taken from G's shape.",
    transposed=Told(
        title="leaves out some entries of X, as a rule the last row and column",
        fix="Visit all entries of X: take the ends of the loops from its shape.",
    ),
    shown_by="any picture",
    numbers="outputs {P}x{Q}",
    prepare=_without_both,
)
