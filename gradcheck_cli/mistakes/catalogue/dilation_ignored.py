"""dilation-ignored: taps read side by side."""

from __future__ import annotations

from gradcheck_cli.mistakes.any_form import counted_from_the_end, following, stepping_by
from gradcheck_cli.mistakes.mistake import Mistake, Told, Variant
from gradcheck_cli.mistakes.steps import OtherSteps, Steps, changing, columns_as, read_with, rows_as, written_with


def _none(steps: Steps) -> Steps:
    return Steps(steps.stride, steps.padding, (1, 1))


_ONE_AXIS: dict[str, OtherSteps] = {
    "in the rows only": changing("dilation", rows_as(1)),
    "in the columns only": changing("dilation", columns_as(1)),
}

# As in causal code that counts lags from the present: the last tap is lag 0.
_FROM_THE_END = "counted back from the last tap"

MISTAKE = Mistake(
    id="dilation-ignored",
    order=480,
    title="reads neighbouring pixels for neighbouring taps, without the dilation",
    formulas={"weight": read_with(_none), "input": written_with(_none)},
    variants={
        "weight": (
            *(Variant(label, read_with(change)) for label, change in _ONE_AXIS.items()),
            Variant(_FROM_THE_END, following("weight", counted_from_the_end)),
        ),
        "input": (
            *(Variant(label, written_with(change)) for label, change in _ONE_AXIS.items()),
            Variant(_FROM_THE_END, following("input", counted_from_the_end)),
        ),
    },
    elsewhere={
        gradient: (
            Variant("", following(gradient, stepping_by(lambda axis, p, u: axis.stride * p + u))),
            Variant(_FROM_THE_END, following(gradient, counted_from_the_end)),
        )
        for gradient in ("weight", "input")
    },
    why=(
        "With dilation d the taps of the kernel lie d pixels apart in X. The forward pass takes it from the layer, "
        "the backward pass was written for d = 1."
    ),
    hides_when="dilation = 1, or the kernel is 1x1",
    fix="Tap (u, v) belongs to X_padded at row s*p + d*u and column s*q + d*v.",
    transposed=Told(
        fix="Tap (u, v) belongs to the uncut G at row s*p + d*u and column s*q + d*v.",
    ),
    shown_by="--dilation 2",
    numbers="dilation {dilation}",
)
