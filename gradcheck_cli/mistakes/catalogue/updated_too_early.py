"""updated-too-early: the weights change while gradients are still being computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array


def _once_per_later_filter(problem: Problem) -> Array:
    """The update runs inside the loop over filters: filter o has been applied c_out - o times at the end."""
    counts = np.arange(problem.spec.out_channels, 0, -1, dtype=problem.grad_weight.dtype)
    wrong: Array = problem.grad_weight * counts[:, None, None, None]
    return wrong


def _once_per_later_channel(problem: Problem) -> Array:
    counts = np.arange(problem.grad_weight.shape[1], 0, -1, dtype=problem.grad_weight.dtype)
    wrong: Array = problem.grad_weight * counts[None, :, None, None]
    return wrong


def _bias_once_per_later_filter(problem: Problem) -> Array:
    counts = np.arange(problem.spec.out_channels, 0, -1, dtype=problem.grad_bias.dtype)
    wrong: Array = problem.grad_bias * counts
    return wrong


def _through_new_weights(problem: Problem) -> Array:
    """dE/dX through F - lr * dE/dF, here with lr = 1; the diagnosis fits the lr."""
    case = problem.case
    return Problem(replace(case, weight=case.weight - problem.grad_weight)).grad_input


def _early_step(problem: Problem) -> Array:
    """What dE/dX gains per unit of learning rate when F has already been updated: minus dE/dX through dE/dF."""
    return -conv.grad_input(problem.grad_weight, problem.case.grad_output, problem.spec)


MISTAKE = Mistake(
    id="updated-too-early",
    order=290,
    title="updates the weights before all gradients are computed",
    formulas={
        "weight": _once_per_later_filter,
        "input": _through_new_weights,
        "bias": _bias_once_per_later_filter,
    },
    variants={"weight": (Variant("once per channel", _once_per_later_channel),)},
    elsewhere={"input": (Variant("", _through_new_weights),)},
    why=(
        "`F -= lr * dF` inside the loop is applied again for every later filter, and a dE/dX computed after the update "
        "uses weights that the forward pass never saw."
    ),
    hides_when="there is one filter (for dE/dF), or the learning rate is 0 (for dE/dX)",
    fix="Compute dE/dX, dE/dF and dE/db first; update once, after the loops.",
    shown_by="--out 2 or more",
    numbers="{filters}",
    per_rate={"input": _early_step},
)
