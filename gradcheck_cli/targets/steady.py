"""Sources of random numbers that nobody seeded give the same numbers each time: what is judged must be repeatable."""

from __future__ import annotations

from typing import Any

import numpy as np


def steady_generators(seed: int) -> None:
    """`np.random.default_rng()` without a seed takes this one, from now on in this process.

    The global functions of numpy are seeded before each call; a generator of its own would take the machine's entropy.
    """
    original = np.random.default_rng
    if getattr(original, "is_steady", False):
        return

    def default_rng(given: Any = None) -> np.random.Generator:
        return original(seed if given is None else given)

    default_rng.is_steady = True  # type: ignore[attr-defined]
    np.random.default_rng = default_rng  # type: ignore[assignment]
