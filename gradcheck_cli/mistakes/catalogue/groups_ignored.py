"""groups-ignored: every filter reads the first channels, or all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array, Case


def _first_channels(problem: Problem) -> Array:
    spec, case = problem.spec, problem.case
    if spec.groups == 1:
        return problem.grad_weight
    channels = spec.in_channels // spec.groups
    ungrouped = replace(spec, in_channels=channels, groups=1)
    return conv.grad_weight(np.ascontiguousarray(case.x[:, :channels]), case.grad_output, ungrouped)


def _all_channels(problem: Problem) -> Array:
    """dE/dF of an ungrouped layer: (c_out, c_in, kh, kw), groups times too large."""
    spec, case = problem.spec, problem.case
    if spec.groups == 1:
        return problem.grad_weight
    return conv.grad_weight(case.x, case.grad_output, replace(spec, groups=1))


def _into_first_channels(problem: Problem) -> Array:
    """All filters add to the first group's channels; the others stay zero."""
    spec, case = problem.spec, problem.case
    if spec.groups == 1:
        return problem.grad_input
    channels = spec.in_channels // spec.groups
    out = np.zeros(spec.x_shape, dtype=case.grad_output.dtype)
    ungrouped = replace(spec, in_channels=channels, groups=1)
    out[:, :channels] = conv.grad_input(case.weight, case.grad_output, ungrouped)
    return out


def _filters_dealt_out(case: Case) -> tuple[Case, Array]:
    """The case in which filter o belongs to group o % groups, and where its filters stood before."""
    order = np.argsort(np.arange(case.spec.out_channels) % case.spec.groups, kind="stable")
    dealt = replace(case, weight=case.weight[order], grad_output=np.ascontiguousarray(case.grad_output[:, order]))
    return dealt, order


def _weight_dealt_out(problem: Problem) -> Array:
    case, order = _filters_dealt_out(problem.case)
    out = np.empty_like(problem.grad_weight)
    out[order] = Problem(case).grad_weight
    return out


def _input_dealt_out(problem: Problem) -> Array:
    return Problem(_filters_dealt_out(problem.case)[0]).grad_input


_DEALT = "filter o in group o % groups, in place of o // (c_out / groups)"
MISTAKE = Mistake(
    id="groups-ignored",
    title="does not respect the groups: filters read the channels of the first group, of another one, or all channels",
    formulas={"weight": _first_channels, "input": _into_first_channels},
    variants={
        "weight": (
            Variant("all channels, so the shape is too large", _all_channels),
            Variant(_DEALT, _weight_dealt_out),
        ),
        "input": (Variant(_DEALT, _input_dealt_out),),
    },
    why=(
        "With groups, filter o sees only the c_in/groups channels of its own group. Code for one group runs without "
        "complaint when it takes the number of channels from F's shape."
    ),
    hides_when="groups = 1",
    fix="For filter o of group j use channels j*c_in/groups to (j+1)*c_in/groups of X.",
    shown_by="--groups 3 with --in 3 --out 3",
    numbers="groups = {groups}",
)
