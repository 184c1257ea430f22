"""A layer or function whose own forward is no convolution: judged as one, or refused, by what its derivative is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.model import GIVEN, Array, Case, ConvSpec, GradientName, Gradients
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.alike import is_followed, same_gradient
from gradcheck_cli.targets.conventions.another_layer import NO_CONVOLUTION, TRIED, AnotherLayer, AnotherLayerError
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.own_derivative import OwnDerivative, Point, own_derivative

COMPARED: tuple[GradientName, ...] = ("input", "weight")


def check_forward(layer: AnotherLayer, spec: ConvSpec) -> None:
    """Refuse a target whose forward is something else than a convolution, and whose backward is no convolution's.

    A backward that gives the convolution's gradients is judged as one, whatever its forward does; so is one whose
    forward differs from the convolution by something without a derivative.

    Args:
        layer: the target as what it may be.
        spec: where it is asked.

    Raises:
        AnotherLayerError: it is not to be judged as a convolution, and may be as what it computes.
        NotRecognisedError: it fits neither.
    """
    case = float_case(spec)
    gradients, truth = layer.gradients(case), conv.backward(case)
    if all(_close(name, gradients.get(name), truth.get(name), case) for name in COMPARED):
        return
    output = layer.forward(case)
    if output.shape != case.grad_output.shape:
        return
    own = own_derivative(lambda point: layer.forward(moved(case, point)), point_of(case), case.grad_output)
    if _all_fit(own, truth):
        return
    if _all_fit(own, gradients):
        raise AnotherLayerError(layer, "its backward fits what it computes")
    fitting = [name for name in COMPARED if _fits_it_alone(name, own, gradients, truth, case)]
    if fitting:
        raise AnotherLayerError(layer, f"its grad_{fitting[0]} fits what it computes, and no convolution")
    if is_followed(output, probes.forward(case)):
        raise NotRecognisedError("run", f"{NO_CONVOLUTION}; its backward fits neither that nor a convolution", TRIED)


def float_case(spec: ConvSpec) -> Case:
    """Random numbers: a kink of an activation is met with probability 0."""
    draw = np.random.default_rng(1)
    case = Case(spec, *(draw.standard_normal(tensor.shape(spec)) for tensor in GIVEN.values()))
    return case.with_array("weight", case.weight / np.sqrt(spec.weight_shape[1] * 9))


def point_of(case: Case) -> dict[str, Array]:
    """X and F, along which slopes are taken."""
    return {"input": case.x, "weight": case.weight}


def moved(case: Case, point: Point) -> Case:
    """The case with X and F of another point, and its b where it has one."""
    return replace(case, x=point["input"], weight=point["weight"], bias=point.get("bias", case.bias))


def _all_fit(own: OwnDerivative, gradients: Gradients) -> bool:
    """Whether every gradient that is given is the derivative of what the target computes; some must be."""
    given = {name: gradients.get(name) for name in COMPARED}
    found = {name: array for name, array in given.items() if array is not None}
    return bool(found) and all(own.fits(name, array) for name, array in found.items())


def _fits_it_alone(name: GradientName, own: OwnDerivative, gradients: Gradients, truth: Gradients, case: Case) -> bool:
    """Whether a gradient is right for what the target computes and would be wrong for a convolution."""
    given = gradients.get(name)
    return given is not None and own.fits(name, given) and not _close(name, given, truth.get(name), case)


def _close(name: GradientName, actual: Array | None, expected: Array | None, case: Case) -> bool:
    """Equal but for rounding, or not given at all."""
    if actual is None or expected is None:
        return True
    return same_gradient(actual, name, case, expected)
