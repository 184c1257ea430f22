"""An argument that another function of the file computes once from others: `attend(q, keys, U_keys, p)`, beside
`precompute_keys(keys, p)`. Its backward goes back through that as well: judged is the forward of both.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import belongs_to, tokens, word_set

_BEFORE = word_set("precompute precomputed")


def computes_before(name: str) -> bool:
    """Does a function say that it computes what another one is handed?"""
    return bool(set(tokens(name)) & _BEFORE)


def with_precomputed(form: PairForm, functions: Mapping[str, PlainFunction]) -> PairForm:
    """The pair without such an argument, which its forward computes then; itself where there is none."""
    found = list(_computed(form, functions))
    if len(found) != 1:
        return form
    name, before = found[0]
    fore = form.fore
    source, said = f"{fore.source}\n{before.source}", f"{before.name} computes its {name}"
    return replace(form, fore=replace(fore, call=_computing(fore.call, name, before), source=source, meaning=said))


def _computed(form: PairForm, functions: Mapping[str, PlainFunction]) -> Iterator[tuple[str, PlainFunction]]:
    """(argument, what computes it) where no gradient of it is returned, and it is called as what it is computed of."""
    own = [item.name for item in form.fore.parameters()]
    returned = {belongs_to(name, own) for name in returned_names(form.back.node)}
    for before in (functions[name] for name in functions if computes_before(name)):
        needed = [item.name for item in before.parameters() if not item.has_default]
        if needed and set(needed) <= set(own):
            of = set(tokens(needed[0]))
            yield from ((name, before) for name in own if name not in returned and of < set(tokens(name)))


def _computing(call: Callable[..., Any], name: str, before: PlainFunction) -> Callable[..., Any]:
    signature = inspect.signature(call)
    needed = [item.name for item in before.parameters()]

    @wraps(call)
    def called(**given: Any) -> Any:
        computed = call_by_name(before.call, {key: given[key] for key in needed if key in given})
        return call_by_name(call, {**given, name: computed})

    left = [
        item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for key, item in signature.parameters.items() if key != name
    ]
    called.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
    return called
