"""Names of the other axis: `w_out` for `h_out`."""

from __future__ import annotations

import re

# Rows and columns as code calls them.
_TWINS: tuple[tuple[str, str], ...] = (
    *(("h", "w"), ("H", "W"), ("i", "j"), ("r", "c"), ("y", "x"), ("u", "v"), ("p", "q"), ("m", "n"), ("a", "b")),
    *(("P", "Q"), ("R", "S"), ("row", "col"), ("rows", "cols"), ("height", "width"), ("vert", "horiz")),
)


def twins(name: str, known: frozenset[str]) -> list[str]:
    """Known names that are this one with the letter or the word of the other axis ("w_out" for "h_out")."""
    head, dot, last = name.rpartition(".")
    found = []
    for pair in _TWINS:
        for one, other in (pair, pair[::-1]):
            for place in (match.start() for match in re.finditer(re.escape(one), last)):
                changed = f"{head}{dot}{last[:place]}{other}{last[place + len(one) :]}"
                found += [changed] if changed in known and changed != name else []
    return list(dict.fromkeys(found))
