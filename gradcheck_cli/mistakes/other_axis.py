"""Wrong formulas in which one axis of a layer steps by the numbers of another, for layers with any number of axes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from gradcheck_cli.mistakes.any_form import Rule, following, framed_gradient, on_one_axis, part
from gradcheck_cli.mistakes.mistake import Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.steps import FIELDS, Field
from gradcheck_cli.model import Array, Axis, GradientName

# Counted from the last, as code for fewer axes leaves out the first.
_AXES = {-3: "depth", -2: "height", -1: "width"}
_NAMES: dict[Field, str] = {"stride": "stride", "padding": "before", "dilation": "dilation"}


def ways(gradient: GradientName) -> Iterator[Variant]:
    """Each number of each axis in place of that of each other axis."""
    for field in FIELDS:
        for place, other in permutations(_AXES, 2):
            label = f"the {field} of the {_AXES[other]} for the {_AXES[place]}"
            yield Variant(label, _stepping(gradient, field, place, other))
            if field == "padding" and gradient == "input":
                yield Variant(f"{label}, cut from dX_padded", _cut(place, other))


def _stepping(gradient: GradientName, field: Field, place: int, other: int) -> WrongFormula:
    """What is added outside of X is lost, and what is read there is 0."""

    def formula(problem: Problem) -> Array | None:
        axes = problem.spec.axes
        if len(problem.spec.own_axes) < -min(place, other) or problem.spec.padding_mode != "zeros":
            return None
        number: int = getattr(axes[other], _NAMES[field])
        if number == getattr(axes[place], _NAMES[field]):
            return problem.right(gradient)
        return following(gradient, *on_one_axis(_with(field, number), place))(problem)

    return formula


def _with(field: Field, number: int) -> Rule:
    def rule(axis: Axis, output: int, tap: int) -> int | None:
        stride, before, dilation = (
            number if field == name else getattr(axis, _NAMES[name]) for name in ("stride", "padding", "dilation")
        )
        index = stride * output + dilation * tap - before
        return index if 0 <= index < axis.size else None

    return rule


def _cut(place: int, other: int) -> WrongFormula:
    """dX_padded[..., p : p + size] with the p of the other axis; a slice ends where the array does."""

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        if spec.transposed or len(spec.own_axes) < -min(place, other) or spec.padding_mode != "zeros":
            return None
        starts = [axis.before for axis in spec.axes]
        starts[place] = spec.axes[other].before
        places = (slice(start, start + size) for start, size in zip(starts, spec.input_size, strict=True))
        return part(framed_gradient(problem), places)

    return formula
