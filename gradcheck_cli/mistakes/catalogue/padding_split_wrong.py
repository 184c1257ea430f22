"""padding-split-wrong: the zeros behind X are taken for those in front of it, where there are more of one kind."""

from __future__ import annotations

from collections.abc import Callable

from gradcheck_cli.mistakes.any_form import following, starting
from gradcheck_cli.mistakes.mistake import Mistake, Problem, Variant, WrongFormula
from gradcheck_cli.mistakes.pieces import frame, read_elsewhere, window
from gradcheck_cli.mistakes.steps import is_causal
from gradcheck_cli.model import Array, ConvSpec, GradientName, Size
from gradcheck_cli.model.line import of_its_axes

# Two taps side by side: one zero in front of them is what causal code adds, and what code does that keeps the size.
_SHORTEST = 2
Half = Callable[[int], int]
# Of the zeros that stride 1 needs, those in front.
_HALVES: dict[str, Half] = {
    "(k - 1) // 2 in front, whatever the stride": lambda zeros: zeros // 2,
    "k // 2 in front, whatever the stride": lambda zeros: (zeros + 1) // 2,
}


def _cut_at_the_end(problem: Problem) -> Array:
    """The frame is right, and is cut from where its other end would be."""
    spec = problem.spec
    if spec.is_symmetric or _is_meant_to_be_causal(spec):
        return problem.grad_input
    return window(frame(problem), spec.padding_after, spec.input_size)


def _padded_the_other_way(problem: Problem) -> Array:
    """X is padded anew, with the numbers of zeros of its two sides exchanged."""
    spec = problem.spec
    if spec.is_symmetric or _is_meant_to_be_causal(spec):
        return problem.grad_weight
    return read_elsewhere(problem, (-spec.extra_after[0], -spec.extra_after[1]))


def _is_meant_to_be_causal(spec: ConvSpec) -> bool:
    """Its other side is another mistake, future-leak; of two taps, 'same' has no other split either."""
    return is_causal(spec) and max(spec.extent) > _SHORTEST


def _in_front(half: Half, spec: ConvSpec) -> Size:
    """What stands in front at stride 1, on each axis that the code has."""
    return of_its_axes((half(spec.extent[0] - 1), half(spec.extent[1] - 1)), spec, rows=0)


def _cut_at(half: Half) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        spec = problem.spec
        if not _is_strided_same(spec):
            return problem.grad_input
        return window(frame(problem), _in_front(half, spec), spec.input_size)

    return formula


def _padded_by(half: Half) -> WrongFormula:
    def formula(problem: Problem) -> Array:
        spec = problem.spec
        if not _is_strided_same(spec):
            return problem.grad_weight
        rows, columns = _in_front(half, spec)
        return read_elsewhere(problem, (spec.padding[0] - rows, spec.padding[1] - columns))

    return formula


def _is_strided_same(spec: ConvSpec) -> bool:
    """Whether it is padded as 'same' is at a stride: at stride 1 there is nothing to confuse."""
    total = [before + after for before, after in zip(spec.padding, spec.padding_after, strict=True)]
    needed = [max((-axis.size % axis.stride) - axis.stride + axis.extent, 0) for axis in spec.axes]
    return max(spec.stride) > 1 and total == needed and not is_causal(spec)


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
    variants={
        "weight": (
            Variant("X padded anew, the other way round", _padded_the_other_way),
            *(Variant(label, _padded_by(half)) for label, half in _HALVES.items()),
        ),
        "input": tuple(Variant(label, _cut_at(half)) for label, half in _HALVES.items()),
    },
    elsewhere={gradient: (Variant("", _elsewhere(gradient)),) for gradient in ("weight", "input")},
    why=(
        "Padding 'same' adds k - 1 zeros. Where that is odd, one side gets more, and which one is a convention: "
        "`(k - 1) // 2` in the forward and `k // 2` in the backward are the same for odd kernels only."
    ),
    hides_when="as many zeros are added behind X as in front of it",
    fix=(
        "Keep the numbers of zeros above and left of X, and take the rows top : top + H and the columns "
        "left : left + W of dX_padded; in the full convolution put d*(k - 1) - top zeros above G."
    ),
    shown_by="gradcheck verify, of code that pads 'same' and takes even kernels (dE/dX)",
    numbers="kernel {kernel}, stride {stride}, padding {padding}",
)
