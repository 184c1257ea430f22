"""Everything that can be explained, by name. Standard library only: completion in a shell reads it at every key."""

from __future__ import annotations

import os

TOPICS = ("tolerance", "same-across-channels", "shapes", "calling", "unexplained")

# Beside this room. `gradcheck_cli.mistakes` itself would load numpy.
_CATALOGUE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "mistakes", "catalogue")


def mistake_ids() -> list[str]:
    """The ids of the catalogue in the order of the alphabet: a mistake's file is named as its id."""
    names = (os.path.splitext(name) for name in os.listdir(_CATALOGUE))
    return sorted(stem.replace("_", "-") for stem, ending in names if ending == ".py" and not stem.startswith("_"))
