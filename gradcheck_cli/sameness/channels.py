"""Are the kernel gradients "the same across channels"? The ladder, pair by pair, and the reason. No printing.

*Across channels* compares planes of one filter, *across filters* planes of one channel. With groups only planes that
see the same part of the input are compared: channels count within the group, filters within their group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from gradcheck_cli.model import Array, ChannelPair, Rung, Sameness

# A report of a layer with 64 channels would hold 2,016 pairs for each filter.
MOST_PAIRS_LISTED = 200
# Relative difference up to which two planes are nearly the same: 1 %.
NEARLY_SAME = 0.01
# Correlation from which on two pictures, each with its own scale, are taken for the same.
SIMILAR_SHAPE = 0.99
# Of a picture of 8 bits, in which the planes are looked at.
GREY_LEVELS = 255
# Bounds the copies of planes that are compared at once (32 MiB each).
ENTRIES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Evidence:
    """What the ladder is decided on, all of shape (c_out, c_in/groups, kh, kw).

    Attributes:
        gradient: exact scaled integers in float64 where they exist, else float64.
        scale: dE/dF is `gradient` times this.
        rounding: (n + 2) 2^-53 A of each entry of `gradient`, zero where it is exact.
        is_exact: whether equality of two entries of `gradient` proves equality of the gradients.
        returned: what autograd returned, for `bit_equal` only.
        groups: groups of the layer.
    """

    gradient: Array
    rounding: Array
    is_exact: bool
    returned: Array
    groups: int = 1
    scale: float = 1.0


@dataclass(frozen=True)
class Planes:
    """The planes that share a filter or a channel, (m, kh*kw), with their indices and equal sources."""

    indices: tuple[int, ...]
    gradient: Array
    rounding: Array
    returned: Array
    is_exact: bool
    same_source: Array


def across_channels(evidence: Evidence, x: Array, reason: str) -> Sameness:
    """Compare the channels of each filter.

    Args:
        evidence: the gradients.
        x: (n, c_in, h, w); two channels with equal planes have identical gradients whatever the rounding.
        reason: why they are the same or differ, from `channel_reason`.
    """
    same = equal_planes(np.moveaxis(x, 1, 0))
    per_group = evidence.gradient.shape[1]
    filters_per_group = evidence.gradient.shape[0] // evidence.groups
    pairs: list[ChannelPair] = []
    for o in range(evidence.gradient.shape[0]):
        first = (o // filters_per_group) * per_group
        source = same[first : first + per_group, first : first + per_group]
        planes = _planes(evidence, (np.full(per_group, o), np.arange(per_group)), source, tuple(range(per_group)))
        pairs += [_pair(found, evidence.scale, filter=o) for found in _compare(planes)]
    return _sameness(pairs, reason)


def across_filters(evidence: Evidence, grad_output: Array, reason: str) -> Sameness:
    """Compare the filters at each channel.

    Args:
        evidence: the gradients.
        grad_output: (n, c_out, h_out, w_out); two filters with equal planes have identical gradients.
        reason: why they are the same or differ, from `filter_reason`.
    """
    same = equal_planes(np.moveaxis(grad_output, 1, 0))
    per_group = evidence.gradient.shape[0] // evidence.groups
    pairs: list[ChannelPair] = []
    for group in range(evidence.groups):
        filters = np.arange(group * per_group, (group + 1) * per_group)
        source = same[np.ix_(filters, filters)]
        for i in range(evidence.gradient.shape[1]):
            planes = _planes(evidence, (filters, np.full(per_group, i)), source, tuple(int(o) for o in filters))
            pairs += [_pair(found, evidence.scale, channel=i) for found in _compare(planes)]
    return _sameness(pairs, reason)


def equal_planes(planes: Array) -> Array:
    """(m, m) table: which of the m planes (m, ...) are equal entry by entry."""
    count = planes.shape[0]
    same = np.eye(count, dtype=bool)
    for first, second in combinations(range(count), 2):
        same[first, second] = same[second, first] = bool(np.array_equal(planes[first], planes[second]))
    return same


def relative_difference(first: Array, second: Array) -> float:
    """||first - second|| / max(||first||, ||second||) in float64 (2-norms); 0 for two zero planes."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    largest = max(float(np.linalg.norm(first)), float(np.linalg.norm(second)))
    return float(np.linalg.norm(first - second)) / largest if largest else 0.0


@dataclass(frozen=True)
class _Compared:
    pair: tuple[int, int]
    rung: Rung
    relative: float
    correlation: float
    largest: float
    bit_equal: bool


