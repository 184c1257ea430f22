"""output-padding-ignored: the gradients of a transposed layer leave out the outputs that output_padding added."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.any_form import part
from gradcheck_cli.mistakes.mistake import Mistake, Variant
from gradcheck_cli.mistakes.pieces import on_other_case, with_grad_output
from gradcheck_cli.model import GRADIENTS, Case


def _without_tail(case: Case) -> Case | None:
    """G without its last `output_padding` elements on each axis."""
    spec = case.spec
    if not any(spec.output_padding):
        return None
    kept = np.zeros_like(case.grad_output)
    inner = [slice(size - more) for size, more in zip(spec.output_size, spec.output_padding, strict=True)]
    part(kept, inner)[...] = part(case.grad_output, inner)
    return with_grad_output(case, kept)


MISTAKE = Mistake(
    id="output-padding-ignored",
    order=365,
    title="leaves out the outputs that output_padding added, at the end of each axis",
    elsewhere={gradient: (Variant("", on_other_case(gradient, _without_tail)),) for gradient in GRADIENTS},
    why=(
        "s*(h - 1) + k - 2*p is the size of the output without output_padding. Outputs beyond it are outputs all the "
        "same: the taps that padding cut off reach them, and the bias is added to each."
    ),
    hides_when="output_padding = 0",
    fix="Take the output's size from G, and read all of it.",
    shown_by="gradcheck verify, of transposed layers",
    numbers="stride {stride}, padding {padding}",
)
