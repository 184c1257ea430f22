"""uninitialised-memory: other numbers when memory is filled first."""

from __future__ import annotations

from gradcheck_cli.mistakes.mistake import Mistake
from gradcheck_cli.mistakes.shown import Sign

MISTAKE = Mistake(
    id="uninitialised-memory",
    order=910,
    title="reads memory that nobody wrote",
    why=(
        "`torch.empty` and `np.empty` hand out what was there before: mostly zeros in a small test, other "
        "numbers later."
    ),
    hides_when="the memory happens to hold zeros",
    fix="Use zeros, or write every entry before it is read.",
    shown_by="gradcheck verify",
    sign=Sign.UNINITIALISED,
)
