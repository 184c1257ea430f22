"""remainder-dropped: the rows and columns that no window reaches are missing from dE/dX."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import part
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant
from gradcheck_cli.mistakes.pieces import frame, window
from gradcheck_cli.model import Array


def _too_small(problem: Problem) -> Array | None:
    spec = problem.spec
    rows, columns = (size - rest for size, rest in zip(spec.input_size, spec.remainder, strict=True))
    return problem.grad_input[:, :, :rows, :columns] if min(rows, columns) > 0 else None


def _zeros_in_front(problem: Problem) -> Array:
    """The missing rows are filled in on the wrong side."""
    spec = problem.spec
    if spec.remainder == (0, 0):
        return problem.grad_input
    start = (spec.padding[0] - spec.remainder[0], spec.padding[1] - spec.remainder[1])
    return window(frame(problem), start, spec.input_size)


def _cropped(problem: Problem) -> Array | None:
    """The padding is taken off an array that ends with the last window: of rows that a window reads, zeros are left."""
    spec = problem.spec
    if spec.remainder == (0, 0):
        return problem.grad_input
    rows, columns = (size - rest for size, rest in zip(spec.input_size, spec.remainder, strict=True))
    if min(rows, columns) < 1:
        return None
    return window(window(frame(problem), spec.padding, (rows, columns)), (0, 0), spec.input_size)


def _too_small_elsewhere(problem: Problem) -> Array | None:
    spec = problem.spec
    if spec.transposed or spec.padding_mode != "zeros" or not any(spec.remainder):
        return None
    kept = [slice(size - rest) for size, rest in zip(spec.input_size, spec.remainder, strict=True)]
    return part(problem.grad_input, kept)


MISTAKE = Mistake(
    id="remainder-dropped",
    order=360,
    title="forgets the rows and columns of X that no window reaches",
    formulas={"input": _too_small},
    variants={
        "input": (
            Variant("and fills them in at the wrong side", _zeros_in_front),
            Variant("and takes the padding off before it fills in zeros", _cropped),
        )
    },
    elsewhere={"input": (Variant("", _too_small_elsewhere),)},
    why=(
        "When (H + 2p - k) is no multiple of s, the last rows of X are in no window. Sizes computed backwards, "
        "s*(h_out - 1) + k - 2p, then fall short of H. Libraries call the missing part output_padding."
    ),
    hides_when="(H + 2p - k) is a multiple of the stride",
    fix="Make dE/dX as zeros in the shape of X and add into it; the unreached rows stay zero at the bottom and right.",
    shown_by="--stride 2 with a remainder (--k 3 --stride 2 on the default size), or gradcheck verify (dE/dX)",
    numbers="remainder {remainder}",
)
