"""What files of a sweep are there already, of one process or of ranks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from glob import escape, glob

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.kept import Head, content_of, read_kept
from gradcheck_cli.runs.sweep.merge import of_all, other_code, together


def own_file(file: str, ranks: Ranks) -> str:
    """Two processes never write one file."""
    stem, suffix = os.path.splitext(file)
    return f"{stem}.rank{ranks.rank}{suffix}" if file and ranks.count > 1 else file


@dataclass(frozen=True)
class Begun:
    """What there is of a sweep: its answers by the ids of their questions, and the head of a report on them."""

    head: Head
    answers: dict[str, SweepAnswer]


def begun(file: str, head: Head) -> Begun:
    """What this file and those of ranks beside it hold already.

    Args:
        file: of --resume; "" for none.
        head: of what is asked now.

    Raises:
        UsageError: one is of another sweep, or of code that was changed since.
    """
    files = begun_files(file)
    kept = [read_kept(one) for one in files]
    for one, content in zip(files, kept, strict=True):
        if content.head.digest != head.digest:
            raise UsageError(
                f"{one} belongs to another sweep.",
                facts={"it was asked": content.head.reproduce, "now": head.reproduce},
                hint="another name for --resume, or the command that it was begun with",
            )
        if target := other_code(head, content.head):
            raise UsageError(
                f"{target} was changed since {one} was begun, and its answers are about the code as it was.",
                hint=f"another name for --resume, or remove {one}",
            )
    return Begun(of_all([head, *(content.head for content in kept)]), together(files, kept))


def begun_files(file: str) -> list[str]:
    """This file and those of ranks beside it, as far as they are there."""
    stem, suffix = os.path.splitext(file)
    return [one for one in (file, *sorted(glob(f"{escape(stem)}.rank*{suffix}"))) if file and _is_begun(one)]


def _is_begun(file: str) -> bool:
    """There, and not killed before its first line was whole."""
    return os.path.exists(file) and b"\n" in content_of(file)
