"""sign-flipped: the gradient with the other sign."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake, of_every_form
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.mistakes.shown import Sign
from gradcheck_cli.model import GRADIENTS

MISTAKE = Mistake(
    id="sign-flipped",
    order=30,
    title="returns the gradient with the opposite sign",
    written_for=of_every_form,
    formulas=each(lambda gradient: rearranged(gradient, np.negative), *GRADIENTS),
    why=(
        "The step of gradient descent is -lr * gradient, or the error was taken as target - output. The minus belongs "
        "to the update or to the loss, not to dE/dF."
    ),
    hides_when="the gradient is zero",
    fix="Return the gradient itself; put the minus into the update.",
    of_function="Turn the sign of that part; a step's minus belongs to the update.",
    shown_by="any picture",
    structure=False,
    sign=Sign.OPPOSITE,
)
