"""Rung 0: a layer that takes an empty batch gives it gradients: none for its rows, zeros for what all rows share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import FunctionOutcome, Sample, Verdict


@dataclass(frozen=True)
class EmptyBatch:
    """What became of it. `detail`: one clause."""

    verdict: Verdict
    detail: str


def judged_empty(empty: Sample, outcome: FunctionOutcome) -> EmptyBatch:
    """A sum over no rows is 0, as torch's own layers have it.

    Args:
        empty: a sample with 0 rows, for which the forward gives an output of 0 rows.
        outcome: of forward and backward on it; an argument that is not there has the derivative 0.
    """
    if not outcome.ended:
        return EmptyBatch(
            Verdict.FAIL, f"on a batch of 0 rows its forward runs and its backward raises {outcome.error}"
        )
    for name in empty.differentiated:
        array, wanted = outcome.gradients.get(name), empty.array(name).shape
        if array is None:
            continue
        if array.shape != wanted:
            detail = f"on a batch of 0 rows grad_{name} has the shape {array.shape}, {name} has {wanted}"
            return EmptyBatch(Verdict.FAIL, detail)
        if np.any(array != 0):
            detail = f"on a batch of 0 rows grad_{name} is {array.flat[0]:.3g}, where the sum of no rows is 0"
            return EmptyBatch(Verdict.FAIL, detail)
    return EmptyBatch(Verdict.PASS, "an empty batch gives zeros")
