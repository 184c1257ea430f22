"""What people call a layer."""

from __future__ import annotations

import re
from functools import lru_cache

from gradcheck_cli.layers.known.layer import KnownLayer
from gradcheck_cli.layers.known.registry import KNOWN


# Hundreds of guesses at the inputs of one function ask for the same few names.
@lru_cache(maxsize=2**12)
def plain(name: str) -> str:
    """A name without what people vary: "Layer_Norm", "layer-norm" and "LayerNorm" are "layernorm"."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


# Shorter names are looked for as words of their own: "ln" is in "allnormed" too.
_LONG_ENOUGH = 4
_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _is_said(known: str, name: str) -> bool:
    """Whether a name says this layer."""
    if len(known) >= _LONG_ENOUGH:
        return known in plain(name)
    return known in [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=2**10)
def called(name: str) -> tuple[KnownLayer, ...]:
    """The layers that a function or class of this name may be, the longest match first; () for none.

    "my_layernorm_forward" -> layer-norm; "softmax_loss" -> cross-entropy before softmax, since it is the longer.
    """
    found = [
        (max(map(len, spellings)), layer)
        for layer in KNOWN.values()
        if (spellings := [plain(known) for known in (layer.id, *layer.names) if _is_said(plain(known), name)])
    ]
    return tuple(layer for _, layer in sorted(found, key=lambda each: -each[0]))
