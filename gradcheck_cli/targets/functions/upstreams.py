"""Which parameters of a backward are gradients of outputs: by their names, else by what is left."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.targets.functions.form import Parameter
from gradcheck_cli.targets.functions.spelling import (
    are_renamed,
    argument_called,
    belongs_to,
    derived_from,
    is_cache,
    is_upstream,
    looks_like_gradient,
)


def upstreams_named(wanted: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The parameters that are gradients of outputs, in the order of the outputs where their names tell it."""
    known = [name for name in outputs if name]
    of_output = {name: belongs_to(name, known) or derived_from(name, known) for name in wanted}
    named = [name for name in wanted if is_upstream(name) or of_output[name] not in ("", name)]
    alike = [name for name in wanted if name in named or looks_like_gradient(name)]
    named = alike if named and len(alike) <= len(outputs) else named  # beside dE/dH also dE/dO, under whatever name
    place = {name: outputs.index(found) for name in named if (found := of_output[name])}
    return sorted(named, key=lambda name: place.get(name, 0))


def guessed_upstreams(wanted: Sequence[Parameter], given: Sequence[str], several: bool) -> list[list[str]]:
    """No name tells a G: none where the backward takes arguments, what was kept or one thing only; else the first.

    Args:
        several: the forward gives more than one thing, so that what is called a cache is one.
    """
    needed = [item.name for item in wanted if not item.has_default]
    if are_renamed(needed, given):
        return [[]]
    if all(argument_called(name, given) for name in needed) or len(needed) <= 1:
        return [[], needed[:1]] if len(needed) == 1 else [[]]
    free = [name for name in needed if not argument_called(name, given) and not (several and is_cache(name))]
    return [[name] for name in free] or [[]]
