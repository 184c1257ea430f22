"""Parameters that a file makes by itself, `init_params()` of no lengths: an object or a dict with arrays by name.

Their shapes are those that its author meant; what a function does not read of them is there too, as `zeros_like(p)`
goes through all of it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gradcheck_cli.model import Array, syntax
from gradcheck_cli.targets.functions.form import as_array
from gradcheck_cli.targets.functions.network_wiring import initializes
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.spelling import tokens, word_set
from gradcheck_cli.targets.functions.state import parts_of

# A function that is called so makes something; what, is seen when it is called.
_INITIALIZES = word_set("init initialize initialise")


@dataclass(frozen=True)
class MadeHere:
    """What a function of the file makes, and its arrays by name."""

    made_by: str
    held: Any
    arrays: Mapping[str, Array]


def made_here(module: Mapping[str, Any], names: set[str]) -> MadeHere | None:
    """The first that a function of the file makes without being told anything, and that has all these arrays."""
    return next((made for made in _all_made(module) if names <= made.arrays.keys()), None)


def _all_made(module: Mapping[str, Any]) -> Iterator[MadeHere]:
    for name, call in module.items():
        is_said = initializes(name) or bool(set(tokens(name)) & _INITIALIZES)
        if not is_said or not inspect.isfunction(call) or not all(item.has_default for item in parameters_of(call)):
            continue
        try:
            held = call()
        except (Exception, SystemExit):  # whatever the user's code raises
            continue
        arrays = {str(key): array for key, value in parts_of(held) if (array := as_array(value)) is not None}
        if arrays:
            yield MadeHere(name, held, arrays)


def reads_numbers(source: str, module: Mapping[str, Any]) -> bool:
    """Does it read a whole number of its file, or a dict of such?"""
    read = {node.id for node in syntax.nodes_in(source) if isinstance(node, ast.Name)}
    found = (module.get(name) for name in read)
    return any(_is_whole(value) or (isinstance(value, dict) and any(map(_is_whole, value.values()))) for value in found)


def _is_whole(value: Any) -> bool:
    return type(value) is int
