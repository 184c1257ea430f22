"""What a pass is worth: the catalogue of mistakes, planted into the right gradient on this very data.

A mistake is *planted* when its formula differs from the truth on the data by more than rounding, *caught* when a
comparison of the run would have refused it, and *cannot show* when it gives the truth on the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.checks.compare import within
from gradcheck_cli.mistakes.mistake import Mistake, Problem, WrongFormula
from gradcheck_cli.model import Array, CannotShow, Power


@dataclass(frozen=True)
class Probe:
    """One comparison of grad_weight that this run made.

    Attributes:
        problem: the data.
        allowed: |difference| up to which the comparison passes, (c_out, c_in/groups, kh, kw) or a scalar.
        rounding: |difference| up to which two correct float64 codes may differ, same shape.
    """

    problem: Problem
    allowed: Array
    rounding: Array


def power_of(probes: Sequence[Probe], further: Sequence[Probe], catalogue: Mapping[str, Mistake]) -> Power:
    """Plant every grad_weight mistake that the layer can have and tell what the comparisons would have said.

    Args:
        probes: the comparisons on the data, cheapest and sharpest first; they decide what is planted.
        further: comparisons on other data, asked only where those on the data miss a mistake.
        catalogue: id -> mistake; those without a formula for grad_weight, or for a layer of this form, are left out.
    """
    caught, missed, hidden = [], [], []
    for mistake in catalogue.values():
        formula = mistake.formulas.get("weight")
        if formula is None or not all(mistake.written_for(probe.problem.spec) for probe in probes):
            continue
        outcomes = list(_until_caught(probes, formula))
        if "missed" in outcomes and "caught" not in outcomes:
            outcomes += _until_caught(further, formula)
        if "caught" in outcomes:
            caught.append(mistake.id)
        elif "missed" in outcomes:
            missed.append(mistake.id)
        else:
            hidden.append(CannotShow(mistake.id, mistake.shown_by))
    return Power(tuple(caught + missed), tuple(caught), tuple(missed), tuple(hidden))


def _until_caught(probes: Sequence[Probe], formula: WrongFormula) -> Iterator[str]:
    for probe in probes:
        outcome = _outcome(probe, formula)
        yield outcome
        if outcome == "caught":
            return


def _outcome(probe: Probe, formula: WrongFormula) -> str:
    wrong = formula(probe.problem)
    if wrong is None:
        return "equal"
    right = probe.problem.grad_weight
    if wrong.shape != right.shape or not within(right, wrong, np.broadcast_to(probe.allowed, right.shape)).all():
        return "caught"
    return "equal" if within(right, wrong, np.broadcast_to(probe.rounding, right.shape)).all() else "missed"
