"""The words of `--call` for a function that runs on nothing that was tried: as its author would call it, by its names.

Shown by a refusal. It is an outline: what each name is, only the reader knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcheck_cli.model.spelled import ARROW
from gradcheck_cli.targets.functions.find import functions_of
from gradcheck_cli.targets.functions.loss import gives_gradients
from gradcheck_cli.targets.functions.methods import method_names
from gradcheck_cli.targets.functions.pairs import backward_for, defined_by, pairs_among
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelled import OUTPUT_NAME, UPSTREAM_NAME
from gradcheck_cli.targets.functions.spelling import is_cache, is_upstream, looks_like_gradient
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.torch_classes import is_autograd_function, is_module

_UNKNOWN = "FORWARD"
_WHAT = "--input x=4x3,v=float:5,i=int:6<3,k=2"


def ways_out(loaded: Loaded) -> str:
    """How to say how the target is called, and what its arguments are."""
    call = _outline(loaded)
    if not call:
        return f"say what it is given: {_WHAT}, or --inputs FILE.py:NAME, which returns its forward's arguments"
    # What the forward takes alone would not do: a part of it may have been taken apart.
    named = f"{_WHAT}, or --inputs FILE.py:NAME, a dict of them"
    return f'say how: --call "{call}" --returns x,v, and what each name is: {named} (gradcheck explain calling)'


def _outline(loaded: Loaded) -> str:
    """FORWARD -> BACKWARD in the names of the file; "" where it is torch that calls the target."""
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if owner is None:
        return _of_functions(loaded)
    if is_autograd_function(owner) or is_module(owner):
        return ""
    fore, back = method_names(owner, "" if loaded.target is owner else loaded.name)
    made = f"c := {owner.__name__}({', '.join(_needed(owner))})"
    if not fore or not back:
        return f"({made}, c.{fore or _UNKNOWN}(x))[-1] {ARROW} c.{back or 'BACKWARD'}(G)"
    given = _needed(getattr(owner, fore))
    handed = _needed(getattr(owner, back))
    kept = returned_names(loaded.node(f"{owner.__name__}.{fore}"))
    forward = f"({made}, c.{fore}({', '.join(given)}))[-1]"
    return f"{forward} {ARROW} c.{back}({', '.join(_words(handed, given, kept))})"


def _of_functions(loaded: Loaded) -> str:
    functions = functions_of(loaded)
    pairs = pairs_among({name: defined_by(loaded.node(name)) for name in functions})
    back = loaded.name if loaded.name in pairs else backward_for(loaded.name, pairs) or loaded.name
    fore = pairs.get(back, "")
    if not fore and gives_gradients(loaded.node(loaded.name)):
        return f"{loaded.name}({', '.join(_needed(loaded.target))}) {ARROW} {OUTPUT_NAME}[1:]"
    given = _needed(functions[fore]) if fore else []
    kept = returned_names(loaded.node(fore)) if fore else []
    forward = f"{fore}({', '.join(given)})" if fore else _UNKNOWN
    handed = _needed(functions.get(back, loaded.target))
    return f"{forward} {ARROW} {back}({', '.join(_words(handed, given, kept))})"


def _words(handed: Sequence[str], given: Sequence[str], kept: Sequence[str]) -> list[str]:
    """What a backward is handed: G, what the forward kept or gave, or an argument by its own name."""
    return [_word(name, given, kept) for name in handed]


def _word(name: str, given: Sequence[str], kept: Sequence[str]) -> str:
    if name in given:
        return name
    if name in kept:
        return f"{OUTPUT_NAME}[{kept.index(name)}]" if len(kept) > 1 else OUTPUT_NAME
    if is_cache(name):
        return f"{OUTPUT_NAME}[-1]"
    return UPSTREAM_NAME if is_upstream(name) or looks_like_gradient(name) else name


def _needed(call: Any) -> list[str]:
    return [item.name for item in parameters_of(call) if not item.has_default and item.name != "self"]
