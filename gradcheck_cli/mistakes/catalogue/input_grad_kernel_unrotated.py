"""input-grad-kernel-unrotated: dE/dX with the kernel as it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, Told
from gradcheck_cli.mistakes.pieces import on_other_case
from gradcheck_cli.model import Case


def _kernel_turned(case: Case) -> Case:
    return replace(case, weight=np.ascontiguousarray(case.weight[..., ::-1, ::-1]))


MISTAKE = Mistake(
    id="input-grad-kernel-unrotated",
    title="correlates G with F as it stands, so F ends up turned by 180 degrees in dE/dX",
    formulas={"input": on_other_case("input", _kernel_turned)},
    why=(
        "dE/dX is a full *convolution* of G with F: written as a correlation, the kernel must be turned by 180 "
        "degrees first. It is left out, or done twice (`convolve2d` already turns)."
    ),
    hides_when="the kernel is 1x1 or symmetric",
    fix="Turn the kernel once: correlate the padded G with F[:, :, ::-1, ::-1], or scatter F * G without turning.",
    turned=Told(
        title="convolves G with F in dE/dX, which turns F once more than the forward does",
        fix="Correlate the padded G with F as it stands, `correlate2d(G, F, mode='full')`: the forward has turned F.",
    ),
    shown_by="gradcheck verify (dE/dX), or --k 3 or larger",
    numbers="kernel {kernel}",
    prepare=_kernel_turned,
)