def _planes(evidence: Evidence, at: tuple[Array, Array], same_source: Array, indices: tuple[int, ...]) -> Planes:
    def pick(array: Array) -> Array:
        chosen: Array = array[at].reshape(len(indices), -1)
        return chosen

    gradient, rounding, returned = pick(evidence.gradient), pick(evidence.rounding), pick(evidence.returned)
    return Planes(indices, gradient, rounding, returned, evidence.is_exact, same_source)


def _compare(planes: Planes) -> Iterator[_Compared]:
    count, entries = planes.gradient.shape
    first, second = np.triu_indices(count, 1)
    step = max(1, ENTRIES_AT_ONCE // max(entries, 1))
    for start in range(0, len(first), step):
        yield from _compare_some(planes, first[start : start + step], second[start : start + step])


def _compare_some(planes: Planes, first: Array, second: Array) -> Iterator[_Compared]:
    one, other = planes.gradient[first], planes.gradient[second]
    gap = np.abs(one - other)
    largest = gap.max(axis=1)
    relative = _relative(one, other)
    correlation = _correlations(one, other)
    rounded = (gap <= planes.rounding[first] + planes.rounding[second]).all(axis=1)
    proved = (planes.same_source[first, second] & rounded) | ((largest == 0) & planes.is_exact)
    looks = _looks_same(one, other)
    bits = (planes.returned[first] == planes.returned[second]).all(axis=1)
    rungs = np.select(
        [proved, rounded, looks, relative <= NEARLY_SAME, correlation >= SIMILAR_SHAPE],
        [0, 1, 2, 3, 4],
        default=5,
    )
    ladder = list(Rung)
    for k, rung in enumerate(rungs):
        yield _Compared(
            pair=(planes.indices[first[k]], planes.indices[second[k]]),
            rung=ladder[int(rung)],
            relative=float(relative[k]),
            correlation=float(correlation[k]),
            largest=float(largest[k]),
            bit_equal=bool(bits[k]),
        )


def _relative(one: Array, other: Array) -> Array:
    largest = np.maximum(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1))
    gap = np.linalg.norm(one - other, axis=1)
    relative: Array = np.divide(gap, largest, out=np.zeros_like(gap), where=largest > 0)
    return relative


def _correlations(one: Array, other: Array) -> Array:
    one = one - one.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    correlation: Array = np.divide((one * other).sum(axis=1), norms, out=np.full(len(norms), np.nan), where=norms > 0)
    return np.clip(correlation, -1.0, 1.0)


def _looks_same(one: Array, other: Array) -> Array:
    lowest = np.minimum(one.min(axis=1), other.min(axis=1))[:, None]
    span = np.maximum(one.max(axis=1), other.max(axis=1))[:, None] - lowest
    span = np.where(span > 0, span, 1.0)
    levels = [np.rint(GREY_LEVELS * (plane - lowest) / span) for plane in (one, other)]
    same: Array = np.abs(levels[0] - levels[1]).max(axis=1) <= 1
    return same


def _pair(found: _Compared, scale: float, filter: int | None = None, channel: int | None = None) -> ChannelPair:
    return ChannelPair(
        pair=found.pair,
        verdict=found.rung,
        relative_difference=found.relative,
        correlation=found.correlation,
        max_abs_difference=found.largest * scale,
        bit_equal=found.bit_equal,
        filter=filter,
        channel=channel,
    )


def _sameness(pairs: list[ChannelPair], reason: str) -> Sameness:
    if not pairs:
        return Sameness(verdict=None, reason=reason)
    ladder = list(Rung)
    least = max(pairs, key=lambda pair: ladder.index(pair.verdict)).verdict
    counts = Counter(pair.verdict.value for pair in pairs)
    relative = [pair.relative_difference for pair in pairs]
    correlation = [pair.correlation for pair in pairs if not np.isnan(pair.correlation)]
    return Sameness(
        verdict=least,
        reason=reason,
        counts={rung.value: counts[rung.value] for rung in ladder if counts[rung.value]},
        pairs=_extremes(pairs),
        relative_difference=(min(relative), max(relative)),
        correlation=(min(correlation), max(correlation)) if correlation else None,
        bit_equal_pairs=sum(pair.bit_equal for pair in pairs),
    )


def _extremes(pairs: list[ChannelPair]) -> tuple[ChannelPair, ...]:
    """At most `MOST_PAIRS_LISTED` pairs in their order: all, or the least and the most different halves."""
    if len(pairs) <= MOST_PAIRS_LISTED:
        return tuple(pairs)
    by_difference = sorted(range(len(pairs)), key=lambda k: pairs[k].relative_difference)
    half = MOST_PAIRS_LISTED // 2
    return tuple(pairs[k] for k in sorted(by_difference[:half] + by_difference[-half:]))
