"""Which lines of a target no call has run."""

from __future__ import annotations

from collections.abc import Iterable


def in_no_call(counts: Iterable[tuple[int, ...] | None]) -> tuple[int, ...]:
    """The lines of the backward that ran in no call; a target that was started anew counted anew.

    Args:
        counts: after each call, the lines that none had run up to then; None where nobody looked.
    """
    lists = [set(lines) for lines in counts if lines is not None]
    return tuple(sorted(set.intersection(*lists))) if lists else ()
