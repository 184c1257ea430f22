"""Rung 1: the forward against another one that says what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.ladder.bounded import Bounded, bounded
from gradcheck_cli.model import Array, FunctionOutcome, Sample, Verdict


@dataclass(frozen=True)
class ForwardJudged:
    """How the outputs stand to those of the reference. `detail` says what differs, "" where nothing does."""

    verdict: Verdict
    detail: str = ""
    result: Bounded | None = None


def judged_forward(sample: Sample, outputs: Sequence[Array], reference: FunctionOutcome) -> ForwardJudged:
    """Output by output: shape first, then numbers in units of u times what the arguments and results are made of."""
    if not reference.ended:
        return ForwardJudged(Verdict.INCONCLUSIVE, f"the reference does not take {sample.text}: {reference.error}")
    if len(reference.outputs) < len(outputs):
        return ForwardJudged(Verdict.INCONCLUSIVE, "the reference gives fewer outputs")
    scale = max((float(np.max(np.abs(sample.array(name)), initial=0.0)) for name in sample.differentiated), default=0.0)
    terms = max(out.size for out in outputs) + max(
        (sample.array(name).size for name in sample.differentiated), default=0
    )
    for actual, expected in zip(outputs, reference.outputs, strict=False):
        if actual.shape != expected.shape:
            said = f"its output has the shape {actual.shape} where the reference gives {expected.shape}"
            return ForwardJudged(Verdict.FAIL, said)
        wanted = expected.astype(np.float64)
        found = bounded(actual, wanted, np.zeros_like(wanted), np.abs(wanted) + scale, terms)
        if found.verdict is not Verdict.PASS:
            return ForwardJudged(found.verdict, _in_words(actual, wanted, found), found)
    return ForwardJudged(Verdict.PASS)


def _in_words(actual: Array, expected: Array, found: Bounded) -> str:
    place = found.worst or ()
    entry = f"its output[{', '.join(map(str, place))}]" if place else "its output"
    return f"{entry} is {actual[place]:.6g} where the reference gives {expected[place]:.6g}"
