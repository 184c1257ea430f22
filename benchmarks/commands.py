"""Whole commands of the product against what a person would run instead. A row that cannot be run says so."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import commands_side_by_side

ROOT = Path(__file__).resolve().parent.parent
PICTURE = str(ROOT / "images" / "coffee.jpg")
GRADCHECK = (sys.executable, "-m", "gradcheck_cli")
PLAIN_LOOP = f"{ROOT / 'benchmarks' / 'plain_loop.py'}:conv_backward"


@dataclass(frozen=True)
class Row:
    """One line of the table: `ours` and `theirs` in seconds, None where the command could not be run."""

    what: str
    against: str
    floor: str
    ours: float | None
    theirs: float | None = None


def bench_run(repeats: int) -> Row:
    """The main job with all default checks against the post's script."""
    ours = (*GRADCHECK, "run", "--in", "3", "--out", "3", "--k", "32", PICTURE)
    script = (sys.executable, str(ROOT / "benchmarks" / "forum_script.py"), PICTURE)
    return _compare(
        "`gradcheck run`, all default checks", ours, "the post's script", script, ("at most 1.5 x", repeats)
    )


def bench_help(repeats: int) -> Row:
    """`gradcheck --help` against importing click."""
    ours, click = (*GRADCHECK, "--help"), (sys.executable, "-c", "import click")
    return _compare("`gradcheck --help`", ours, '`python -c "import click"`', click, ("at most 2 x", repeats))


def bench_verify(repeats: int) -> Row:
    """`gradcheck verify` of a plain-loop function on the default geometries."""
    return _compare("`gradcheck verify`, plain loops", (*GRADCHECK, "verify", PLAIN_LOOP), "", (), ("5 s", repeats))


def _compare(what: str, ours: Sequence[str], against: str, theirs: Sequence[str], how: tuple[str, int]) -> Row:
    floor, repeats = how
    sides = {"ours": ours, "theirs": theirs} if theirs else {"ours": ours}
    medians = commands_side_by_side(sides, repeats)
    return Row(what, against, floor, medians.get("ours"), medians.get("theirs"))
