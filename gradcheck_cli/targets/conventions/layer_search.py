"""Finds how a layer class is built and called: its constructor, its weights, the axis orders in which forward runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Case, ConvSpec
from gradcheck_cli.targets.conventions import binding, probes, state
from gradcheck_cli.targets.conventions.base import BIAS_FORMS, is_tensor, to_numpy
from gradcheck_cli.targets.conventions.binding import Form
from gradcheck_cli.targets.conventions.construct import Recipe, recipes
from gradcheck_cli.targets.conventions.instance import initialize
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.source import Source

FORWARD_NAMES = (
    "forward", "forward_pass", "forward_propagation", "forward_prop", "forwardprop", "fprop", "feed_forward",
    "feedforward", "forward_propagate", "propagate", "conv_forward", "call", "__call__", "convolve", "conv", "apply",
    "predict",
)  # fmt: skip


BACKWARD_NAMES = (
    "backward", "backward_pass", "backprop", "back_prop", "backpropagation", "backward_propagation", "back_propagation",
    "backpropagate", "back_propagate", "bprop", "backward_prop", "backwardprop", "conv_backward", "back",
)  # fmt: skip


LAYER_ORDERS = (
    Layout(),
    Layout("nhwc", "uvio", "npqo"),
    Layout("nhwc", "ouvi", "npqo"),
    Layout("nhwc", "oiuv", "npqo"),
    Layout("chw", "oiuv", "opq"),
    Layout("hwc", "uvio", "pqo"),
    Layout("hwc", "ouvi", "pqo"),
    Layout("hwc", "oiuv", "pqo"),
    Layout("nhw", "ouv", "nopq"),
    Layout("nhw", "ouv", "npqo"),
    Layout("nhw", "uv", "npq"),
    Layout("nhw", "uvo", "npqo"),
    Layout("hw", "ouv", "pqo"),
    Layout("hw", "ouv", "opq"),
    Layout("hw", "uv", "pq"),
    Layout("hw", "oiuv", "opq"),
    Layout("hw", "uvo", "pqo"),
    Layout("nchw", "iouv", "nopq"),
    Layout("nchw", "uvio", "nopq"),
    Layout("nchw", "ouvi", "nopq"),
    Layout("nchw", "o(iuv)", "nopq"),
    Layout("nchw", "(iuv)o", "nopq"),
    Layout("nchw", "(uvi)o", "nopq"),
    Layout("nhwc", "(uvi)o", "npqo"),
    Layout("nhwc", "(iuv)o", "npqo"),
    Layout("nhwc", "o(uvi)", "npqo"),
    Layout("chw", "iouv", "opq"),
    Layout("chw", "iuv", "pq"),
    Layout("hwc", "uvi", "pq"),
    Layout("hw", "ouv", "pqo"),
    Layout("chwn", "iuvo", "opqn"),
)


def layer_candidates(
    make: type, source: Source, backward: str, orders: Sequence[Layout], case: Case
) -> Iterator[LayerCandidate]:
    """Ways to build and call the class that run forward on `case`, those whose forward is right first."""
    forward = method_name(make, FORWARD_NAMES, ("forward", "fprop", "convol"))
    if not forward:
        return
    parameters = tuple(binding.parameters(make))
    weaker = []
    seen: set[tuple[Any, ...]] = set()
    for recipe in recipes(list(parameters)):
        for candidate in _with_weights(make, source, parameters, recipe, forward, backward, orders, case, seen):
            if candidate.forward_right:
                yield candidate
                return
            weaker.append(candidate)
        if len(seen) > 40:
            break
    yield from weaker[:4]


def method_name(owner: type, names: Sequence[str], parts: Sequence[str]) -> str:
    """The first of `names` that the class has, else a method whose name holds one of `parts`."""
    own_kinds = [kind for kind in owner.__mro__[:-1] if not kind.__module__.startswith("torch.")]
    defined = {key for kind in own_kinds for key in vars(kind)}
    own = [name for name in dir(owner) if name in defined and callable(getattr(owner, name, None))]
    exact = [name for name in names if name in own]
    near = [name for name in own if not name.startswith("__") and any(part in name.lower() for part in parts)]
    return (exact or near or [""])[0]


def _with_weights(
    make: Callable[..., Any],
    source: Source,
    parameters: tuple[inspect.Parameter, ...],
    recipe: Recipe,
    forward: str,
    backward: str,
    orders: Sequence[Layout],
    case: Case,
    seen: set[tuple[Any, ...]],
) -> Iterator[LayerCandidate]:
    """Candidates of one recipe: the instance, its weights, and the axis orders in which forward runs."""
    for layout in orders:
        found = _weights(make, parameters, recipe, forward, layout, case)
        for weight, bias, bias_form, torch in found:
            key = (
                tuple(recipe.roles.items()),
                recipe.pairs,
                recipe.kernel_pair,
                recipe.mode,
                str(recipe.activation),
                layout,
                weight.path,
                recipe.order,
            )
            if key in seen:
                continue
            seen.add(key)
            form = Form(layout, bias=bias_form, pairs=recipe.pairs, mode=recipe.mode, torch=torch)
            plain = LayerCandidate(
                make, source, parameters, recipe, form, forward, backward, weight.path, bias.path if bias else None
            )
            yield from _judged(plain, case)


def _weights(
    make: Callable[..., Any],
    parameters: tuple[inspect.Parameter, ...],
    recipe: Recipe,
    forward: str,
    layout: Layout,
    case: Case,
) -> list[tuple[state.Held, state.Held | None, str, bool]]:
    """Where an instance keeps weights of this layout, and its bias."""
    try:
        instance = recipe.build(make, list(parameters), case)
        places = state.held(instance)
        wanted = layout.shape("weight", case.spec.weight_shape)
        if not any(place.array.shape == wanted for place in places):
            form = Form(layout)
            initialize(instance, forward, layout.give("x", case.x), form)
            places = state.held(instance)
    except Exception:
        return []
    fitting = [place for place in places if place.array.shape == wanted and not state.is_gradient(place)]
    fitting.sort(key=lambda place: (not state.is_weight(place), state.is_state(place), len(place.path)))
    if not fitting:
        return []
    weight = fitting[0]
    bias, form_id = _bias(places, layout, case.spec)
    return [(weight, bias, form_id, _is_tensor(instance, weight))]


def _bias(places: Sequence[state.Held], layout: Layout, spec: ConvSpec) -> tuple[state.Held | None, str]:
    named = [place for place in places if state.is_bias(place)]
    for place in named:
        for form, shape in BIAS_FORMS.items():
            if place.array.shape == shape(spec.out_channels):
                return place, form
    untied = layout.shape("output", (1, *spec.output_shape[1:]))
    untied = untied[1:] if layout.output.startswith("n") else untied
    for place in named:
        if place.array.shape == untied:
            return place, "untied"
    return None, "o"


def _is_tensor(instance: Any, place: state.Held) -> bool:
    owner = instance
    for kind, key in place.path:
        owner = getattr(owner, key) if kind == "attr" else owner[key]
    return is_tensor(owner)


def _judged(plain: LayerCandidate, case: Case) -> Iterator[LayerCandidate]:
    """The candidate with what its own forward tells: right, turned, rectified, or merely of the right shape."""
    for candidate in (plain, replace(plain, same=True)):
        if candidate.refuses(case.spec):
            continue
        for turned in (candidate, _turned(candidate)):
            verdict = _forward_verdict(turned, case)
            if verdict == "right":
                yield replace(turned, forward_right=True)
                return
            if verdict == "rectified":
                yield replace(turned, forward_right=True, rectified=True)
                return
        if _forward_verdict(candidate, case) == "shape":
            yield candidate


def _turned(candidate: LayerCandidate) -> LayerCandidate:
    return replace(candidate, form=replace(candidate.form, layout=candidate.layout.turned()))


def _forward_verdict(candidate: LayerCandidate, case: Case) -> str:
    """ "right", "rectified", "shape" (other numbers of the right shape) or "" (it does not run)."""
    try:
        trained = candidate.build(case)
        output = to_numpy(candidate.run_forward(trained.instance, candidate.prepare(trained, case)))
    except Exception:
        return ""
    spec = case.spec
    if output is None or output.shape != candidate.layout.shape("output", spec.output_shape):
        return ""
    ours = candidate.layout.take("output", output, spec.output_shape)
    biased = case if candidate.bias or candidate.takes("bias") else replace(case, bias=np.zeros_like(case.bias))
    expected = probes.forward(biased)
    if np.allclose(ours, expected, rtol=1e-5, atol=1e-3):
        return "right"
    return (
        "rectified" if candidate.bias and np.allclose(ours, np.maximum(expected, 0), rtol=1e-5, atol=1e-3) else "shape"
    )
