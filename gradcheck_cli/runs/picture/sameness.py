"""The forum's question on one run: both directions of sameness, their reasons and the two counterfactuals."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from gradcheck_cli.checks.referee import gauge_of
from gradcheck_cli.layers import conv
from gradcheck_cli.model import Array, Case, ConvSpec, Counterfactual, Rung, Sameness, SamenessReport
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.rounding import allowed_float64
from gradcheck_cli.runs.picture.layer import LayerRun, Surroundings, run_layer
from gradcheck_cli.sameness import channels, reasons
from gradcheck_cli.sameness.channels import Evidence


def by_filter(of_weight: Array, spec: ConvSpec) -> Array:
    """What is shaped like the weight, with filters first: a transposed layer has its channels there.

    Returns:
        (c_out, c_in/groups, ...): the plane that filter o has for channel i of its group.
    """
    if not spec.transposed:
        return of_weight
    channels, filters = spec.in_channels // spec.groups, spec.out_channels // spec.groups
    grouped = of_weight.reshape(spec.groups, channels, filters, *spec.kernel_size)
    return np.ascontiguousarray(grouped.swapaxes(1, 2)).reshape(spec.out_channels, channels, *spec.kernel_size)


def evidence_of(case: Case, returned: Array | None = None) -> Evidence:
    """The gradients on which sameness is decided: scaled integers where the data allow it, else float64.

    Args:
        case: float64 data of the run.
        returned: grad_weight as autograd returned it, for the flag about its bits; None where nobody reads that.
    """
    spec = case.spec
    scaled = exact.dyadic(case.x, case.grad_output, spec)
    exactly = case if scaled is None else replace(case, x=scaled.x, grad_output=scaled.grad_output)
    planes = partial(by_filter, spec=spec)
    gradient = planes(conv.grad_weight(exactly.x, exactly.grad_output, spec))
    bits = gradient if returned is None else planes(returned)
    if scaled is not None:
        scale = abs(scaled.factor) * 2.0**-scaled.exponent
        return Evidence(gradient, np.zeros(gradient.shape), True, bits, spec.groups, scale)
    # allowed_float64 bounds two codes, the ladder adds both planes: half of it is one plane's share.
    rounding = allowed_float64(spec.terms, gauge_of(exactly, "weight")) / 2
    return Evidence(gradient, planes(rounding), False, bits, spec.groups)


def both_directions(run: LayerRun) -> tuple[Sameness, Sameness]:
    """(across channels, across filters) of one run, each with its reason."""
    evidence = evidence_of(run.case, run.grad_weight)
    x, grad_output, groups = run.case.x, run.case.grad_output, run.case.spec.groups
    of_channels = channels.across_channels(evidence, x, reasons.channel_reason(x, groups))
    of_filters = reasons.filter_reason(grad_output, run.layer.loss.name, groups)
    found = (of_channels, channels.across_filters(evidence, grad_output, of_filters))
    # Where no tap meets X there is nothing that X or G could tell apart.
    return found if evidence.gradient.any() else (_of_zeros(found[0]), _of_zeros(found[1]))


def _of_zeros(found: Sameness) -> Sameness:
    return found if found.verdict is None else replace(found, reason="every entry is 0")


def sameness_of(surroundings: Surroundings, run: LayerRun, seed: int) -> SamenessReport:
    """Both directions and what happens when their reason is taken away."""
    across_channels, across_filters = both_directions(run)
    counterfactuals = []
    if across_channels.verdict is not None:
        counterfactuals.append(gray_copied(surroundings, seed))
    if across_filters.verdict is not None:
        counterfactuals.append(equal_upstream(run))
    return SamenessReport(across_channels, across_filters, tuple(counterfactuals))


def gray_copied(surroundings: Surroundings, seed: int) -> Counterfactual:
    """The same run with the picture decoded as gray and copied to all channels."""
    data = surroundings.data
    copied = np.ascontiguousarray(np.broadcast_to(data.gray, data.x.shape))
    # The reference, X and the weights make G; what autograd goes on to is not asked about here.
    case = run_layer(replace(surroundings, data=data.with_x(copied)), seed, wanted=()).case
    found = channels.across_channels(evidence_of(case), case.x, "")
    assert found.verdict is not None
    return Counterfactual(
        name="gray-copied",
        change=f"the {surroundings.data.gray_name} copied to all channels",
        across="channels",
        verdict=found.verdict,
        expected=Rung.IDENTICAL,
    )


def equal_upstream(run: LayerRun) -> Counterfactual:
    """The same X with the G of filter 0 for every filter."""
    shape = run.case.grad_output.shape
    first = np.ascontiguousarray(np.broadcast_to(run.case.grad_output[:, :1], shape))
    case = replace(run.case, grad_output=first)
    found = channels.across_filters(evidence_of(case), first, "")
    assert found.verdict is not None
    return Counterfactual(
        name="equal-upstream",
        change="the G of filter 0 used for every filter",
        across="filters",
        verdict=found.verdict,
        expected=Rung.IDENTICAL,
    )
