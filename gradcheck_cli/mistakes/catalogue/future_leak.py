"""future-leak: a causal layer's gradients are taken as if outputs read what comes after them."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import frame, read_elsewhere, window
from gradcheck_cli.mistakes.steps import is_causal
from gradcheck_cli.model import Array

Zeros = Callable[[int], int]
"""Of d*(k - 1) zeros, how many are put in front."""

_WAYS: dict[str, Zeros] = {
    "all zeros are put behind X": lambda _: 0,
    "the zeros are shared between both ends, as for 'same'": lambda edge: edge // 2,
    "the zeros are shared between both ends, the odd one in front": lambda edge: (edge + 1) // 2,
}


def _read(zeros: Zeros) -> WrongFormula:
    """dE/dF with X read so many places too late."""

    def formula(problem: Problem) -> Array:
        edge = problem.spec.padding[1]
        late = edge - zeros(edge)
        return read_elsewhere(problem, (0, late)) if is_causal(problem.spec) and late else problem.grad_weight

    return formula


def _written(zeros: Zeros) -> WrongFormula:
    """dE/dX cut from the frame so many places too early."""

    def formula(problem: Problem) -> Array:
        if not is_causal(problem.spec):
            return problem.grad_input
        return window(frame(problem), (0, zeros(problem.spec.padding[1])), problem.spec.input_size)

    return formula


_OF_WEIGHT = tuple(Variant(label, _read(zeros)) for label, zeros in _WAYS.items())
_OF_INPUT = tuple(Variant(label, _written(zeros)) for label, zeros in _WAYS.items())
MISTAKE = Mistake(
    id="future-leak",
    order=425,
    title="takes a causal layer for one whose outputs read what comes after them",
    # No formula of the usual way: `run` knows pictures, and they know no later.
    variants={"weight": _OF_WEIGHT, "input": _OF_INPUT},
    why=(
        "A causal layer has all of its d*(k - 1) zeros in front, so that output p reads positions p - d*(k - 1) to p. "
        "Zeros behind X, or on both sides, make it read later ones; cutting the gradient of the padded X at its "
        "beginning does the same to dE/dX: `dX_padded[..., :L]` keeps the zeros' part and drops the last positions."
    ),
    hides_when="the kernel has one tap",
    fix="Pad X with d*(k - 1) zeros in front and none behind, and return dX_padded from position d*(k - 1) on.",
    shown_by="gradcheck verify, of causal code for one axis",
    numbers="kernel {kernel}, dilation {dilation}",
)
