"""The referee: where two sides disagree, a sum straight from the definition says which one is wrong.

Both sides are suspects. Where the sum would take too long, the adjoint identity on integers takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from gradcheck_cli.checks.compare import Subject, undecided, within
from gradcheck_cli.model import GRADIENTS, TENSORS, Array, Case, Check, ConvSpec, GradientName, Gradients, Verdict
from gradcheck_cli.model.text import counted
from gradcheck_cli.numbers import rounding
from gradcheck_cli.numbers.arithmetic import Judged
from gradcheck_cli.oracles import adjoint, reference

# Products above which the sum by the definition takes too long: about 20 s.
MOST_PRODUCTS = 10**10
# What differs between two words on the same side: the probes have other numbers of entries.
_COUNTS = re.compile(r" \([\d,]+ of [\d,]+ entr(?:y|ies)\)")


def truth_of(case: Case, gradient: GradientName) -> Array:
    """The referee's value: summed straight from the definition, in int64 where the data are integers."""
    return reference.GRADIENT[gradient](case)


def truths_of(case: Case) -> Gradients:
    """The referee's values of all three gradients, in float64."""
    return Gradients(**{name: truth_of(case, name).astype(np.float64) for name in GRADIENTS})


def gauge_of(case: Case, gradient: GradientName) -> Array:
    """A, the sum of |products| of each entry (an upper bound, float64)."""
    return reference.GAUGE[gradient](case)


def refereed(
    check: Check, case: Case, gradient: GradientName, sides: dict[str, Array | None], judged: Judged
) -> list[Check]:
    """The check, and after a failure the referee's word on which side is wrong; both are suspects.

    Args:
        check: what was found.
        case: the data, float64.
        gradient: which gradient.
        sides: name -> value of each side; NumPy float64 arrays of the gradient's shape.
        judged: the code under test, for the slack of its arithmetic.
    """
    if check.verdict is not Verdict.FAIL:
        return [check]
    if is_integer(case) and judged.is_exact and reference.terms_of_reference(case.spec) > MOST_PRODUCTS:
        return [check, adjoint_referee(case, gradient, sides)]
    truth = truth_of(case, gradient).astype(np.float64)
    bound = rounding.allowed_float64(case.spec.terms_of(gradient), gauge_of(case, gradient))
    if is_integer(case):
        bound = np.zeros(truth.shape)
    wrong = {}
    for name, side in sides.items():
        allowed = bound + (judged.slack(case, gradient) if name == judged.name else 0.0)
        wrong[name] = mismatches(truth, side, allowed)
    return [check, named_guilty(gradient, wrong, truth.size)]


def adjoint_referee(case: Case, gradient: GradientName, sides: dict[str, Array | None]) -> Check:
    """Each side against the adjoint identity on integers: exact, and it forms no gradient of its own."""
    subject = Subject("referee", gradient, "the adjoint identity with random integers (the definition takes too long)")
    wrong = [name for name, side in sides.items() if _breaks_identity(case, gradient, side)]
    if not wrong:
        return undecided(subject, "both sides satisfy the adjoint identity; the disagreement is unexplained")
    right = [name for name in sides if name not in wrong]
    detail = f"the adjoint identity says that grad_{gradient} is wrong in {' and '.join(wrong)}"
    detail += f"; {right[0]} is right" if right else ""
    return Check("referee", gradient, Verdict.FAIL, len(sides), len(wrong), subject.criterion, detail=detail)


def of_right_shape(gradients: Gradients, spec: ConvSpec) -> Gradients:
    """The gradients without those of another shape, which other checks have failed already."""
    return Gradients(**{name: side for name, side in gradients.items() if side.shape == TENSORS[name].shape(spec)})


def _breaks_identity(case: Case, gradient: GradientName, side: Array | None) -> bool:
    only = of_right_shape(Gradients(**{gradient: side}), case.spec)
    if only.get(gradient) is None:
        return True
    return not adjoint.adjoint_mismatch(case, only, np.random.default_rng(0)).equal


def is_integer(case: Case) -> bool:
    """Are all values of the case whole numbers?"""
    return all(bool(np.all(np.rint(part) == part)) for part in (case.x, case.weight, case.grad_output))


def mismatches(truth: Array, side: Array | None, allowed: Array) -> int:
    """Entries of a side that are further from the truth than is allowed; all, where it has none or another shape."""
    if side is None or side.shape != truth.shape:
        return int(truth.size)
    return int(np.count_nonzero(~within(truth, side, allowed)))


def named_guilty(gradient: str, wrong: dict[str, int], entries: int) -> Check:
    """The referee's word: the sides with wrong entries, and those without.

    Args:
        gradient: which gradient.
        wrong: side -> entries that the sum by the definition refutes.
        entries: of the gradient.
    """
    guilty = [name for name, count in wrong.items() if count]
    innocent = [name for name, count in wrong.items() if not count]
    subject = Subject("referee", gradient, "summed straight from the definition")
    if not guilty:
        return undecided(
            subject, "both sides agree with the definition's sum; the disagreement is unexplained", entries
        )
    which = " and ".join(f"{name} ({wrong[name]:,} of {counted(entries, 'entry')})" for name in guilty)
    detail = f"the definition's sum says that grad_{gradient} is wrong in {which}"
    detail += f"; {innocent[0]} is right" if innocent else ""
    worst = max(wrong.values())
    return Check("referee", gradient, Verdict.FAIL, entries, worst, subject.criterion, detail=detail)


def once(found: Sequence[Check]) -> list[Check]:
    """The checks without a referee's word that only repeats an earlier one: of the same gradient and the same side."""
    said: set[tuple[str, str, str]] = set()
    kept = []
    for check in found:
        word = (check.gradient, check.verdict.value, _COUNTS.sub("", check.detail).partition(";")[0])
        if check.name != "referee" or word not in said:
            kept.append(check)
        if check.name == "referee":
            said.add(word)
    return kept
