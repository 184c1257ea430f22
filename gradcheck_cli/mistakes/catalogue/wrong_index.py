"""wrong-index: G or X picked by the index of another loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.any_form import of_any_axes
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import on_other_case, with_grad_output
from gradcheck_cli.model import Array, Case, GradientName


def _upstream_by_channel(problem: Problem) -> Array | None:
    """dE/dF[o,i] = corr(X[i], G[i]): the rows of all filters are equal."""
    filters, channels = problem.spec.weight_shape[:2]
    if problem.spec.groups > 1 or channels > filters:
        return None
    own = problem.grad_weight[np.arange(channels), np.arange(channels)]
    return np.broadcast_to(own, problem.grad_weight.shape).copy()


def _picture_by_filter(problem: Problem) -> Array | None:
    """dE/dF[o,i] = corr(X[o], G[o]): the columns of all channels are equal."""
    filters, channels = problem.spec.weight_shape[:2]
    if problem.spec.groups > 1 or filters > channels:
        return None
    own = problem.grad_weight[np.arange(filters), np.arange(filters)]
    return np.broadcast_to(own[:, None], problem.grad_weight.shape).copy()


def _usual_weight(problem: Problem) -> Array | None:
    by_channel = _upstream_by_channel(problem)
    return _picture_by_filter(problem) if by_channel is None else by_channel


def _input_upstream_by_channel(problem: Problem) -> Array | None:
    """dE/dX[n,i] = sum over o of full(G[i], F[o,i]): the same as one filter whose kernel is the sum of all."""
    spec, case = problem.spec, problem.case
    if spec.groups > 1 or spec.in_channels > spec.out_channels:
        return None
    kernel = case.weight.sum(axis=0)[:, None]
    chosen = np.ascontiguousarray(case.grad_output[:, : spec.in_channels])
    depthwise = replace(spec, out_channels=spec.in_channels, groups=spec.in_channels)
    return Problem(replace(case, spec=depthwise, weight=kernel, grad_output=chosen)).grad_input


def _kernel_of_first_channel(case: Case) -> Case:
    return replace(case, weight=np.broadcast_to(case.weight[:, :1], case.weight.shape).copy())


def _first_picture(case: Case) -> Case:
    return replace(case, x=np.broadcast_to(case.x[:1], case.x.shape).copy())


def _first_upstream(case: Case) -> Case:
    return with_grad_output(case, np.broadcast_to(case.grad_output[:1], case.grad_output.shape))


def _last_picture(case: Case) -> Case:
    return replace(case, x=np.broadcast_to(case.x[-1:], case.x.shape).copy())


def _last_upstream(case: Case) -> Case:
    return with_grad_output(case, np.broadcast_to(case.grad_output[-1:], case.grad_output.shape))


_LAST_G = "the last image's G for all images"
_FIRST_G = "the first image's G for all images"
_USUAL: dict[GradientName, WrongFormula] = {"weight": _usual_weight, "input": _input_upstream_by_channel}
_VARIANTS: dict[GradientName, tuple[Variant, ...]] = {
    "weight": (
        Variant("G by the channel", _upstream_by_channel),
        Variant("X by the filter", _picture_by_filter),
        Variant("the first image for all images", on_other_case("weight", _first_picture)),
        Variant("the last image for all images", on_other_case("weight", _last_picture)),
        Variant(_FIRST_G, on_other_case("weight", _first_upstream)),
        Variant(_LAST_G, on_other_case("weight", _last_upstream)),
    ),
    "input": (
        Variant("F's first channel for all channels", on_other_case("input", _kernel_of_first_channel)),
        Variant(_FIRST_G, on_other_case("input", _first_upstream)),
        Variant(_LAST_G, on_other_case("input", _last_upstream)),
    ),
    "bias": (Variant(_FIRST_G, on_other_case("bias", _first_upstream)),),
}
MISTAKE = Mistake(
    id="wrong-index",
    order=210,
    title="picks G, X or F with the index of another loop",
    formulas=_USUAL,
    variants=_VARIANTS,
    elsewhere=of_any_axes(_USUAL, _VARIANTS),
    why=(
        "Six nested loops have six indices, and `c` stands where `f` is meant, or `i` counts both images and rows. As "
        "long as the index is in range, nothing complains."
    ),
    hides_when="the confused axes have length 1, or hold the same data",
    fix="dE/dF[o,i] takes G[n,o] and X[n,i]; dE/dX[n,i] takes G[n,o] and F[o,i]. Name the loops after their axes.",
    shown_by="--out 2 or more with --loss random",
    numbers="N = {N}, {channels}, {filters}",
)
