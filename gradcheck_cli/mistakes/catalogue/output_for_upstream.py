"""output-for-upstream: the layer's output stands where G = dE/dO is due, or another array made of the two."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.layers import conv
from gradcheck_cli.mistakes.mistake import Mistake, OtherCase, Variant, of_every_form
from gradcheck_cli.mistakes.pieces import on_other_case, with_grad_output
from gradcheck_cli.model import GRADIENTS, Array, Case, GradientName


def _without_bias(case: Case) -> Array:
    return conv.forward(case.with_array("bias", np.zeros_like(case.bias)))


def _putting_output(case: Case) -> Case:
    return with_grad_output(case, conv.forward(case))


def _putting_products(case: Case) -> Case:
    return with_grad_output(case, _without_bias(case))


def _putting_x(case: Case) -> Case | None:
    """X has O's shape in a 'same' layer with as many filters as channels."""
    return with_grad_output(case, case.x) if case.spec.x_shape == case.spec.output_shape else None


def _squared(case: Case) -> Case:
    return with_grad_output(case, case.grad_output**2)


def _times_output(case: Case) -> Case:
    return with_grad_output(case, case.grad_output * conv.forward(case))


def _times_products(case: Case) -> Case:
    return with_grad_output(case, case.grad_output * _without_bias(case))


def _less_target(case: Case) -> Case:
    """O - G, as if G were the target of a squared error."""
    return with_grad_output(case, conv.forward(case) - case.grad_output)


_WAYS: dict[str, OtherCase] = {
    "O itself": _putting_output,
    "O without its bias": _putting_products,
    "X in its place": _putting_x,
    "G squared": _squared,
    "G times O": _times_output,
    "G times O without its bias": _times_products,
    "O - G, as if G were the target": _less_target,
}


def _forms(gradient: GradientName) -> tuple[Variant, ...]:
    """The bias gradient of G times O is a mistake with a name of its own, bias-times-output."""
    left_out = ("G times O",) if gradient == "bias" else ()
    return tuple(
        Variant(label, on_other_case(gradient, prepare)) for label, prepare in _WAYS.items() if label not in left_out
    )


_VARIANTS = {gradient: _forms(gradient) for gradient in GRADIENTS}
MISTAKE = Mistake(
    id="output-for-upstream",
    order=460,
    title="puts another array, as a rule the output O, where G = dE/dO is due",
    written_for=of_every_form,
    formulas={gradient: forms[0].formula for gradient, forms in _VARIANTS.items()},
    variants=_VARIANTS,
    why=(
        "O and dE/dO have the same shape and names that differ by a letter, out and dout. The chain rule multiplies by "
        "the gradient that comes from above; what the layer put out belongs to the forward pass."
    ),
    hides_when="G is O, as for the loss (O ** 2).sum() / 2",
    fix="Use G, the argument of the backward, and not O: dE/dF = corr(X, G), dE/dX = full(G, F), dE/db = sum of G.",
    shown_by="any picture",
)
