"""What a constructor's parameters are whose names tell nothing: shown by the layer's own forward, or left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.promised import agrees
from gradcheck_cli.targets.conventions.slots import Slot

# A value other than the plain one for each; what a layer does with it tells what it is.
ASKED: Mapping[str, Callable[[ConvSpec], ConvSpec]] = {
    "stride": lambda spec: replace(spec, stride=(2, 2)),
    "padding": lambda spec: replace(spec, padding=(1, 1)),
    "dilation": lambda spec: replace(spec, dilation=(2, 2)),
}
PLAIN = {"stride": "one", "padding": "zero", "dilation": "one"}
MODES = ("valid", "same")


def explained(candidate: LayerCandidate) -> LayerCandidate:
    """The candidate with every stride, padding and dilation that is proved, and with none that is not.

    A parameter is one where the forward gives O with it, at a geometry where it does not without it.
    """
    spec = next((spec for spec in probes.PROBES if not candidate.refuses(spec)), None)
    if not candidate.forward_right or spec is None:
        return candidate
    for slot in candidate.constructor.slots:
        if not slot.roles():
            candidate = _explained(candidate, slot, spec)
    return candidate


def _explained(candidate: LayerCandidate, slot: Slot, spec: ConvSpec) -> LayerCandidate:
    given = candidate.recipe.roles.get(slot.id, "")
    if given and given not in ASKED:
        return candidate
    without = _playing(candidate, slot, PLAIN[given]) if given else candidate
    for role in [given] if given else _likely(slot):
        if given or not {role, f"{role}_h"} & set(candidate.recipe.roles.values()):
            one = candidate if given else _playing(candidate, slot, role)
            asked = _asked(role, spec, candidate)
            if any(_is_right(one, other) and not _is_right(without, other) for other in asked):
                return one
    return without


def _asked(role: str, spec: ConvSpec, candidate: LayerCandidate) -> Iterator[ConvSpec]:
    """Geometries with another value; a padding repeats whatever that of the layer may."""
    modes = candidate.layout.modes if role == "padding" else (spec.padding_mode,)
    for mode in modes:
        with suppress(GeometryError):
            yield replace(ASKED[role](spec), padding_mode=mode)


def _likely(slot: Slot) -> Iterator[str]:
    """What a default may stand for: nothing is added by 0 or "valid", and 1 changes nothing."""
    plain = slot.default[0] if isinstance(slot.default, tuple | list) and slot.default else slot.default
    if isinstance(plain, str) and plain.lower() in MODES:
        yield "padding"
    if isinstance(plain, int) and not isinstance(plain, bool):
        yield from {0: ("padding",), 1: ("stride", "dilation")}.get(plain, ())


def _playing(candidate: LayerCandidate, slot: Slot, role: str) -> LayerCandidate:
    """The candidate with this role, spelled as the default is."""
    recipe, form = candidate.recipe, candidate.form
    changes: dict[str, Any] = {}
    if isinstance(slot.default, str):
        changes = {"mode": True, "upper": slot.default.isupper()}
        form = replace(form, mode=True)
    elif isinstance(slot.default, tuple | list) and not set(ASKED) & set(recipe.roles.values()):
        changes = {"pairs": True}
        form = replace(form, pairs=True)
    recipe = replace(recipe, roles={**recipe.roles, slot.id: role}, **changes)
    return replace(candidate, recipe=recipe, form=form)


def _is_right(candidate: LayerCandidate, spec: ConvSpec) -> bool:
    """Whether its own forward gives O exactly there."""
    case = probes.integer_case(spec)
    try:
        output = candidate.own_output(case)
    except Exception:
        return False
    if output is None or output.shape != candidate.layout.shape("output", spec.output_shape, spec.groups):
        return False
    return agrees(candidate, output, case)
