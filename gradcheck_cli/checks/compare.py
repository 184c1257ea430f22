"""Two arrays in, evidence out: how many entries differ, by how much, where, and against what is allowed.

No array is computed by convolution here and nothing is printed. Comparing nothing is never a pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_cli.model import Array, ChannelDifference, Check, CheckName, Verdict, Worst

# Of an array that has any: two for filters, channels or samples, and rows and columns.
FEWEST_AXES = 4


@dataclass(frozen=True)
class Subject:
    """What is compared: the check's name, the gradient, and the rule that is printed with the verdict."""

    name: CheckName
    gradient: str
    criterion: str


def compare_exact(subject: Subject, expected: Array, actual: Array | None) -> Check:
    """Compare bit for bit: `expected == actual` for every entry, NaN never equal.

    Args:
        subject: what is compared.
        expected: any shape, the trusted side.
        actual: the judged side; None or another shape fails.
    """
    return compare_within(subject, expected, actual, np.broadcast_to(np.zeros(()), expected.shape))


def compare_within(subject: Subject, expected: Array, actual: Array | None, allowed: Array) -> Check:
    """Compare entry by entry: `|actual - expected| <= allowed`.

    Args:
        subject: what is compared.
        expected: any shape, the trusted side.
        actual: same shape; None, another shape, NaN or infinity fails.
        allowed: same shape, float64, >= 0.
    """
    if actual is None:
        return _not_compared(subject, expected, "nothing was returned")
    if actual.shape != expected.shape:
        return _not_compared(subject, expected, f"shape {actual.shape}, expected {expected.shape}")
    if expected.size == 0:
        return Check(subject.name, subject.gradient, Verdict.INCONCLUSIVE, 0, 0, subject.criterion)
    is_equal = bool(np.array_equal(expected, actual) and np.isfinite(actual).all())
    mismatched = 0 if is_equal else int(np.count_nonzero(~within(expected, actual, allowed)))
    # Where all are equal, all are as bad as the first.
    asked = (slice(0, 1),) * expected.ndim if is_equal else (...,)
    return Check(
        name=subject.name,
        gradient=subject.gradient,
        verdict=Verdict.FAIL if mismatched else Verdict.PASS,
        entries=int(expected.size),
        mismatched=mismatched,
        criterion=subject.criterion,
        worst=worst_entry(expected[asked], actual[asked], allowed[asked]),
    )


def within(expected: Array, actual: Array, allowed: Array) -> Array:
    """Entry by entry, is `|actual - expected| <= allowed`? False wherever NaN is involved."""
    with np.errstate(invalid="ignore", over="ignore"):
        close: Array = (difference(expected, actual) <= allowed) & np.isfinite(actual)
    return close


def difference(expected: Array, actual: Array) -> Array:
    """|actual - expected| in float64; 0 where both are the same infinity."""
    with np.errstate(invalid="ignore", over="ignore"):
        gap: Array = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    return np.where(expected == actual, 0.0, gap)


def ratio(gap: Array, allowed: Array) -> Array:
    """gap / allowed; 0 where the gap is 0, infinite where something differs and nothing is allowed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient: Array = np.where(gap == 0, 0.0, gap / allowed)
    # NaN / anything and infinity / infinity: nothing bounds them.
    return np.where(np.isnan(quotient), np.inf, quotient)


def worst_entry(expected: Array, actual: Array, allowed: Array) -> Worst:
    """The entry with the largest ratio of difference to allowance; among equal ratios the largest difference."""
    gap = difference(expected, actual)
    ratios = ratio(gap, allowed)
    size = np.where(np.isnan(gap), np.inf, gap)
    at_most = ratios == ratios.max()
    flat = int(np.argmax(np.where(at_most, size, -1.0)))
    index = tuple(int(i) for i in np.unravel_index(flat, expected.shape))
    return Worst(
        index=index,
        expected=float(expected[index]),
        actual=float(actual[index]),
        difference=float(gap[index]),
        allowed=float(allowed[index]),
        ratio=float(ratios[index]),
    )


def channel_differences(expected: Array, actual: Array, allowed: Array) -> tuple[ChannelDifference, ...]:
    """The table filters x channels of |actual - expected|, each plane with its largest difference and ratio.

    Args:
        expected: (c_out, c_in/groups, kh, kw).
        actual: same shape.
        allowed: same shape, float64.
    """
    gap = difference(expected, actual)
    ratios = ratio(gap, allowed)
    equal = expected == actual
    rows, columns = expected.shape[:2]
    return tuple(
        ChannelDifference(
            filter=o,
            channel=i,
            max_abs_difference=float(gap[o, i].max()),
            ratio=float(ratios[o, i].max()),
            equal_entries=int(np.count_nonzero(equal[o, i])),
            entries=int(equal[o, i].size),
        )
        for o in range(rows)
        for i in range(columns)
    )


def on_own_axes(check: Check, axes: int) -> Check:
    """The check with its worst entry where a layer of so many axes has it: without our height of 1 of a line."""
    worst = check.worst
    if axes > 1 or worst is None or len(worst.index) < FEWEST_AXES:
        return check
    return replace(check, worst=replace(worst, index=(*worst.index[:2], *worst.index[3:])))


def with_detail(check: Check, detail: str) -> Check:
    """The check with its sentence; the numbers stay."""
    return replace(check, detail=detail)


def undecided(subject: Subject, detail: str, entries: int = 0) -> Check:
    """A check that could not be decided, and why."""
    return Check(subject.name, subject.gradient, Verdict.INCONCLUSIVE, entries, 0, subject.criterion, detail=detail)


def not_applicable(subject: Subject, detail: str) -> Check:
    """A check that has no meaning here, and why; it never touches the exit code."""
    return Check(subject.name, subject.gradient, Verdict.NOT_APPLICABLE, 0, 0, subject.criterion, detail=detail)


def _not_compared(subject: Subject, expected: Array, detail: str) -> Check:
    size = int(expected.size)
    return Check(subject.name, subject.gradient, Verdict.FAIL, size, size, subject.criterion, detail=detail)
