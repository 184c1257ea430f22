"""The hand-written backward of a convolution: what gradcheck holds against autograd.

`definition` is the formula, written out for any axes, any padding and transposed layers. `direct` gives the same sums
fast, and verdicts rest on it; `fft` is a second source with its own error bound. Both are written for pictures among
zeros, and lifted to all forms by `lift`. Nothing here imports torch or shares code with an oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gradcheck_cli.layers.conv import definition as definition, fft as fft
from gradcheck_cli.layers.conv.direct import (
    LIFT,
    grad_bias as grad_bias,
    grad_input as grad_input,
    grad_weight as grad_weight,
)
from gradcheck_cli.layers.conv.geometry import pad as pad
from gradcheck_cli.model import GRADIENTS, Array, Case, GradientName, Gradients

__all__ = ["backward", "definition", "fft", "forward", "grad_bias", "grad_input", "grad_weight", "pad"]


def backward(
    case: Case, wanted: Sequence[GradientName] = GRADIENTS, method: Literal["direct", "fft"] = "direct"
) -> Gradients:
    """The gradients of one case.

    Args:
        case: X, F and G with their geometry.
        wanted: which of them; the others are not computed.
        method: "direct" sums the products of the definition; "fft" is judged by the bound of `fft`.

    Returns:
        Of dE/dF, dE/dX and dE/db those that are wanted, shaped like the weight, the input and the bias.

    Raises:
        GeometryError: an array has another shape than the geometry says.
    """
    weight_from, input_from = {"direct": (grad_weight, grad_input), "fft": (fft.grad_weight, fft.grad_input)}[method]
    return Gradients(
        weight=weight_from(case.x, case.grad_output, case.spec) if "weight" in wanted else None,
        input=input_from(case.weight, case.grad_output, case.spec) if "input" in wanted else None,
        bias=grad_bias(case.grad_output) if "bias" in wanted else None,
    )


def forward(case: Case) -> Array:
    """O of a case, of any form.

    Args:
        case: X, F and b; its G is not looked at.

    Returns:
        (n, c_out, ...), in the dtype of the case; exact on integers.
    """
    sums = LIFT.forward(case.x, case.weight, case.spec)
    return sums + case.bias.reshape(-1, *[1] * (sums.ndim - 2))
