"""path-missing: a way on which the gradient should flow and does not."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="path-missing",
    order=700,
    title="lets nothing flow back through a value that the output depends on",
    why=(
        "An input reaches the output on several ways (x itself, its mean, its variance), and each of them "
        "adds to the derivative. A formula that takes one of the values between for a constant is the "
        "derivative of another function."
    ),
    hides_when="G is such that the terms of that way cancel (a sum of all outputs, for a norm)",
    fix="Add the lost term: the derivative by that value, times the derivative of that value by the input.",
    shown_by="gradcheck verify",
    sign=Sign.PATH,
)
