"""A known layer: its backward derived step by step, each step with the numbers of a small example."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from gradcheck_cli.explain.explanation import WIDTH, Explanation, Section, filled
from gradcheck_cli.explain.grids import blocks, side_by_side
from gradcheck_cli.layers.known import KNOWN, DerivationStep, KnownLayer, plain
from gradcheck_cli.mistakes import number
from gradcheck_cli.model import Array

# Sections are indented by two.
_INNER = WIDTH - 2
# Of a number that is no short fraction; the first digits are what a reader compares.
_DIGITS = 4
# Small enough that the curvature is not seen in so many digits, large enough that rounding is not.
_STEP = 1e-4


def layer_called(topic: str) -> KnownLayer | None:
    """The layer of this id, or of another name that people give it; None if it is none."""
    wanted = plain(topic)
    names = {layer.id: (layer.id, *layer.names) for layer in KNOWN.values()}
    by_id = [layer for layer in KNOWN.values() if plain(layer.id) == wanted]
    by_name = [layer for layer in KNOWN.values() if wanted in map(plain, names[layer.id])]
    return next(iter([*by_id, *by_name]), None)


def of_layer(layer: KnownLayer) -> Explanation:
    """Forward, backward step by step, a check by differences, the code, what holds for every G, the usual mistakes."""
    sections = [
        Section("Forward", layer.formula, fixed=True),
        Section("An example", _given(layer), fixed=True),
        Section("Backward, step by step", _derived(layer), fixed=True),
        Section("And it is the derivative", _checked(layer)),
        Section("In numpy", layer.code, fixed=True),
    ]
    if layer.laws:
        sections.append(Section("Holds for every G", "\n\n".join(f"{law[0].upper()}{law[1:]}." for law in layer.laws)))
    if layer.tips:
        sections.append(Section("When you check it", layer.tips))
    sections.append(Section("Usual mistakes", _slips(layer), fixed=True))
    return Explanation(layer.id, layer.title, tuple(sections))


def _given(layer: KnownLayer) -> str:
    """The arrays and constants of the example, what comes out, and G."""
    values, grads = layer.example.arrays, _upstreams(layer)
    arrays = [block for name, value in values.items() if _is_array(value) for block in blocks(name, _shown(value))]
    outputs = zip(_results(layer), layer.outputs_of(values), strict=True)
    arrays += [block for name, value in outputs for block in blocks(name, _shown(value))]
    arrays += [block for name, value in zip(layer.upstreams, grads, strict=True) for block in blocks(name, value)]
    constants = ", ".join(f"{name} = {_constant(value)}" for name, value in values.items() if not _is_array(value))
    result = _results(layer)[0]
    meaning = f"G is the gradient that comes from above, dE/d{result}." if len(grads) == 1 else ""
    words = filled(f"{layer.example.words} {meaning}".strip(), _INNER)
    return "\n\n".join(part for part in (side_by_side(arrays), constants, words) if part)


def _results(layer: KnownLayer) -> tuple[str, ...]:
    """What the outputs are called: y, L for a loss, their own names where there are several."""
    if len(layer.outputs) > 1:
        return tuple(name.removeprefix("d") for name in layer.upstreams)
    return ("y",) if layer.outputs[0] else ("L",)


def _upstreams(layer: KnownLayer) -> tuple[Array, ...]:
    upstream = layer.example.upstream
    return upstream if isinstance(upstream, tuple) else (upstream,)


def _constant(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _checked(layer: KnownLayer) -> str:
    """The largest entry of the first gradient, found once more by moving one number."""
    values = layer.example.arrays
    gradients = layer.gradients(values, layer.example.upstream)
    name = layer.differentiated[0]
    gradient = gradients[name]
    place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
    above, below = (_weighted(layer, _moved(values, name, place, step)) for step in (_STEP, -_STEP))
    slope = (above - below) / (2 * _STEP)
    entry = f"{name}[{','.join(map(str, place))}]"
    sums = " + ".join(f"{g} {y}" for g, y in zip(layer.upstreams, _results(layer), strict=True))
    return (
        f"Move {entry} by {_STEP:g} up and down: the sum of {sums} changes by {number(above - below, _DIGITS)}. Over "
        f"{2 * _STEP:g} that is a slope of {number(slope, _DIGITS)}, and d{entry} is "
        f"{number(float(_shown(gradient[place])), _DIGITS)}."
    )


def _weighted(layer: KnownLayer, values: dict[str, Any]) -> float:
    """The number whose derivative the backward gives: all outputs times what comes from above, summed."""
    outputs = zip(layer.outputs_of(values), _upstreams(layer), strict=True)
    return float(sum(float((output * upstream).sum()) for output, upstream in outputs))


def _moved(values: dict[str, Any], name: str, place: tuple[Any, ...], step: float) -> dict[str, Any]:
    array = values[name].copy()
    array[place] += step
    return {**values, name: array}


def _derived(layer: KnownLayer) -> str:
    steps = layer.steps(layer.example.arrays, layer.example.upstream)
    return "\n\n".join(_step(place, step) for place, step in enumerate(steps, 1))


def _step(place: int, step: DerivationStep) -> str:
    """The formula, why it is so, and what comes out."""
    margin = f"{place}. "
    indent = " " * len(margin)
    formula = textwrap.fill(
        f"{step.symbol} = {step.formula}", _INNER, initial_indent=margin, subsequent_indent=indent + "  "
    )
    why = textwrap.indent(filled(step.why, _INNER - len(indent)), indent)
    numbers = textwrap.indent(side_by_side(blocks("", _shown(step.value))).lstrip("\n"), indent + "    ")
    return "\n".join(part for part in (formula, why, numbers) if part.strip())


def _shown(value: Any) -> Array:
    """An array whose numbers are short enough for a page."""
    rounded = np.round(np.asarray(value, np.float64), _DIGITS)
    return np.asarray(rounded + 0.0)  # no "-0"


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _slips(layer: KnownLayer) -> str:
    """Each id once, and below it what it is here."""
    said: dict[str, list[str]] = {}
    for slip in layer.slips:
        said.setdefault(slip.id, []).append(
            textwrap.fill(slip.words, _INNER, initial_indent="  - ", subsequent_indent="    ")
        )
    return "\n".join("\n".join([name, *lines]) for name, lines in said.items())
