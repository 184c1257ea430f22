"""Rung 4: a gradient in the target's own dtype beside what plain implementations give in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.model import Array

# Two right codes in one dtype differ by some roundings: more than that is worse than a plain implementation.
AS_ACCURATE = 8.0
# Of the largest entry: what is off by so much, and far worse than a plain implementation, has lost terms, not digits.
LOST = 2.0**-4
# Twice what is still as accurate: nothing is told of what is near the line.
FAR_WORSE = 2 * AS_ACCURATE


@dataclass(frozen=True)
class BesidePlain:
    """How a gradient in a dtype stands to the right one.

    Attributes:
        times: how many times worse than the worst plain implementation, at the entry where it is worst.
        share: the largest error, by the largest entry of the right gradient; `plain` the same of plain implementations.
        entries: compared.
    """

    times: float
    share: float
    plain: float
    entries: int

    @property
    def is_as_accurate(self) -> bool:
        """No worse than what a plain implementation gives."""
        return self.times <= AS_ACCURATE

    @property
    def has_lost_terms(self) -> bool:
        """So far off that no rounding of the result explains it, where a plain implementation is right."""
        return self.times > FAR_WORSE and self.share > LOST and self.plain < LOST / FAR_WORSE


def beside_plain(actual: Array, expected: Array, plain: Sequence[Array], unit: float) -> BesidePlain:
    """Compare entry by entry.

    An entry's measure is the largest error of a plain implementation at it, that of its middle entry, or one rounding
    of the entry itself: a plain implementation may be right at an entry by chance.

    Args:
        expected: the right gradient, in float64.
        plain: what plain implementations give in the dtype, at least one.
        unit: roundoff of the dtype.
    """
    largest = float(np.max(np.abs(expected), initial=0.0))
    errors = np.max([np.abs(member - expected) for member in plain], axis=0)
    measure = np.maximum(np.maximum(errors, np.median(errors)), unit * np.abs(expected))
    off = np.where(np.isfinite(actual), np.abs(actual - expected), np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(off > 0, off / measure, 0.0)
    share, plainly = (float(np.max(each, initial=0.0)) / largest if largest else 0.0 for each in (off, errors))
    return BesidePlain(float(np.max(times, initial=0.0)), share, plainly, int(expected.size))
