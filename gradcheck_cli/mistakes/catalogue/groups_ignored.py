"""groups-ignored: every filter reads the first channels, or all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.any_form import of_any_axes
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.model import Array, Case, GradientName


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


_Array = Literal["x", "weight", "grad_output"]


def _counted_wrongly(gradient: GradientName, array: _Array) -> WrongFormula:
    """Group j starts at j*c_out/groups in X, or at j*c_in/groups in F or G: each counted by what the other holds."""

    def formula(problem: Problem) -> Array | None:
        if problem.spec.groups == 1:
            return problem.right(gradient)
        out = np.zeros_like(problem.right(gradient))
        shares = [_add_share(problem, gradient, array, group, out) for group in range(problem.spec.groups)]
        return out if all(shares) else None

    return formula


def _add_share(problem: Problem, gradient: GradientName, array: _Array, group: int, out: Array) -> bool:
    """Adds one group's share; False where the arrays do not fit one another, so that the code raises."""
    spec, case = problem.spec, problem.case
    channels, filters = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    first = {"x": group * channels, "weight": group * filters, "grad_output": group * filters}
    first[array] = group * (filters if array == "x" else channels)
    x = case.x[:, first["x"] : first["x"] + channels]
    f = case.weight[first["weight"] : first["weight"] + filters]
    g = np.ascontiguousarray(case.grad_output[:, first["grad_output"] : first["grad_output"] + filters])
    share = replace(spec, in_channels=channels, out_channels=filters, groups=1)
    if min(len(f), g.shape[1]) < filters:
        return False
    if gradient == "weight" and x.shape[1] == channels:
        out[group * filters : (group + 1) * filters] = conv.grad_weight(np.ascontiguousarray(x), g, share)
        return True
    # One channel is spread over a slice that is empty, without a word.
    if gradient == "input" and (x.shape[1] == channels or channels == 1):
        out[:, first["x"] : first["x"] + channels] += conv.grad_input(f, g, share)[:, : x.shape[1]]
        return True
    return False


def _within_first(array: Array, groups: int) -> Array:
    """Filters numbered (group, filter of it) where the code numbers them (filter of it, group)."""
    return np.ascontiguousarray(array.reshape(groups, -1, *array.shape[1:]).swapaxes(0, 1).reshape(array.shape))


def _taken_as_turned(gradient: GradientName, array: Literal["weight", "grad_output"]) -> WrongFormula:
    """G or F is viewed as (filter of its group, group) where the filters stand group by group."""

    def formula(problem: Problem) -> Array:
        case, groups = problem.case, problem.spec.groups
        by_filters: Array = getattr(case, array)
        filters = by_filters if array == "weight" else by_filters.swapaxes(0, 1)
        viewed = _within_first(filters, filters.shape[0] // groups)
        other = viewed if array == "weight" else viewed.swapaxes(0, 1)
        return Problem(case.with_array(array, np.ascontiguousarray(other))).right(gradient)

    return formula


def _weight_turned(problem: Problem) -> Array:
    """dE/dF comes out as (filter of its group, group), and is reshaped as if it were (group, filter of it)."""
    return _within_first(problem.grad_weight, problem.spec.groups)


def _put_together_backwards(gradient: GradientName) -> WrongFormula:
    """Each group's part is right, and the last group's stands first."""

    def formula(problem: Problem) -> Array:
        parts, axis = problem.right(gradient), int(gradient == "input")
        return np.ascontiguousarray(np.concatenate(np.split(parts, problem.spec.groups, axis)[::-1], axis))

    return formula


def _first_for_all(gradient: GradientName, array: _Array) -> WrongFormula:
    """Every group gets what the first one has."""

    def formula(problem: Problem) -> Array:
        case, groups = problem.case, problem.spec.groups
        axis = int(array != "weight")
        first = np.split(getattr(case, array), groups, axis)[0]
        return Problem(case.with_array(array, np.concatenate([first] * groups, axis))).right(gradient)

    return formula


def _of_transposed(gradient: GradientName, array: _Array) -> Variant:
    """The same of a transposed layer, whose F has the groups along c_in."""
    formula = _first_for_all(gradient, array)
    label = f"every group gets the {_SYMBOLS[array]} of the first one"
    return Variant(label, lambda problem: formula(problem) if problem.spec.transposed else None)


_SYMBOLS: dict[_Array, str] = {"x": "X", "weight": "F", "grad_output": "G"}


_BACKWARDS = "the parts of the groups are put together in the opposite order"
_FIRST_OF_G = "every group gets the G of the first one"
_TURNED = "{} with the filters as (filter of its group, group), in place of (group, filter of it)"
_DEALT = "filter o in group o % groups, in place of o // (c_out / groups)"
_BY_FILTERS = "group j starts at channel j*c_out/groups, in place of j*c_in/groups"
_BY_CHANNELS = "group j starts at filter j*c_in/groups of {}, in place of j*c_out/groups"
_USUAL: dict[GradientName, WrongFormula] = {"weight": _first_channels, "input": _into_first_channels}
_VARIANTS: dict[GradientName, tuple[Variant, ...]] = {
    "weight": (
        Variant("all channels, so the shape is too large", _all_channels),
        Variant(_DEALT, _weight_dealt_out),
        Variant(_BY_FILTERS, _counted_wrongly("weight", "x")),
        Variant(_BY_CHANNELS.format("G"), _counted_wrongly("weight", "grad_output")),
        Variant(_TURNED.format("G"), _taken_as_turned("weight", "grad_output")),
        Variant(_TURNED.format("dE/dF"), _weight_turned),
        Variant(_BACKWARDS, _put_together_backwards("weight")),
        Variant(_FIRST_OF_G, _first_for_all("weight", "grad_output")),
    ),
    "input": (
        Variant(_DEALT, _input_dealt_out),
        Variant(_BY_FILTERS, _counted_wrongly("input", "x")),
        Variant(_BY_CHANNELS.format("G"), _counted_wrongly("input", "grad_output")),
        Variant(_BY_CHANNELS.format("F"), _counted_wrongly("input", "weight")),
        Variant(_TURNED.format("G"), _taken_as_turned("input", "grad_output")),
        Variant(_TURNED.format("F"), _taken_as_turned("input", "weight")),
        Variant(_BACKWARDS, _put_together_backwards("input")),
        Variant(_FIRST_OF_G, _first_for_all("input", "grad_output")),
    ),
}
_ELSEWHERE = of_any_axes(_USUAL, _VARIANTS)
_TRANSPOSED: dict[GradientName, tuple[Variant, ...]] = {
    "weight": tuple(_of_transposed("weight", array) for array in ("x", "grad_output")),
    "input": tuple(_of_transposed("input", array) for array in ("weight", "grad_output")),
}
MISTAKE = Mistake(
    id="groups-ignored",
    order=490,
    title="does not respect the groups: filters read the channels of the first group, of another one, or all channels",
    formulas=_USUAL,
    variants=_VARIANTS,
    elsewhere={gradient: (*ways, *_TRANSPOSED[gradient]) for gradient, ways in _ELSEWHERE.items()},
    why=(
        "With groups, filter o sees only the c_in/groups channels of its own group. Code for one group runs without "
        "complaint when it takes the number of channels from F's shape."
    ),
    hides_when="groups = 1",
    fix=(
        "For filter o of group j use channels j*c_in/groups to (j+1)*c_in/groups of X; its filters are j*c_out/groups "
        "to (j+1)*c_out/groups of F and G."
    ),
    shown_by="--groups 3 with --in 3 --out 3",
    numbers="groups = {groups}",
    misfits=lambda spec: spec.groups > 1,
)
