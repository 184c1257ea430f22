"""not-finite: NaN or infinity in the gradient."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake

MISTAKE = Mistake(
    id="not-finite",
    title="returns NaN or infinity",
    why=(
        "A division by zero (a mean over nothing), memory from `np.empty` that was never filled, or float16 sums above "
        "65504. Finite inputs have finite gradients: they are sums of products."
    ),
    hides_when="the size that becomes zero is not reached",
    fix="Start from `np.zeros`, and look at each division for a divisor that can be zero.",
    shown_by="gradcheck run --backward FILE.py:NAME",
)
