"""How often Python looks for garbage: seldom in the program's own process, as usual where the user's code runs."""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
# Objects that are new before it looks. By default it looks through what is being loaded again and again: 0.3 s of torch
# and our own modules, of which nothing is garbage.
_MANY = 50_000


def seldom() -> None:
    """From now on in this process: what it loads stays until it ends."""
    gc.set_threshold(_MANY, *_USUAL[1:])


def as_usual() -> None:
    """From now on, in a process that was forked from one that looks seldom; what is there by now stays."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
