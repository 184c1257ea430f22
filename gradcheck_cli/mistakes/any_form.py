"""Wrong formulas for layers of any form: transposed, with one to three axes, with a padding that repeats.

What such a layer is, shows in which element of the read array a tap meets an output; so a mistake is another rule for
that, on every axis alike, or another array. No mistake lives here; a file of the catalogue says which rule it follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from gradcheck_cli.mistakes.mistake import OtherCase, Problem, Variant, WrongFormula
from gradcheck_cli.model import Array, Axis, Case, ConvSpec, GradientName, PaddingMode
from gradcheck_cli.model.axis import SOURCES

Rule = Callable[[Axis, int, int], "int | None"]
"""(axis, output, tap) -> the element that is read there; None for a zero.

Of a transposed layer the axis is that of its convolution: what it reads is G, and its outputs are X.
"""


def right(axis: Axis, output: int, tap: int) -> int | None:
    """The rule of the layer itself."""
    return axis.source(axis.stride * output + axis.dilation * tap)


def stepping_by(place: Callable[[Axis, int, int], int]) -> Rule:
    """The position on the padded axis is another one."""
    return lambda axis, output, tap: _source(axis, place(axis, output, tap))


def starting(before: Callable[[Axis], int]) -> Rule:
    """So many elements are taken to stand in front of the first one, and zeros."""

    def rule(axis: Axis, output: int, tap: int) -> int | None:
        return _inside(axis.stride * output + axis.dilation * tap - before(axis), axis.size)

    return rule


def repeating(mode: PaddingMode | str) -> Rule:
    """The padding repeats something else; "symmetric" is numpy's mode that repeats the edge itself too."""

    def rule(axis: Axis, output: int, tap: int) -> int | None:
        index = axis.stride * output + axis.dilation * tap - axis.before
        if mode == "symmetric":
            turned = index % (2 * axis.size)
            return min(turned, 2 * axis.size - 1 - turned)
        found = SOURCES[mode](index, axis.size)  # type: ignore[index]
        return None if found is None else _inside(found, axis.size)

    return rule


def counted_from_the_end(axis: Axis, output: int, tap: int) -> int | None:
    """The last tap stands where it belongs, the others lie side by side in front of it, without the dilation."""
    return _source(axis, axis.stride * output + axis.extent - axis.taps + tap)


def beside(axis: Axis, output: int, tap: int) -> int:
    """The margin belongs to the edge next to it, in its own order: its first element to the first one of X."""
    index = axis.stride * output + axis.dilation * tap - axis.before
    inner = index + axis.before if index < 0 else index - axis.after if index >= axis.size else index
    return min(max(inner, 0), axis.size - 1)


def only(chosen: Callable[[Axis, int], bool]) -> Rule:
    """Outputs that are not chosen are left out."""
    return lambda axis, output, tap: right(axis, output, tap) if chosen(axis, output) else None


def on_one_axis(rule: Rule, place: int) -> tuple[Rule, ...]:
    """A rule for one axis, counted from the last, and the right one for the others."""
    return tuple(rule if axis == place else right for axis in (-3, -2, -1))


def _source(axis: Axis, position: int) -> int | None:
    found = axis.source(position)
    return None if found is None else _inside(found, axis.size)


def _inside(index: int, size: int) -> int | None:
    return index if 0 <= index < size else None


@dataclass(frozen=True)
class Sums:
    """The gradients of one case under a rule for each axis, the last three of them for as many axes as there are."""

    case: Case
    rules: tuple[Rule, ...]

    def weight(self) -> Array:
        """dE/dF."""
        spec = self.case.spec
        gradient = np.zeros(spec.weight_shape, self.case.x.dtype)
        entries = _entries(gradient, spec)
        written, read = (_places(array, spec) for array in self._ends)
        for entry, outputs, inputs in self._meetings():
            entries[entry] = np.einsum("pnga,pngb->gab", written[outputs], read[inputs])
        return gradient

    def input(self) -> Array:
        """dE/dX."""
        spec = self.case.spec
        gradient = np.zeros(spec.x_shape, self.case.weight.dtype)
        into, upstream = _places(gradient, spec), _places(self.case.grad_output, spec)
        kernels = _entries(self.case.weight, spec)
        for entry, outputs, inputs in self._meetings():
            if spec.transposed:
                np.add.at(into, outputs, np.einsum("gio,pngo->pngi", kernels[entry], upstream[inputs]))
            else:
                np.add.at(into, inputs, np.einsum("goi,pngo->pngi", kernels[entry], upstream[outputs]))
        return gradient

    @property
    def _ends(self) -> tuple[Array, Array]:
        """What has a place for each output of the axes, and what is read: of a transposed layer X and G."""
        ends = (self.case.grad_output, self.case.x)
        return ends[::-1] if self.case.spec.transposed else ends

    def _meetings(self) -> Iterator[tuple[int, Array, Array]]:
        axes = self.case.spec.axes
        written, read = ([getattr(axis, end) for axis in axes] for end in ("outputs", "size"))
        rules = self.rules[-len(axes) :]
        for entry, taps in enumerate(product(*(range(axis.taps) for axis in axes))):
            pairs = [_pairs(axis, tap, rule) for axis, tap, rule in zip(axes, taps, rules, strict=True)]
            outputs = np.ravel_multi_index(np.ix_(*(p for p, _ in pairs)), written).ravel()
            inputs = np.ravel_multi_index(np.ix_(*(r for _, r in pairs)), read).ravel()
            yield entry, outputs, inputs


