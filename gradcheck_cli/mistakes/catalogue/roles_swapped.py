"""roles-swapped: a transposed layer's gradients by the formulas of a convolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.any_form import Rule, Sums, turned
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.model import Array, Axis, Case, ConvSpec
from gradcheck_cli.model.errors import GeometryError
from gradcheck_cli.model.spec import CONVS, OWN_AXES


def _as_convolution(case: Case) -> tuple[Case, Rule] | None:
    """X and G as a convolution's, with F's first two axes exchanged, and where X is read: zeros beside it."""
    spec = case.spec
    if not spec.transposed or spec.groups > 1:
        return None
    other = _with_outputs(spec)
    if other is None:
        return None
    kernel = np.ascontiguousarray(case.weight.swapaxes(0, 1))

    def rule(axis: Axis, output: int, tap: int) -> int | None:
        place = axis.stride * output + axis.dilation * tap - axis.before
        return place if 0 <= place < axis.size else None

    return Case(other, case.x, kernel, case.bias, case.grad_output), rule


def _with_outputs(spec: ConvSpec) -> ConvSpec | None:
    """The convolution with these steps of X, and so much padding behind it that it has G's size."""
    nothing = (0,) * len(spec.stride)
    sizes = zip(spec.output_size, spec.stride, spec.extent, spec.input_size, spec.padding, strict=True)
    needed = (step * (outputs - 1) + extent - size - before for outputs, step, extent, size, before in sizes)
    extra = tuple(max(after, 0) - before for after, before in zip(needed, spec.padding, strict=True))
    try:
        other = replace(
            spec, conv=CONVS[OWN_AXES[spec.conv] - 1], extra_after=extra, output_padding=nothing, padding_mode="zeros"
        )
    except GeometryError:
        return None
    return other if other.output_size == spec.output_size else None


def _weight(problem: Problem) -> Array | None:
    made = _as_convolution(problem.case)
    return None if made is None else Sums(made[0], (made[1],) * 3).weight().swapaxes(0, 1)


def _weight_turned(problem: Problem) -> Array | None:
    found = _weight(problem)
    return None if found is None else turned(found)


def _input(problem: Problem) -> Array | None:
    made = _as_convolution(problem.case)
    return None if made is None else Sums(made[0], (made[1],) * 3).input()


MISTAKE = Mistake(
    id="roles-swapped",
    order=155,
    title="takes the formulas of a convolution for those of a transposed one, with X where G belongs",
    elsewhere={
        "weight": (Variant("", _weight), Variant("and turns the result", _weight_turned)),
        "input": (Variant("", _input),),
    },
    why=(
        "In a transposed layer output s*p + d*u gets X[p] * F[u]: the windows lie in the output. So windows of G are "
        "weighted with X for dE/dF, and correlated with F for dE/dX. In a convolution the windows lie in X."
    ),
    hides_when="the kernel has one tap and the stride is 1",
    fix="dE/dX is the convolution of G with F, with the layer's stride and padding; dE/dF pairs windows of G with X.",
    shown_by="gradcheck verify, of transposed layers",
    numbers="stride {stride}, padding {padding}",
)
