"""upstream-rotated: G turned by 180 degrees before it is correlated."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import turned, with_other
from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant
from gradcheck_cli.mistakes.pieces import each, on_other_case, with_grad_output
from gradcheck_cli.mistakes.source import turns
from gradcheck_cli.model import Case, GradientName


def _turned(case: Case) -> Case:
    return with_grad_output(case, case.grad_output[..., ::-1, ::-1])


def _upside_down(case: Case) -> Case:
    return with_grad_output(case, case.grad_output[..., ::-1, :])


def _left_to_right(case: Case) -> Case:
    return with_grad_output(case, case.grad_output[..., ::-1])


def _x_turned(case: Case) -> Case | None:
    return with_other(turned, "x")(case) if case.spec.transposed else None


_GRADIENTS: tuple[GradientName, ...] = ("weight", "input")


def _one_way(gradient: GradientName) -> tuple[Variant, ...]:
    """In one of the two directions alone."""
    ways = (("upside down", _upside_down), ("left to right", _left_to_right))
    return tuple(
        Variant(f"only {way}", on_other_case(gradient, other), title=f"turns G {way} before correlating it")
        for way, other in ways
    )


MISTAKE = Mistake(
    id="upstream-rotated",
    order=110,
    title="turns G by 180 degrees before correlating it",
    formulas=each(lambda gradient: on_other_case(gradient, _turned), *_GRADIENTS),
    variants={gradient: _one_way(gradient) for gradient in _GRADIENTS},
    elsewhere={
        "weight": (
            Variant("", on_other_case("weight", with_other(turned, "grad_output"))),
            Variant("or X, where X is what the windows of G are weighted with", on_other_case("weight", _x_turned)),
        ),
        "input": (Variant("", on_other_case("input", with_other(turned, "grad_output"))),),
    },
    why=(
        "The text books say that dE/dF is a convolution of X with G, and `scipy.signal.convolve2d` turns its second "
        "argument. The layer is a cross-correlation, so dE/dF is one too. The result is not even the right gradient "
        "turned."
    ),
    hides_when="G looks the same when it is turned, for example one output or a constant G",
    fix="Correlate X with G as it stands: no `rot90`, no flip, no `[::-1]` on G, and no convolution, which turns it.",
    turned=Told(
        fix=(
            "Leave G as it stands. The forward turns F, so dE/dF is turned at the end: "
            "`correlate2d(X, G, mode='valid')[::-1, ::-1]`, and dE/dX is `correlate2d(G, F, mode='full')`."
        ),
    ),
    shown_by="--loss random",
    prepare=_turned,
    line=turns,
)
