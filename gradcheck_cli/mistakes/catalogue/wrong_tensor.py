"""wrong-tensor: a tensor of the right shape that is the wrong one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Told, Variant
from gradcheck_cli.mistakes.pieces import correlate, frame, padded_x, stepping, with_grad_output
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


def _output_for_upstream(problem: Problem) -> Array:
    """corr(X, O)"""
    return Problem(with_grad_output(problem.case, _output(problem))).grad_weight


def _input_output_for_upstream(problem: Problem) -> Array:
    return Problem(with_grad_output(problem.case, _output(problem))).grad_input


def _bias_output_for_upstream(problem: Problem) -> Array:
    return Problem(with_grad_output(problem.case, _output(problem))).grad_bias


def _output(problem: Problem) -> Array:
    """The forward pass of a small layer, all windows at once."""
    spec, case = problem.spec, problem.case
    windows = sliding_window_view(padded_x(problem), spec.extent, axis=(2, 3))
    windows = windows[:, :, :: spec.stride[0], :: spec.stride[1], :: spec.dilation[0], :: spec.dilation[1]]
    grouped = windows.reshape(spec.batch, spec.groups, -1, *windows.shape[2:])
    kernels = case.weight.reshape(spec.groups, -1, *case.weight.shape[1:])
    out = np.einsum("ngipquv,gkiuv->ngkpq", grouped, kernels).reshape(spec.output_shape)
    return np.asarray(out + case.bias[None, :, None, None])


_OUTPUT = "the output O for G"
MISTAKE = Mistake(
    id="wrong-tensor",
    title="uses another tensor of the same shape, dE/dX for X or dE/dF for F",
    formulas={"weight": _gradient_for_x, "input": _gradient_for_weight},
    variants={
        "weight": (
            Variant("dE/d(X padded) for X padded", _padded_gradient_for_x),
            Variant(_OUTPUT, _output_for_upstream),
        ),
        "input": (Variant(_OUTPUT, _input_output_for_upstream),),
        "bias": (Variant(_OUTPUT, _bias_output_for_upstream),),
    },
    why=(
        "dX and X, dW and W, O and dO have the same shapes, and short names differ by a letter. The chain rule needs "
        "the tensors of the forward pass: X for dE/dF, F for dE/dX, and G = dE/dO for both."
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
