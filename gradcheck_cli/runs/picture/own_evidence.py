"""What sameness is decided on, without torch, and the counterfactual that needs no other forward."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from gradcheck_cli.checks.referee import gauge_of
from gradcheck_cli.layers import conv
from gradcheck_cli.model import Array, Case, ConvSpec, Counterfactual, Rung
from gradcheck_cli.numbers import exact
from gradcheck_cli.numbers.rounding import allowed_float64
from gradcheck_cli.sameness import channels
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


def evidence_of(case: Case) -> Evidence:
    """The gradients on which sameness is decided: scaled integers where the data allow it, else float64.

    Of autograd nothing is known here: what it returned, of which the bits are compared, is for the caller to add.
    """
    spec = case.spec
    scaled = exact.dyadic(case.x, case.grad_output, spec)
    exactly = case if scaled is None else replace(case, x=scaled.x, grad_output=scaled.grad_output)
    planes = partial(by_filter, spec=spec)
    gradient = planes(conv.grad_weight(exactly.x, exactly.grad_output, spec))
    if scaled is not None:
        scale = abs(scaled.factor) * 2.0**-scaled.exponent
        return Evidence(gradient, np.zeros(gradient.shape), True, gradient, spec.groups, scale)
    # allowed_float64 bounds two codes, the ladder adds both planes: half of it is one plane's share.
    rounding = allowed_float64(spec.terms, gauge_of(exactly, "weight")) / 2
    return Evidence(gradient, planes(rounding), False, gradient, spec.groups)


def equal_upstream(case: Case) -> Counterfactual:
    """The same X with the G of filter 0 for every filter."""
    shape = case.grad_output.shape
    first = np.ascontiguousarray(np.broadcast_to(case.grad_output[:, :1], shape))
    equal = replace(case, grad_output=first)
    found = channels.across_filters(evidence_of(equal), first, "")
    assert found.verdict is not None
    return Counterfactual(
        name="equal-upstream",
        change="the G of filter 0 used for every filter",
        across="filters",
        verdict=found.verdict,
        expected=Rung.IDENTICAL,
    )
