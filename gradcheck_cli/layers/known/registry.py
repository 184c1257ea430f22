"""The layers, found by listing a folder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from gradcheck_cli.layers.known import catalogue as _folder
from gradcheck_cli.layers.known.layer import KnownLayer


def _discover() -> dict[str, KnownLayer]:
    names = sorted(module.name for module in iter_modules(_folder.__path__))
    found: list[KnownLayer] = [import_module(f"{_folder.__name__}.{name}").LAYER for name in names]
    return {layer.id: layer for layer in found}


KNOWN: Mapping[str, KnownLayer] = MappingProxyType(_discover())
