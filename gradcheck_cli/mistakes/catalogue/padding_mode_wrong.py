"""padding-mode-wrong: the margin holds something else than the forward's zeros."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gradcheck_cli.mistakes.any_form import Rule, beside, following, repeating
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import correlate, spread, spread_upstream, stepping, window
from gradcheck_cli.model import Array, GradientName, Size

_Mode = Literal["edge", "reflect", "symmetric", "wrap"]
_MODES: dict[str, _Mode] = {
    "the values at the edge, np.pad's edge, torch's replicate": "edge",
    "what lies behind the edge, reflect": "reflect",
    "what lies at and behind the edge, symmetric": "symmetric",
    "the other side, np.pad's wrap, torch's circular": "wrap",
}


def _with_margin(array: Array, margin: Size, mode: _Mode) -> Array:
    rows, columns = margin
    return np.pad(array, ((0, 0), (0, 0), (rows, rows), (columns, columns)), mode)


def _read(mode: _Mode) -> WrongFormula:
    """dE/dF with such a margin around X."""

    def formula(problem: Problem) -> Array:
        spec = problem.spec
        if spec.padding == (0, 0):
            return problem.grad_weight
        return correlate(_with_margin(problem.case.x, spec.padding, mode), problem.case.grad_output, stepping(spec))

    return formula


def _around_upstream(mode: _Mode) -> WrongFormula:
    """dE/dX as the full convolution, with such a margin around the spread G."""

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        margin = tuple(edge - 1 - side for edge, side in zip(spec.extent, spec.padding, strict=True))
        if max(margin) == 0:
            return problem.grad_input
        if min(margin) < 0:
            return None
        upstream = spread_upstream(problem.case.grad_output, spec.stride)
        around = np.ascontiguousarray(_with_margin(upstream, (margin[0], margin[1]), mode))
        whole = spread(problem.case.weight, around, stepping(spec, stride=(1, 1)))
        # The rows and columns that no window reaches have no output to take from.
        rest = spec.remainder
        valid = (spec.height - rest[0], spec.width - rest[1])
        return window(window(whole, (spec.extent[0] - 1, spec.extent[1] - 1), valid), (0, 0), spec.input_size)

    return formula


_OF_WEIGHT = tuple(Variant(label, _read(mode)) for label, mode in _MODES.items())
_OF_INPUT = tuple(Variant(f"around G: {label}", _around_upstream(mode)) for label, mode in _MODES.items())


def _elsewhere(gradient: GradientName) -> tuple[Variant, ...]:
    """Of a layer whose padding repeats: it repeats something else here. Zeros in dE/dX are fold-back-missing."""
    others = {"with zeros": "zeros"} if gradient == "weight" else {}
    others |= {"as torch's reflect": "reflect", "as torch's replicate": "replicate"}
    others |= {"as torch's circular": "circular", "as numpy's symmetric": "symmetric"}
    ways = [Variant(label, _where_padded(gradient, repeating(mode))) for label, mode in others.items()]
    if gradient == "input":
        ways.append(Variant("the margin added to the edge beside it, as it stands", _where_padded("input", beside)))
    return tuple(ways)


def _where_padded(gradient: GradientName, rule: Rule) -> WrongFormula:
    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        return following(gradient, rule)(problem) if spec.is_padded and not spec.transposed else None

    return formula


MISTAKE = Mistake(
    id="padding-mode-wrong",
    order=390,
    title="takes the margin for something else than what the forward pads with",
    formulas={"weight": _OF_WEIGHT[0].formula, "input": _OF_INPUT[0].formula},
    variants={"weight": _OF_WEIGHT, "input": _OF_INPUT},
    elsewhere={gradient: _elsewhere(gradient) for gradient in ("weight", "input")},
    why=(
        "Another mode of `np.pad`, `F.pad` or scipy's `boundary=` than the forward's: the windows at the border then "
        "hold pixels that the forward never multiplied with F, or what they hold goes to pixels that it is not from."
    ),
    hides_when="there is no margin (padding = 0), or X is zero at its edge",
    fix=(
        "Pad rows and columns as the forward does, and nothing else. Of a padding that "
        "repeats, each position's gradient goes back to the element that it repeats."
    ),
    shown_by="--padding 1",
    numbers="padding {padding}",
    alone=True,
)
