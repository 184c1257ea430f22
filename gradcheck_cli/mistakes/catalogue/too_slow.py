"""too-slow: no answer within the time limit."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="too-slow",
    order=600,
    title="does not answer within the time limit",
    why=(
        "A loop that never ends, or seven nested Python loops on a large layer: the forum's layer has 0.47 billion "
        "products (3 filters, 3 channels, 32x32 taps, 225x225 outputs), at about a microsecond each in Python."
    ),
    hides_when="the layer is small",
    fix="Loop over the taps (kh*kw of them) and let numpy sum the rest; or raise the limit with --timeout.",
    of_function=(
        "Let numpy work on whole arrays where a loop takes number by number; or raise the limit with --timeout."
    ),
    shown_by="gradcheck run --backward FILE.py:NAME",
    sign=Sign.NO_ANSWER,
)
