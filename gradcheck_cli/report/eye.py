"""What the eye may conclude from a strip of pictures: sentences made from the numbers, and no more than they say."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcheck_cli.model import Array, Rung, Sameness, SamenessReport
from gradcheck_cli.model.text import counted
from gradcheck_cli.report.drawn import Drawn, Place, largest
from gradcheck_cli.report.words import number


@dataclass(frozen=True)
class Asked:
    """The direction that the pictures are about: across channels, or across filters where a filter has one plane."""

    across: Literal["channels", "filters"]
    found: Sameness

    @classmethod
    def of(cls, sameness: SamenessReport) -> Asked:
        """Of a run."""
        if sameness.across_channels.verdict is None and sameness.across_filters.verdict is not None:
            return cls("filters", sameness.across_filters)
        return cls("channels", sameness.across_channels)

    @property
    def pair(self) -> str:
        """ "two channels of a filter"."""
        return "two channels of a filter" if self.across == "channels" else "two filters at a channel"

    @property
    def every(self) -> str:
        """ "All channels of a filter"."""
        return "All channels of a filter" if self.across == "channels" else "All filters at a channel"

    def agreed(self) -> str:
        """What holds for every pair, "" where they differ or there is none."""
        if self.found.verdict not in (Rung.IDENTICAL, Rung.IDENTICAL_TO_ROUNDING):
            return ""
        if self.found.bit_equal_pairs == sum(self.found.counts.values()):
            return f"{self.every} are the same, bit for bit."
        return f"{self.every} are the same; what tells them apart in the last digits is autograd's rounding."


def on_own_ranges(asked: Asked, planes: Sequence[Array]) -> str:
    """Of panels that are each stretched to their own range."""
    if asked.found.verdict is None:
        return "One panel alone: there is nothing to compare it with."
    if agreed := asked.agreed():
        return agreed
    widths = [_width(plane) for plane in planes]
    told = f"Only shapes can be compared: the ranges are {between(min(widths), max(widths))} wide"
    if asked.found.correlation is not None:
        told += f", and {asked.pair} have a correlation of {between(*asked.found.correlation)}"
    return f"{told}. Panels that look alike here need not be the same."


def on_one_scale(asked: Asked, planes: Sequence[Array]) -> str:
    """Of the same panels on one scale."""
    if asked.found.verdict is None:
        return ""
    if agreed := asked.agreed():
        return agreed
    if asked.found.verdict is Rung.LOOKS_SAME:
        return f"The eye cannot tell {asked.pair} apart: {_apart(asked)}, at most one of 256 grey levels."
    sizes = [largest([plane]) for plane in planes]
    told = between(min(sizes), max(sizes))
    return f"Sizes can be compared: the largest |entry| of a panel is {told}; {_apart(asked)}."


def _apart(asked: Asked) -> str:
    told = asked.found.relative_difference
    return f"{asked.pair} have a relative difference of {between(*told)}" if told is not None else asked.pair


def without_means(asked: Asked, planes: Sequence[Array], rest: Sequence[Array], shared: Sequence[Place]) -> str:
    """Of the same panels less their means, where the structure is.

    Args:
        asked: what is compared.
        planes: the panels with their means.
        rest: those without.
        shared: for each panel the filter (or channel), and the depth, that it shares with those it is compared with.
    """
    means = [float(plane[np.isfinite(plane)].mean()) for plane in planes if np.isfinite(plane).any()]
    if not means:
        return ""
    left, whole = largest(rest), largest(planes)
    if not left:
        return f"Nothing is left: each panel is {between(min(means), max(means))} everywhere."
    told = f"The structure: means of {between(min(means), max(means))} are taken away, and at most {number(left, 3)}"
    told += f" is left of at most {number(whole, 3)}"
    if asked.found.verdict is None or asked.agreed():
        return f"{told}."
    gaps = [
        relative_difference(rest[a], rest[b])
        for a, b in itertools.combinations(range(len(rest)), 2)
        if shared[a] == shared[b]
    ]
    known = [gap for gap in gaps if math.isfinite(gap)]
    return f"{told}; {asked.pair} have a relative difference of {between(min(known), max(known))}." if known else told


def relative_difference(one: Array, other: Array) -> float:
    """||one - other|| / max(||one||, ||other||) (2-norms); 0 for two planes of zeros."""
    largest_norm = max(float(np.linalg.norm(one)), float(np.linalg.norm(other)))
    return float(np.linalg.norm(one - other)) / largest_norm if largest_norm else 0.0


def of_difference(shown: Drawn, yours: str) -> str:
    """Of the differences, in units of what rounding allows."""
    outside = int(np.count_nonzero(~(np.abs(shown.shares) <= 1)))
    if outside:
        where = f"{outside:,} of {counted(shown.shares.size, 'entry')}"
        return f"Further apart than rounding allows in {where}: full colour is wrong, white is right."
    if not shown.difference.any():
        return "White everywhere: both sides are equal in every entry."
    worst = max(shown.ratio(place) for place in shown.places)
    gap = number(largest([shown.difference]), 2)
    return f"White is right: {yours} and autograd differ by at most {gap}, {number(worst, 2)} of what rounding allows."


def of_origin(sameness: SamenessReport, planes: str = "dE/dF[o,i]") -> str:
    """Why the gradients are the same or differ: the reasons that the report computed from X and from G.

    `planes` is how those of grad_weight are written.
    """
    reasons = [found.reason for found in (sameness.across_channels, sameness.across_filters) if found.reason]
    told = "; ".join(reason.rstrip(".") for reason in reasons)
    return f"{planes} pairs X[i] with G[o]: {told}." if told else ""


def signs(values: Array) -> str:
    """ "-1: 84 %, +1: 16 %": where O is below and above the reference."""
    shares = {"-1": np.mean(values < 0), "0": np.mean(values == 0), "+1": np.mean(values > 0)}
    return ", ".join(f"{sign}: {percent(float(share))}" for sign, share in shares.items() if share)


def percent(share: float) -> str:
    """A share as per cent with three digits, never rounded to 0 % or to 100 %."""
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    told = f"{100 * share:.3g} %"
    return told if told != "100 %" else "more than 99.9 %"


def between(low: float, high: float) -> str:
    """ "0.18 to 1.83"; one number where both read the same."""
    first, last = _digits(low), _digits(high)
    return first if first == last else f"{first} to {last}"


def _digits(value: float) -> str:
    """Three digits, or as many as it takes to stay below 1."""
    told = number(value, 3)
    return number(value, 6) if abs(value) < 1 and told in ("1", "-1") else told


def _width(plane: Array) -> float:
    finite = plane[np.isfinite(plane)]
    return float(finite.max() - finite.min()) if finite.size else 0.0
