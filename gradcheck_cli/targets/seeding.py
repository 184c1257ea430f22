"""The user's use of global random numbers is fine, and the same at every call."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

# The same for each call, so that dropout and the like are no mistake.
SEED = 0
# Those that torch starts when they are first used, and seeds then (torch.random.manual_seed).
LAZY_DEVICES = ("cuda", "xpu", "mtia")
# What torch calls a device of somebody else's while there is none.
NO_DEVICE = "privateuseone"


# What puts the generators of the user's module back to where they were when it was loaded.
_OF_THE_MODULE: list[Callable[[], None]] = []


def keep_generators(module: Mapping[str, Any]) -> None:
    """From now on the generators that a module holds are seeded as the global ones are, and no others of this kind.

    Args:
        module: what its names mean: `rng = np.random.default_rng(3)` stands beside the functions that draw from it.
    """
    _OF_THE_MODULE[:] = [back for value in module.values() if (back := _back_of(value)) is not None]


def _back_of(value: Any) -> Callable[[], None] | None:
    """Puts one generator back to where it is now; None of what is none."""
    if isinstance(value, np.random.Generator):
        bits: Any = value.bit_generator
        state = copy.deepcopy(bits.state)
        return lambda: setattr(bits, "state", state)
    if isinstance(value, np.random.RandomState):
        return partial(value.set_state, value.get_state())
    if isinstance(value, random.Random):
        return partial(value.setstate, value.getstate())
    is_torch = type(value).__module__.partition(".")[0] == "torch" and type(value).__name__ == "Generator"
    return partial(value.set_state, value.get_state()) if is_torch else None


def seed_all() -> None:
    """Seed the global generators of all libraries that are loaded, and those that the user's module holds."""
    for put_back in _OF_THE_MODULE:
        put_back()
    random.seed(SEED)
    np.random.seed(SEED)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        _seed_torch(torch)


def _seed_torch(torch: Any) -> None:
    """As `torch.manual_seed` does.

    For each device that is not at work it writes down the stack and the wish, in every call, which takes longer than a
    small backward and is never forgotten. One wish is enough for these.
    """
    _seed_devices_to_come(torch)
    if _is_at_work(torch):
        torch.manual_seed(SEED)
    else:
        torch.default_generator.manual_seed(SEED)


@cache
def _seed_devices_to_come(torch: Any) -> None:
    torch.manual_seed(SEED)


def _is_at_work(torch: Any) -> bool:
    """Whether a device other than the processor is, or may be."""
    started = any(getattr(getattr(torch, name, None), "is_initialized", bool)() for name in LAZY_DEVICES)
    return started or torch.backends.mps.is_available() or torch._C._get_privateuse1_backend_name() != NO_DEVICE
