"""Weights that a function steps by itself, old - lr * gradient: the gradients by which they were stepped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.conventions.base import Returned, to_numpy

# Weights that a function may step by itself, and the name of their gradient.
STEPPED = {"weight": "dw", "bias": "db"}
# Keys of weights that were changed in place end so.
AFTER = " afterwards"

WeightSteps = tuple[tuple[str, str], ...]
"""Pairs of a key of what came back and the weight, "weight" or "bias", that it is after its step."""


def afterwards(changed: Mapping[str, Array]) -> dict[str, Array]:
    """The weights among what was changed in place, under keys of their own."""
    return {f"{role}{AFTER}": changed[role] for role in STEPPED if role in changed}


def steps(old: Mapping[str, Any], once: Mapping[str, Array], twice: Mapping[str, Array]) -> WeightSteps:
    """Which results are stepped weights: twice the rate steps twice as far, to the bit."""
    pairs = [(key, role) for key in once for role in STEPPED if key in twice]
    return tuple(pair for pair in pairs if _is_step(old[pair[1]], once[pair[0]], twice[pair[0]]))


def as_gradients(returned: Returned, before: Mapping[str, Array], steps: WeightSteps) -> Returned:
    """What came back of a call at the rate 1, stepped weights as the gradients that they were stepped by."""
    stepped = dict(steps)
    items, names = dict(returned.items), dict(returned.names)
    for key in returned.items:
        if key in stepped:
            items[key], names[key] = before[stepped[key]] - items[key], STEPPED[stepped[key]]
        elif key.endswith(AFTER):
            del items[key]
    mutated = tuple(name for name in returned.mutated if name not in stepped.values())
    return replace(returned, items=items, names=names, mutated=mutated)


def _is_step(old: Any, once: Array, twice: Array) -> bool:
    """Is this what the weight has become, after a step of its own rate and of twice that?"""
    start = to_numpy(old)
    if start is None or start.shape != once.shape or once.shape != twice.shape or np.array_equal(start, once):
        return False
    return np.array_equal(2 * (start - once), start - twice)
