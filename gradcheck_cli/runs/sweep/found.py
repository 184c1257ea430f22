"""What files of a sweep are there already, of one process or of ranks."""

from __future__ import annotations

import os
from glob import escape, glob

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.ranks import Ranks
from gradcheck_cli.model.sweep import SweepAnswer
from gradcheck_cli.runs.sweep.kept import Head, read_kept
from gradcheck_cli.runs.sweep.merge import together


def own_file(file: str, ranks: Ranks) -> str:
    """Two processes never write one file."""
    stem, suffix = os.path.splitext(file)
    return f"{stem}.rank{ranks.rank}{suffix}" if file and ranks.count > 1 else file


def known_answers(file: str, head: Head) -> dict[str, SweepAnswer]:
    """What this file and those of ranks beside it hold already.

    Raises:
        UsageError: one is of another sweep.
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
    return together(files, kept)


def begun_files(file: str) -> list[str]:
    """This file and those of ranks beside it, as far as they are there."""
    stem, suffix = os.path.splitext(file)
    return [one for one in (file, *sorted(glob(f"{escape(stem)}.rank*{suffix}"))) if file and _is_begun(one)]


def _is_begun(file: str) -> bool:
    """There, and not killed before its first line was whole."""
    if not os.path.exists(file):
        return False
    with open(file, "rb") as opened:
        return b"\n" in opened.readline()
