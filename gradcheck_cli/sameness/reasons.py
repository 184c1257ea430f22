"""Why gradients are the same or differ, computed from X and G. Arrays in, sentences out; nothing is asserted unseen."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.sameness.channels import relative_difference

# A residual below this share of the plane's norm is called affine.
AFFINE = 1e-12
# Equality is decided on all planes, numbers are told of the first of them.
MOST_PLANES = 64


def channel_reason(x: Array, groups: int = 1) -> str:
    """Why dE/dF[o,i] and dE/dF[o,i'] agree or differ: X[i] against X[i'].

    Args:
        x: (n, c_in, h, w).
        groups: of the layer; a filter reads the channels of its own group.
    """
    every = np.moveaxis(x, 1, 0)
    if len(every) == 1:
        return "X has one channel"
    if len(every) == groups:
        return "each filter reads one channel"
    if _are_equal(every):
        return "X's channels are equal, so every filter correlates the same plane"
    planes = every[:MOST_PLANES].astype(np.float64)
    gaps = {pair: relative_difference(planes[pair[0]], planes[pair[1]]) for pair in combinations(range(len(planes)), 2)}
    equal = sum(gap == 0 for gap in gaps.values())
    nearest, furthest = min(gaps, key=gaps.__getitem__), max(gaps, key=gaps.__getitem__)
    text = f"X's channels differ (by {percent(gaps[nearest])}"
    text += f" to {percent(gaps[furthest])}" if len(gaps) > 1 else ""
    text += f"{_among_the_first(every)})"
    if equal:
        text += f"; {equal} of {len(gaps)} pairs are equal"
    affine = [f"X[{b}] = {slope:.3g} X[{a}] + {offset:.3g}" for a, b, slope, offset in _affine_pairs(planes)]
    return text + (f"; {', '.join(affine[:2])}" if affine else "")


def filter_reason(grad_output: Array, loss: str, groups: int = 1) -> str:
    """Why dE/dF[o,i] and dE/dF[o',i] agree or differ: G[o] against G[o'].

    Args:
        grad_output: (n, c_out, h_out, w_out).
        loss: name of the loss; for l1 the share of outputs where the signs agree is told.
        groups: of the layer; a channel is read by the filters of its own group.
    """
    every = np.moveaxis(grad_output, 1, 0)
    if len(every) == 1:
        return "there is one filter"
    if len(every) == groups:
        return "each channel is read by one filter"
    if _are_equal(every):
        return _all_equal(every, loss)
    planes = every[:MOST_PLANES]
    pairs = list(combinations(range(len(planes)), 2))
    agree = {(o, p): float(np.mean(planes[o] == planes[p])) for o, p in pairs}
    least, most = min(agree.values()), max(agree.values())
    if loss == "l1":
        text = f"sign(O - ref) agrees between two filters at {percent(least)}"
        text += f" to {percent(most)}" if len(pairs) > 1 else ""
        text += f" of the outputs{_among_the_first(every)}"
    else:
        gaps = [relative_difference(planes[o], planes[p]) for o, p in pairs]
        text = f"G differs between filters (by {percent(min(gaps))}"
        text += f" to {percent(max(gaps))}" if len(gaps) > 1 else ""
        text += f"{_among_the_first(every)})"
    equal = sum(share == 1 for share in agree.values())
    return text + (f"; {equal} of {len(pairs)} pairs of filters have the same G" if equal else "")


def percent(share: float) -> str:
    """A share as per cent, two significant digits, never rounded to 0 % or 100 % when it is not."""
    # Near 100 % the digits that count are those of what is missing.
    if abs(share - 1) < 0.01:
        return f"{100 - Decimal(f'{100 * (1 - share):.2g}'):f} %"
    return f"{float(f'{100 * share:.2g}'):g} %"


def _are_equal(planes: Array) -> bool:
    return all(np.array_equal(planes[0], plane) for plane in planes[1:])


def _among_the_first(planes: Array) -> str:
    return f", among the first {MOST_PLANES}" if len(planes) > MOST_PLANES else ""


def _all_equal(planes: Array, loss: str) -> str:
    text = "G is the same for all filters"
    if loss != "l1":
        return text
    signs = np.unique(np.sign(planes[0]))
    if len(signs) == 1 and signs[0]:
        side = "below" if signs[0] < 0 else "above"
        return f"{text}: every output is {side} the reference, so every sign(O - ref) is {int(signs[0]):+d}"
    return f"{text}: sign(O - ref) agrees at every output"


def _affine_pairs(planes: Array) -> list[tuple[int, int, float, float]]:
    """(i, i', slope, offset) for every pair with X[i'] = slope X[i] + offset up to rounding, slope not 0."""
    flat = planes.reshape(len(planes), -1)
    found = []
    # The mean of equal numbers may be rounded: a constant plane would seem to vary.
    varied = [k for k, plane in enumerate(flat) if plane.min() < plane.max()]
    for first, second in combinations(varied, 2):
        one, other = flat[first] - flat[first].mean(), flat[second] - flat[second].mean()
        spread = float(one @ one)
        slope = float(one @ other) / spread
        residual = float(np.linalg.norm(other - slope * one))
        equal = np.array_equal(flat[first], flat[second])
        if slope and not equal and residual <= AFFINE * float(np.linalg.norm(flat[second])):
            found.append((first, second, slope, float(flat[second].mean() - slope * flat[first].mean())))
    return found
