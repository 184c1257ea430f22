"""mean-for-sum: a factor 1/N too many or too few."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="mean-for-sum",
    order=770,
    title="averages where the derivative is a sum, or the other way round",
    why=(
        "The gradient of a value that is used N times is the sum of N terms. Dividing by N belongs into the "
        "loss, if it is a mean, and comes in with G."
    ),
    hides_when="N is 1",
    fix="Use the sum; or the mean where the forward takes the mean.",
    shown_by="gradcheck verify",
    sign=Sign.AVERAGED,
)
