"""The forum's question on one run: both directions of sameness, their reasons and the counterfactuals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Counterfactual, Rung, Sameness, SamenessReport
from gradcheck_cli.runs.picture.layer import LayerRun, Surroundings, run_layer
from gradcheck_cli.runs.picture.own_evidence import by_filter, evidence_of
from gradcheck_cli.runs.picture.own_half import OwnHalf
from gradcheck_cli.sameness import channels, reasons
from gradcheck_cli.sameness.channels import Evidence


def both_directions(run: LayerRun, known: Evidence | None = None) -> tuple[Sameness, Sameness]:
    """(across channels, across filters) of one run, each with its reason.

    Args:
        run: one seed.
        known: what `evidence_of` gives for it, where that is known.
    """
    evidence = replace(known or evidence_of(run.case), returned=by_filter(run.grad_weight, run.case.spec))
    x, grad_output, groups = run.case.x, run.case.grad_output, run.case.spec.groups
    of_channels = channels.across_channels(evidence, x, reasons.channel_reason(x, groups))
    of_filters = reasons.filter_reason(grad_output, run.layer.loss.name, groups)
    found = (of_channels, channels.across_filters(evidence, grad_output, of_filters))
    # Where no tap meets X there is nothing that X or G could tell apart.
    return found if evidence.gradient.any() else (_of_zeros(found[0]), _of_zeros(found[1]))


def _of_zeros(found: Sameness) -> Sameness:
    return found if found.verdict is None else replace(found, reason="every entry is 0")


def sameness_of(surroundings: Surroundings, run: LayerRun, own: OwnHalf) -> SamenessReport:
    """Both directions and what happens when their reason is taken away."""
    across_channels, across_filters = both_directions(run, own.evidence)
    counterfactuals = []
    if across_channels.verdict is not None:
        counterfactuals.append(gray_copied(surroundings, run.layer.seed))
    if across_filters.verdict is not None:
        counterfactuals.append(own.equal_upstream)
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
