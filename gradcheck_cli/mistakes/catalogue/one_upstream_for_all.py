"""one-upstream-for-all: one entry of G stands for all."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="one-upstream-for-all",
    order=790,
    title="uses one entry of G, or its mean, for all outputs",
    why=(
        "With `.mean()` or `.sum()` behind it G is the same everywhere, and `grad_output[0]` seems enough. As "
        "soon as the outputs are weighed the gradient is wrong."
    ),
    hides_when="all entries of G are equal",
    fix="Use each entry of G with its own output.",
    shown_by="gradcheck verify",
    sign=Sign.ONE_UPSTREAM,
)
