"""wrong-tensor: a tensor of the right shape that is the wrong one."""

from __future__ import annotations

from dataclasses import replace

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import correlate, frame, stepping
from gradcheck_cli.model import Array


def _gradient_for_x(problem: Problem) -> Array:
    """corr(dE/dX, G)"""
    return Problem(replace(problem.case, x=problem.grad_input)).grad_weight


def _padded_gradient_for_x(problem: Problem) -> Array:
    """corr(dE/d(X padded), G): the border of the gradient stands where zeros should."""
    return correlate(frame(problem), problem.case.grad_output, stepping(problem.spec))


def _gradient_for_weight(problem: Problem) -> Array:
    """dE/dX through dE/dF in place of F."""
    return Problem(replace(problem.case, weight=problem.grad_weight)).grad_input


MISTAKE = Mistake(
    id="wrong-tensor",
    order=470,
    title="uses another tensor of the same shape, dE/dX for X or dE/dF for F",
    formulas={"weight": _gradient_for_x, "input": _gradient_for_weight},
    variants={
        "weight": (Variant("dE/d(X padded) for X padded", _padded_gradient_for_x),),
    },
    elsewhere={"weight": (Variant("", _gradient_for_x),), "input": (Variant("", _gradient_for_weight),)},
    why=(
        "dX and X, dW and W have the same shapes, and short names differ by a letter. The chain rule needs the tensors "
        "of the forward pass: X for dE/dF, F for dE/dX."
    ),
    hides_when="the two tensors hold the same numbers",
    fix="Correlate X itself with G for dE/dF, and spread G through F itself for dE/dX.",
    turned=Told(
        fix=(
            "Correlate X itself with G for dE/dF and turn the result by 180 degrees, and spread G through the turned F "
            "for dE/dX, as the forward turns F."
        ),
    ),
    shown_by="any picture",
)
