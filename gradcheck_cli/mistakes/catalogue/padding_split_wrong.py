"""padding-split-wrong: the zeros behind X are taken for those in front of it, where there are more of one kind."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import following, starting
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import frame, read_elsewhere, window
from gradcheck_cli.mistakes.steps import is_causal
from gradcheck_cli.model import Array, GradientName


def _cut_at_the_end(problem: Problem) -> Array:
    """The frame is right, and is cut from where its other end would be."""
    spec = problem.spec
    if spec.is_symmetric or is_causal(spec):
        return problem.grad_input
    return window(frame(problem), spec.padding_after, spec.input_size)


def _padded_the_other_way(problem: Problem) -> Array:
    """X is padded anew, with the numbers of zeros of its two sides exchanged."""
    spec = problem.spec
    if spec.is_symmetric or is_causal(spec):
        return problem.grad_weight
    return read_elsewhere(problem, (-spec.extra_after[0], -spec.extra_after[1]))


def _elsewhere(gradient: GradientName) -> WrongFormula:
    usual = following(gradient, starting(lambda axis: axis.after))

    def formula(problem: Problem) -> Array | None:
        spec = problem.spec
        return None if spec.is_symmetric or spec.padding_mode != "zeros" else usual(problem)

    return formula


MISTAKE = Mistake(
    id="padding-split-wrong",
    order=420,
    title="takes the number of zeros behind X for the number in front of it",
    formulas={"input": _cut_at_the_end},
    # No formula of the usual way: `run` pads alike on both sides, so no picture could show it.
    variants={"weight": (Variant("X padded anew, the other way round", _padded_the_other_way),)},
    elsewhere={gradient: (Variant("", _elsewhere(gradient)),) for gradient in ("weight", "input")},
    why=(
        "Padding 'same' adds k - 1 zeros. Where that is odd, one side gets more, and which one is a convention: "
        "`(k - 1) // 2` in the forward and `k // 2` in the backward are the same for odd kernels only."
    ),
    hides_when="as many zeros are added behind X as in front of it",
    fix=(
        "Keep the numbers of zeros above and left of X, and take dX_padded[:, :, top : top + H, left : left + W]; in "
        "the full convolution put d*(k - 1) - top zeros above G."
    ),
    shown_by="gradcheck verify, of code that pads 'same' and takes even kernels (dE/dX)",
    numbers="kernel {kernel}, stride {stride}, padding {padding}",
)
