"""Everything that can be explained, by name. Standard library only: completion in a shell reads it at every key."""

from __future__ import annotations

import os

TOPICS = ("tolerance", "same-across-channels", "shapes", "calling", "unexplained")

# Beside this room. `gradcheck_cli.mistakes` and `layers` themselves would load numpy.
_HOUSE = os.path.dirname(os.path.dirname(__file__))
_MISTAKES = os.path.join(_HOUSE, "mistakes", "catalogue")
_LAYERS = os.path.join(_HOUSE, "layers", "known", "catalogue")


def mistake_ids() -> list[str]:
    """The ids of the catalogue in the order of the alphabet: a mistake's file is named as its id."""
    return _ids(_MISTAKES)


def layer_ids() -> list[str]:
    """The ids of the known layers in the order of the alphabet: a layer's file is named as its id."""
    return _ids(_LAYERS)


def _ids(folder: str) -> list[str]:
    names = (os.path.splitext(name) for name in os.listdir(folder))
    return sorted(stem.replace("_", "-") for stem, ending in names if ending == ".py" and not stem.startswith("_"))
