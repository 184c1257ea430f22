"""input-grad-kernel-unrotated: dE/dX with the kernel as it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradcheck_cli.mistakes.any_form import with_kernel_turned
from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import on_other_case
from gradcheck_cli.model import Array, Case


def _kernel_turned(case: Case) -> Case:
    return replace(case, weight=np.ascontiguousarray(case.weight[..., ::-1, ::-1]))


def _with_kernel(change: Callable[[Array], Array]) -> WrongFormula:
    """dE/dX through another F of the same shape; None where the change gives it another shape."""

    def prepare(case: Case) -> Case | None:
        kernel = np.ascontiguousarray(change(case.weight))
        return replace(case, weight=kernel) if kernel.shape == case.weight.shape else None

    return on_other_case("input", prepare)


# F as it enters the sum when the correlation with G is given it in this way; turned by 180 degrees is right.
_HALF_TURNS: dict[str, Callable[[Array], Array]] = {
    "turned upside down only": lambda kernel: kernel[..., ::-1],
    "turned left to right only": lambda kernel: kernel[..., ::-1, :],
    "given a quarter turn to the left only": lambda kernel: np.rot90(kernel, -1, axes=(2, 3)),
    "given a quarter turn to the right only": lambda kernel: np.rot90(kernel, axes=(2, 3)),
}


MISTAKE = Mistake(
    id="input-grad-kernel-unrotated",
    order=160,
    title=(
        "turns F the wrong way in dE/dX, where a correlation of G needs F turned by 180 degrees and a scatter needs F "
        "as it stands"
    ),
    formulas={"input": on_other_case("input", _kernel_turned)},
    variants={"input": tuple(Variant(label, _with_kernel(change)) for label, change in _HALF_TURNS.items())},
    elsewhere={"input": (Variant("", on_other_case("input", with_kernel_turned)),)},
    why=(
        "dE/dX is a full *convolution* of G with F: written as a correlation, the kernel must be turned by 180 "
        "degrees first. It is left out, or done twice (`convolve2d` already turns)."
    ),
    hides_when="the kernel is 1x1 or symmetric",
    fix="Turn the kernel by 180 degrees, then correlate the padded G with it; or scatter F * G without turning.",
    turned=Told(
        title="convolves G with F in dE/dX, which turns F once more than the forward does",
        fix="Correlate the padded G with F as it stands, `correlate2d(G, F, mode='full')`: the forward has turned F.",
    ),
    shown_by="gradcheck verify (dE/dX), or --k 3 or larger",
    numbers="kernel {kernel}",
    prepare=_kernel_turned,
)
