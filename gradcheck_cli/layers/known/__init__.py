"""The layers that people know by name: each entry is one file in `catalogue/`, found by listing that folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from gradcheck_cli.layers.known import catalogue as _folder
from gradcheck_cli.layers.known.layer import (
    Argument as Argument,
    Constant as Constant,
    KnownLayer as KnownLayer,
    Setting as Setting,
    Slip as Slip,
    upstream as upstream,
)
from gradcheck_cli.layers.known.namespace import NUMPY as NUMPY
from gradcheck_cli.layers.known.notes import Step as Step


def _discover() -> dict[str, KnownLayer]:
    names = sorted(module.name for module in iter_modules(_folder.__path__))
    found: list[KnownLayer] = [import_module(f"{_folder.__name__}.{name}").LAYER for name in names]
    return {layer.id: layer for layer in found}


KNOWN: Mapping[str, KnownLayer] = MappingProxyType(_discover())


def plain(name: str) -> str:
    """A name without what people vary: "Layer_Norm", "layer-norm" and "LayerNorm" are "layernorm"."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def called(name: str) -> list[KnownLayer]:
    """The layers that a function or class of this name may be, the longest match first; [] for none.

    "my_layernorm_forward" -> layer-norm; "softmax_loss" -> cross-entropy before softmax, since it is the longer.
    """
    wanted = plain(name)
    fits = [
        (max(map(len, spellings)), layer)
        for layer in KNOWN.values()
        if (spellings := [plain(known) for known in (layer.id, *layer.names) if plain(known) in wanted])
    ]
    return [layer for _, layer in sorted(fits, key=lambda fit: -fit[0])]
