"""Tells which of the returned arrays is which gradient: by shape, by name, by value where shapes tie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import GRADIENTS, TENSORS, Array, ConvSpec, GradientName, Gradients
from gradcheck_cli.targets.conventions.base import ALONE, BIAS_FORMS, Returned, collect
from gradcheck_cli.targets.conventions.layout import Layout, WrongShapeError
from gradcheck_cli.targets.conventions.names import function_roles, gradient_role
from gradcheck_cli.targets.conventions.source import Source

Keys = Mapping[GradientName, str]
"""gradient -> key of `Returned.items`"""

# Keys of what was not returned: attributes and their items, updates, what an optimiser was handed.
KEPT = (".", "[", "update", "handed")

# How courses return them: dx, dw, db.
USUAL_ORDER: tuple[GradientName, ...] = ("input", "weight", "bias")


@dataclass(frozen=True)
class Taken:
    """Gradients in our layout; those of a wrong shape are as the user returned them, and named in `wrong`."""

    gradients: Gradients
    wrong: tuple[str, ...] = ()


def plan(
    returned: Returned, spec: ConvSpec, layout: Layout, bias_form: str, truth: Gradients
) -> dict[GradientName, str]:
    """Which key holds which gradient.

    Shapes come first. Where several keys fit a gradient, or none does, the name in the source decides, then the
    value against `truth` (only to choose among keys, never to judge).
    """
    fits = {name: _fitting(returned, name, spec, layout, bias_form) for name in GRADIENTS}
    chosen: dict[GradientName, str] = {}
    for name in sorted(GRADIENTS, key=lambda name: len(fits[name]) or 99):
        free = [key for key in fits[name] if key not in chosen.values()]
        if free:
            chosen[name] = _best(free, name, returned, spec, layout, bias_form, truth)
    for key, label in returned.names.items():
        role = gradient_role(label.rpartition(".")[2])
        if role and role not in chosen and key not in chosen.values():
            chosen[_gradient(role)] = key
    _add_leftovers(chosen, returned, spec)
    return chosen


def order_notes(keys: Keys) -> tuple[str, ...]:
    """One note where gradients are returned in another order than the usual one: input, weight, bias."""
    places = {int(key): name for name, key in keys.items() if key.isdigit()}
    order = [places[position] for position in sorted(places)]
    if order == [name for name in USUAL_ORDER if name in order]:
        return ()
    return (f"returns {', '.join(order)} in this order",)


def _add_leftovers(chosen: dict[GradientName, str], returned: Returned, spec: ConvSpec) -> None:
    """Returned arrays of a wrong shape and without a telling name: by their size, then by elimination."""
    taken = {key.removesuffix(ALONE) for key in chosen.values()}
    whole = [key for key in returned.items if not key.endswith(ALONE)]
    free = [key for key in whole if key not in taken and key[:1].isdigit()]
    by_size = [key for key in free if returned.items[key].size == spec.out_channels]
    if "bias" not in chosen and by_size:
        chosen["bias"] = by_size[0]
        free.remove(by_size[0])
    missing = [name for name in GRADIENTS if name not in chosen and name != "bias"]
    if len(missing) == 1 and len(free) == 1 and chosen and returned.items[free[0]].ndim > 1:
        chosen[missing[0]] = free[0]


def take(returned: Returned, keys: Keys, spec: ConvSpec, layout: Layout, bias_form: str) -> Taken:
    """The planned gradients in our layout."""
    taken: dict[GradientName, Array] = {}
    wrong = []
    for name, key in keys.items():
        if key not in returned.items:
            continue
        try:
            taken[name] = take_one(returned.items[key], name, spec, layout, bias_form)
        except WrongShapeError as error:
            taken[name] = returned.items[key]
            wrong.append(f"grad_{name} has shape {error}")
    return Taken(Gradients(**{name: np.asarray(value, order="C") for name, value in taken.items()}), tuple(wrong))


def take_one(array: Array, name: GradientName, spec: ConvSpec, layout: Layout, bias_form: str) -> Array:
    """One gradient in our layout.

    Raises:
        WrongShapeError: it has not the shape of what it is the gradient of.
    """
    if name == "bias":
        return _take_bias(array, spec, layout, bias_form)
    return layout.take(TENSORS[name].name, array, TENSORS[name].shape(spec), spec.groups)


def _take_bias(array: Array, spec: ConvSpec, layout: Layout, bias_form: str) -> Array:
    untied = layout.shape("output", (1, *spec.output_shape[1:]), spec.groups)
    untied = untied[1:] if layout.output.startswith("n") else untied
    if bias_form == "untied" and array.shape == untied:
        axis = layout.output.replace("n", "").index("o") if "o" in layout.output else None
        totals: Array = array.sum(axis=tuple(i for i in range(array.ndim) if i != axis))
        return totals.reshape(spec.out_channels)
    allowed = (
        [BIAS_FORMS[bias_form](spec.out_channels)]
        if bias_form in BIAS_FORMS
        else [form(spec.out_channels) for form in BIAS_FORMS.values()]
    )
    scalar = spec.out_channels == 1 and array.shape == () and "o" not in layout.output
    if array.shape not in allowed and not scalar:
        raise WrongShapeError(f"{array.shape} instead of {allowed[0]}")
    return layout.take_filters(array, spec.groups)


def _fitting(returned: Returned, name: GradientName, spec: ConvSpec, layout: Layout, bias_form: str) -> list[str]:
    keys = []
    for key, array in returned.items.items():
        try:
            take_one(array, name, spec, layout, bias_form)
        except WrongShapeError:
            continue
        keys.append(key)
    return keys


def _best(
    keys: list[str],
    name: GradientName,
    returned: Returned,
    spec: ConvSpec,
    layout: Layout,
    bias_form: str,
    truth: Gradients,
) -> str:
    pool = _likeliest(keys, name, returned)
    right = truth.get(name)
    equal = [
        key
        for key in pool
        if np.array_equal(
            take_one(returned.items[key], name, spec, layout, bias_form), right if right is not None else 0
        )
    ]
    return (equal or pool)[0]


def _likeliest(keys: list[str], name: GradientName, returned: Returned) -> list[str]:
    """What is returned before what is kept, unless its name says something else; the telling names first."""
    roles = {key: gradient_role(returned.names.get(key, key).rpartition(".")[2]) for key in keys}
    given = [key for key in keys if not key.startswith(KEPT) and roles[key] in ("", name)]
    given = [key for key in given if roles[key] or not _is_no_gradient(returned.names.get(key, ""))]
    pool = given or keys
    named = [key for key in pool if roles[key] == name]
    return named or [key for key in pool if not roles[key]] or pool


def _is_no_gradient(name: str) -> bool:
    """`return self.weights`: the parameter itself."""
    return function_roles(name)[:1] in (["weight"], ["bias"], ["x"], ["output"])


def _gradient(role: str) -> GradientName:
    return next(name for name in GRADIENTS if name == role)


def result_names(result: Any, source: Source) -> dict[str, str]:
    """Names of what was returned, also of what is None: dict keys as they are, positions by the `return` statement."""
    keys = list(collect(result, none=True))
    whole = [key for key in keys if not key.endswith(ALONE)]
    returned = source.returns()
    by_position = dict(zip(whole, returned, strict=True)) if len(returned) == len(whole) else {}
    names = {key: key if not key.replace(".", "").isdigit() else by_position.get(key, "") for key in whole}
    return {key: names[key.removesuffix(ALONE)] for key in keys}
