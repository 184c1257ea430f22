"""What was seen of one backward call, and the same made ready for comparing one of its gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck_cli.mistakes import Observation as Observation, Problem, RememberingProblem
from gradcheck_cli.mistakes.shown import lengths as lengths
from gradcheck_cli.model import GRADIENTS, TENSORS, Array, Case, ConvSpec, GradientName
from gradcheck_cli.numbers import exact

# Up to here every partial sum of integers fits float32: rounding cannot be the reason.
_DECISIVE = 2.0**24
# Half the distance from 1 to the next number of the format.
_UNITS = {"float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}


@dataclass(frozen=True)
class Comparison:
    """One gradient of one observation beside the truth. `unit` is the unit roundoff of the user's dtype."""

    problem: Problem
    right: Array
    actual: Array
    unit: float

    @property
    def spec(self) -> ConvSpec:
        """The geometry."""
        return self.problem.asked

    @property
    def wrong(self) -> bool:
        """Whether shape or numbers differ from the truth."""
        return not np.array_equal(self.right, self.actual)

    @property
    def gauges(self) -> Problem:
        """The same with absolute values everywhere: its gradients are A, what their rounding is measured by."""
        return _of(self.problem, absolute)

    @cached_property
    def decisive(self) -> bool:
        """Whether all sums are exact even in float32; beyond that an observation can refute, but proves nothing."""
        gauge = _of(_of(self.problem, exact.as_integers), absolute)
        largest = max(float(gauge.right(name).max()) for name in GRADIENTS)
        return largest <= _DECISIVE

    @property
    def data(self) -> str:
        """What the numbers were drawn as, in words: no number is quoted without saying of what."""
        case = self.problem.case
        if not all(np.array_equal(part, np.rint(part)) for part in (case.x, case.weight, case.grad_output)):
            return "fractions"
        return "small integers" if self.decisive else "large integers"


def absolute(case: Case) -> Case:
    """The same with absolute values everywhere."""
    return Case(case.spec, abs(case.x), abs(case.weight), abs(case.bias), abs(case.grad_output))


def _of(problem: Problem, prepare: Callable[[Case], Case]) -> Problem:
    other = problem.prepared(prepare)
    assert other is not None
    return other


def gather(observations: Sequence[Observation], gradient: GradientName, layout: str) -> tuple[Comparison, ...]:
    """The observations that hold finite numbers for `gradient`; axes of length 1 too many or too few are mended.

    Args:
        layout: of the target; an array of a wrong shape comes in this order of axes and is turned into ours.
    """
    found = []
    for seen in observations:
        actual = seen.actual.get(gradient)
        if actual is None or not np.isfinite(actual).all():
            continue
        problem = RememberingProblem.of(seen.case)
        right = problem.right(gradient)
        unit = _UNITS.get(seen.dtypes.get(gradient, str(actual.dtype)), 2.0**-53)
        numbers = squeezed_to(np.asarray(actual, np.float64), right)
        if numbers.shape != right.shape and gradient != "bias":
            numbers = in_our_order(numbers, gradient, layout)
        found.append(Comparison(problem, right, numbers, unit))
    return tuple(found)


_DEEPER = str.maketrans({"h": "dh", "u": "tu"})


def in_our_order(array: Array, gradient: GradientName, layout: str) -> Array:
    """An array that fits nothing, in the order (n, c, h, w) or (o, i, u, v); as it is where its axes cannot be told."""
    order = TENSORS[gradient].letters
    if "D" in layout:
        order = order.translate(_DEEPER)
    letters = layout.lower() if gradient == "input" else _weight_letters(layout, array.ndim)
    if len(letters) != array.ndim:
        return array
    kept = [axis for axis in order if axis in letters]
    turned = array.transpose([letters.index(axis) for axis in kept])
    return turned.reshape([turned.shape[kept.index(axis)] if axis in kept else 1 for axis in order])


def _weight_letters(layout: str, axes: int) -> str:
    """The usual order of F's axes beside X's, with as many letters as there are axes."""
    if "D" in layout:
        return "tuvio" if layout.endswith("C") else "oituv"
    if "H" not in layout:
        return "vio" if layout.endswith("C") else "oiv" if "C" in layout else {2: "ov", 1: "v"}.get(axes, "oiv")
    if layout.endswith("C"):
        return "uvio"
    return "oiuv" if "C" in layout else {3: "ouv", 2: "uv"}.get(axes, "oiuv")


def squeezed_to(actual: Array, right: Array) -> Array:
    """`actual` in the shape of `right` where it has axes of length 1 too many or too few, else as it is."""
    if actual.ndim != right.ndim and lengths(actual.shape) == lengths(right.shape):
        return actual.reshape(right.shape)
    return actual
