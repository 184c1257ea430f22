"""integer-dtype: gradients cut to whole numbers."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.pieces import each, rearranged
from gradcheck_cli.model import GRADIENTS

MISTAKE = Mistake(
    id="integer-dtype",
    title="stores the gradient in integers and cuts off what follows the decimal point",
    formulas=each(lambda gradient: rearranged(gradient, np.trunc), *GRADIENTS),
    why=(
        "`np.array([0, 0, 0])`, `np.zeros(n, dtype=int)` or zeros made like an uint8 picture are integer arrays; "
        "numpy cuts every number that is put into them, without a word."
    ),
    hides_when="all gradients are whole numbers",
    fix="Make the arrays in floating point: `np.zeros(shape)` or `np.zeros_like(X, dtype=float)`.",
    shown_by="any picture (with a mean loss the gradients are small fractions)",
)
