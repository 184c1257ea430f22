"""filters-collapsed: all filters treated as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Told, Variant, of_convolutions
from gradcheck_cli.mistakes.pieces import on_other_case, rearranged, with_grad_output
from gradcheck_cli.model import GRADIENTS, Array, Case


def _total(right: Array) -> Array:
    return np.broadcast_to(right.sum(axis=0, keepdims=True), right.shape).copy()


def _same_as(index: int) -> OtherCase:
    """Every filter gets the G of one of them."""

    def prepare(case: Case) -> Case:
        chosen = case.grad_output[:, [index]]
        return with_grad_output(case, np.broadcast_to(chosen, case.grad_output.shape))

    return prepare


def _only(index: int) -> OtherCase:
    """The other filters add nothing."""

    def prepare(case: Case) -> Case:
        kept = np.zeros_like(case.grad_output)
        kept[:, index] = case.grad_output[:, index]
        return with_grad_output(case, kept)

    return prepare


def _first_kernel(case: Case) -> Case | None:
    """Every filter gets the first one's F."""
    if case.spec.groups > 1:
        return None
    return replace(case, weight=np.broadcast_to(case.weight[:1], case.weight.shape).copy())


def _totalled_upstream(case: Case) -> Case:
    total = case.grad_output.sum(axis=1, keepdims=True)
    return with_grad_output(case, np.broadcast_to(total, case.grad_output.shape))


MISTAKE = Mistake(
    id="filters-collapsed",
    order=180,
    title="treats all filters as one",
    written_for=of_convolutions,
    formulas={"weight": rearranged("weight", _total), "input": on_other_case("input", _only(-1))},
    variants={
        "weight": (
            Variant("the first filter's G for all", on_other_case("weight", _same_as(0))),
            Variant("the last filter's G for all", on_other_case("weight", _same_as(-1))),
            Variant("only the last filter is filled", on_other_case("weight", _only(-1))),
            Variant("only the first filter is filled", on_other_case("weight", _only(0))),
        ),
        "input": (
            Variant("only the first filter counts", on_other_case("input", _only(0))),
            Variant("G summed over the filters first", on_other_case("input", _totalled_upstream)),
            Variant("the first filter's G for all", on_other_case("input", _same_as(0))),
            Variant("the last filter's G for all", on_other_case("input", _same_as(-1))),
            Variant("the first filter's F for all", on_other_case("input", _first_kernel)),
        ),
        "bias": (
            Variant("the first filter's G for all", on_other_case("bias", _same_as(0))),
            Variant("only the last filter is filled", on_other_case("bias", _only(-1))),
        ),
    },
    elsewhere={
        gradient: (
            Variant("the first filter's G for all", on_other_case(gradient, _same_as(0))),
            Variant("the last filter's G for all", on_other_case(gradient, _same_as(-1))),
            Variant("only the last filter counts", on_other_case(gradient, _only(-1))),
            Variant("only the first filter counts", on_other_case(gradient, _only(0))),
        )
        for gradient in GRADIENTS
    },
    why=(
        "G is summed over the filters, one filter's G serves all, or `=` in the loop over filters keeps only the last. "
        "Each filter has its own G[o], and dE/dX needs the sum of all of them."
    ),
    hides_when="there is one filter, or all filters have the same G",
    fix="dE/dF[o] uses the channel o of G alone; dE/dX adds the filters with `+=`.",
    transposed=Told(fix="dE/dF[:, o] uses the channel o of G alone; dE/dX adds the filters with `+=`."),
    shown_by="--out 2 or more with --loss random",
    numbers="{filters}",
)
