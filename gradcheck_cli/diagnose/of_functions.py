"""What is wrong with a gradient of a function, as far as its numbers alone tell: a constant factor, or a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_cli.diagnose.edits.factors import any_of
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import Array, Finding
from gradcheck_cli.model.text import counted

# A factor is one where the quotients agree to this: far above what a sum of some hundred terms rounds, and far below
# what any two named factors differ by.
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Seen:
    """A wrong gradient beside the right one. `lengths`: the sample's lengths, by what they are ("rows of x")."""

    expected: Array
    actual: Array
    lengths: dict[str, int]


def named_by_factor(name: str, seen: Sequence[Seen]) -> Finding | None:
    """The factor by which a gradient is off wherever it was seen; None where it is none.

    A factor that changes with the sizes is named by the length that it follows on all of them.
    """
    factors = [_factor(each) for each in seen]
    if not factors or any(factor is None for factor in factors) or _is_one_number(seen):
        return None
    known = [factor for factor in factors if factor is not None]
    if _agree(known):
        return _constant(name, known[0])
    sizes = [each.lengths for each in seen]
    for what in seen[0].lengths:
        lengths = [each.lengths.get(what, 0) for each in seen]
        if 0 in lengths or len(set(lengths)) < 2:
            continue
        if _agree([factor * length for factor, length in zip(known, lengths, strict=True)]):
            return _by_length(name, any_of(what, sizes), known[0] * lengths[0], lengths[0], divided=True)
        if _agree([factor / length for factor, length in zip(known, lengths, strict=True)]):
            return _by_length(name, any_of(what, sizes), known[0] / lengths[0], lengths[0], divided=False)
    return None


def _is_one_number(seen: Sequence[Seen]) -> bool:
    """Is all that was seen one number? Any two numbers are a multiple of each other."""
    numbers = np.concatenate([np.abs(np.ravel(each.expected)) for each in seen])
    numbers = numbers[numbers > 0]
    return not numbers.size or bool(np.ptp(numbers) <= SAME * numbers.max())


def _factor(each: Seen) -> float | None:
    if each.actual.shape != each.expected.shape or not np.isfinite(each.actual).all():
        return None
    weight = float(np.vdot(each.expected, each.expected).real)
    if weight == 0:
        return None
    factor = float(np.vdot(each.expected, each.actual).real) / weight
    off = np.max(np.abs(each.actual - factor * each.expected))
    scale = np.max(np.abs(each.actual)) + abs(factor) * np.max(np.abs(each.expected))
    return factor if factor and off <= SAME * scale else None


def _agree(numbers: Sequence[float]) -> bool:
    return max(numbers) - min(numbers) <= SAME * max(map(abs, numbers))


def _constant(name: str, factor: float) -> Finding | None:
    if abs(factor - 1) <= SAME:
        return None
    if abs(factor + 1) <= SAME:
        return Finding(
            standing_for(Sign.OPPOSITE).id,
            name,
            "proved",
            f"grad_{name} has the opposite sign.",
            f"Turn the sign of grad_{name}.",
        )
    return Finding(
        standing_for(Sign.CONSTANT).id,
        name,
        "proved",
        f"grad_{name} is {factor:.6g} times the right one on every sample.",
        f"Leave the factor {factor:.6g} out.",
    )


def _by_length(name: str, what: str, rest: float, length: int, *, divided: bool) -> Finding:
    is_first = what.startswith("rows of")
    sign = Sign.BATCH if divided and is_first else Sign.AVERAGED if divided else Sign.CONSTANT
    times = "" if abs(rest - 1) <= SAME else f" {rest:.6g} times"
    change, mend = ("divided by", "Do not divide by it.") if divided else ("multiplied by", "Do not multiply by it.")
    message = f"grad_{name} is{times} the right one {change} the number of {what} ({length} here)."
    return Finding(standing_for(sign).id, name, "proved", message, mend)


def placed(name: str, expected: Array, actual: Array, wrong: Array) -> str:
    """Where a gradient is wrong: how many entries, the indices that they are confined to, and the worst of them."""
    every = "all entries" if wrong.size > 1 else "its one entry"
    share = every if wrong.all() else f"{int(wrong.sum()):,} of {counted(wrong.size, 'entry')}"
    where = "" if wrong.all() or wrong.sum() == 1 else _confined(wrong)
    difference = np.where(wrong, np.abs(np.nan_to_num(actual) - expected), -1.0)
    at = tuple(int(place) for place in np.unravel_index(int(np.argmax(difference)), difference.shape))
    entry = f"grad_{name}[{', '.join(map(str, at))}]" if at else "it"
    worst = f"{entry} is {actual[at]:.6g} where {expected[at]:.6g} is right"
    return f"grad_{name} is wrong in {share}{where}; {worst}"


def _confined(wrong: Array) -> str:
    """ ", all with index 3 on axis 0": only where that says more than the count."""
    said = []
    for axis in range(wrong.ndim):
        others = tuple(other for other in range(wrong.ndim) if other != axis)
        hit = np.flatnonzero(np.asarray(wrong.any(axis=others)))
        if len(hit) < wrong.shape[axis]:
            said.append(f"index {', '.join(map(str, hit[:6]))} on axis {axis}")
    return f", all with {' and '.join(said)}" if said else ""
