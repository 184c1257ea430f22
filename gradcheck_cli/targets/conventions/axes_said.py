"""How many axes a function's text says that its arrays have, and on which probes such arrays are handed over first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions.callees import callee_of, forward_beside
from gradcheck_cli.targets.conventions.function import Callee
from gradcheck_cli.targets.conventions.function_search import KINDS
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.layouts import LayerKind, able, usual
from gradcheck_cli.targets.load import Loaded

# Of the functions whose text counts, what each needs for its parameters to have a meaning.
_NEEDED = (("grad_output", "x", "weight"), ("x", "weight"))


def agreeing_first(loaded: Loaded, specs: Sequence[ConvSpec]) -> tuple[ConvSpec, ...]:
    """The geometries, first those on which some usual layout hands over arrays with as many axes as the text says.

    A target for one image raises on every batch, in each of hundreds of ways to call it: that is time lost.
    """
    said = axes_said(loaded)
    if not said or not specs:
        return tuple(specs)
    # Those of one list are of one kind; its table of layouts is long.
    fitting = [layout for layout in usual(LayerKind.of(specs[0])) if _fits(layout, said)]
    return tuple(sorted(specs, key=lambda spec: not able(fitting, spec)))


def axes_said(loaded: Loaded) -> Mapping[str, int]:
    """kind ("x", "weight", "output") -> its number of axes, of a plain function and of its forward, where told."""
    if isinstance(loaded.target, type) or loaded.owner is not None:
        return {}
    callees = (callee_of(loaded, None, loaded.name), forward_beside(loaded, None, loaded.name))
    found: dict[str, int] = {}
    for callee, needed in zip(callees, _NEEDED, strict=True):
        found = (_of_callee(callee, needed) if callee is not None else {}) | found
    return found


def _of_callee(callee: Callee, needed: tuple[str, ...]) -> dict[str, int]:
    meanings = callee.assignments(*needed)[:1]
    uses = ((KINDS[role], callee.source.use(name)) for one in meanings for name, role in one.items() if role in KINDS)
    return {kind: use.axes for kind, use in uses if use.axes}


def _fits(layout: Layout, said: Mapping[str, int]) -> bool:
    return all(layout.axes(kind) == count for kind, count in said.items())
