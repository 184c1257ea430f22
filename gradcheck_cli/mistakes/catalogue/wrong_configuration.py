"""wrong-configuration: right with one configuration of an autotuner, not with another."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="wrong-configuration",
    order=875,
    title="gives other gradients with another configuration of its autotuner",
    why=(
        "An autotuned kernel runs with whichever of its configurations is the fastest on the machine. A grid that is "
        "made for one block size leaves entries out, or writes them twice, with another."
    ),
    hides_when="the configuration that was chosen is one of the right ones",
    fix="Make the grid from the configuration's own block size, as in `lambda meta: (triton.cdiv(n, meta['BLOCK']),)`.",
    shown_by="gradcheck verify --all-configs",
    sign=Sign.CONFIGURATION,
)
