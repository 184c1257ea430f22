"""Rung 0: the same call in other circumstances gives the same gradients, to rounding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.checks.ladder.contract import Broken
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import CALL, Array, FunctionOutcome
from gradcheck_cli.model.circumstances import Circumstances
from gradcheck_cli.model.text import counted

# What autograd says where a saved tensor was written to between two passes.
_WRITTEN_TO = "modified by an inplace operation"
# What torch says where code takes an array for one that lies row by row. Other refusals may be meant: a kernel may ask
# for contiguous arrays.
_NO_VIEW = "view size is not compatible"


def broken_elsewhere(
    circumstances: Circumstances, plain: FunctionOutcome, other: FunctionOutcome, is_wrong: Callable[[str, Array], bool]
) -> Iterator[Broken]:
    """What differs from the plain call by more than rounding.

    Args:
        plain: the call with the same numbers in plain circumstances.
        is_wrong: whether a gradient is none of this sample and G; not asked where the bits are the same.
    """
    if not other.ended:
        if circumstances.passes > 1 and _WRITTEN_TO in other.error:
            said = "a tensor that the forward saved is written to; a second pass is refused"
            yield Broken(Sign.OVERWRITES_UPSTREAM, CALL, said)
        elif _NO_VIEW in other.error and other.error_where == "backward":
            yield Broken(Sign.STRIDES, CALL, f"its backward raises where {circumstances.about}: {other.error}")
        return
    for name, expected in plain.gradients.items():
        if circumstances.wanted is not None and name not in circumstances.wanted:
            continue
        actual = other.gradients.get(name)
        if actual is None or actual.shape != expected.shape or not np.isfinite(expected).all():
            said = f"where {circumstances.about}, no grad_{name} comes back" if actual is None else ""
            if said and np.any(expected):
                yield Broken(_sign(circumstances), name, said)
            continue
        if not np.array_equal(actual, expected) and (not np.isfinite(actual).all() or is_wrong(name, actual)):
            broken = Broken(_sign(circumstances), name, _message(circumstances, name, expected, actual))
            yield _placed(broken, other) if circumstances.passes > 1 else broken


def _placed(broken: Broken, other: FunctionOutcome) -> Broken:
    """With what the forward kept and the backward wrote to, and where it did; as it is where that was not seen."""
    kept = {name: line for name, line in other.writes.items() if "." in name or "[" in name}
    if not kept:
        return broken
    name, line = next(iter(kept.items()))
    return replace(broken, message=f"{broken.message}; it writes to {name}", line=line)


def _message(circumstances: Circumstances, name: str, expected: Array, actual: Array) -> str:
    different = int((actual != expected).sum())
    return (
        f"grad_{name} has other numbers in {different:,} of {counted(actual.size, 'entry')} where {circumstances.about}"
    )


def _sign(circumstances: Circumstances) -> Sign:
    if circumstances.configuration:
        return Sign.CONFIGURATION
    if circumstances.filled:
        return Sign.UNINITIALISED
    if circumstances.wanted is not None:
        return Sign.NEEDS
    return Sign.OVERWRITES_UPSTREAM if circumstances.passes > 1 else Sign.STRIDES