# Hundreds of formulas are tried on the same few axes.
@lru_cache(maxsize=2**14)
def _pairs(axis: Axis, tap: int, rule: Rule) -> Array:
    found = [(output, source) for output in range(axis.outputs) if (source := rule(axis, output, tap)) is not None]
    return np.array(found, dtype=np.intp).reshape(-1, 2).T


def _places(array: Array, spec: ConvSpec) -> Array:
    """(n, c, ...) as (place, n, group, channel of the group), a view."""
    return np.moveaxis(array.reshape(spec.batch, spec.groups, -1, int(np.prod(array.shape[2:]))), -1, 0)


def _entries(weight: Array, spec: ConvSpec) -> Array:
    """F as (entry, group, of what is written, of what is read), a view: its axes stand so in both kinds of layers."""
    grouped = weight.reshape(spec.groups, -1, weight.shape[1], int(np.prod(weight.shape[2:])))
    return np.moveaxis(grouped, -1, 0)


def of_any_axes(
    usual: Mapping[GradientName, WrongFormula], variants: Mapping[GradientName, tuple[Variant, ...]]
) -> dict[GradientName, tuple[Variant, ...]]:
    """The ways to make a mistake that ask for channels and filters alone, for convolutions with any axes and padding.

    None of a transposed layer: its F has the groups along c_in, so that code for it goes wrong otherwise.
    """
    return {
        gradient: tuple(
            replace(way, formula=_unless_transposed(way.formula))
            for way in _ways(usual.get(gradient), variants.get(gradient, ()))
        )
        for gradient in {**usual, **variants}
    }


def _ways(usual: WrongFormula | None, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
    is_labelled = usual is None or any(way.formula is usual for way in variants)
    return variants if usual is None or is_labelled else (Variant("", usual), *variants)


def _unless_transposed(formula: WrongFormula) -> WrongFormula:
    return lambda problem: None if problem.spec.transposed else formula(problem)


def following(gradient: GradientName, *rules: Rule) -> WrongFormula:
    """The gradient under a rule: one for all axes, or one for each of the last three.

    None where it is the layer's own rule for this geometry, in effect or in fact: there is nothing to tell then.
    """
    chosen = rules * 3 if len(rules) == 1 else rules

    def formula(problem: Problem) -> Array | None:
        sums = Sums(problem.case, chosen)
        return sums.weight() if gradient == "weight" else sums.input() if gradient == "input" else None

    return formula


def turned(array: Array) -> Array:
    """Its axes beside the first two reversed."""
    return np.ascontiguousarray(np.flip(array, axis=tuple(range(2, array.ndim))))


def with_other(change: Callable[[Array], Array], name: str) -> OtherCase:
    """The case with one of its arrays changed."""
    return lambda case: case.with_array(name, np.ascontiguousarray(change(getattr(case, name))))  # type: ignore[arg-type]


def with_kernel_turned(case: Case) -> Case:
    """The case with F turned by 180 degrees."""
    return replace(case, weight=turned(case.weight))


def framed_gradient(problem: Problem) -> Array:
    """dE/d(X padded) of a convolution, its padding counted as elements of their own."""
    spec, case = problem.spec, problem.case
    frame = spec.framed
    framed = Case(frame, np.zeros(frame.x_shape), case.weight, case.bias, case.grad_output)
    return Problem(framed).grad_input


def cropped(array: Array, spec: ConvSpec, starts: tuple[int, ...]) -> Array:
    """X's size of a padded array, from `starts` on."""
    places = (slice(start, start + size) for start, size in zip(starts, spec.input_size, strict=True))
    return np.ascontiguousarray(part(array, places))


def part(array: Array, places: Iterable[slice]) -> Array:
    """These places of the last axes; a view."""
    index: Any = (..., *places)
    cut: Array = array[index]
    return cut
