"""Whole commands of the product against what a person would run instead. A row that cannot be run says so."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import commands_side_by_side

ROOT = Path(__file__).resolve().parent.parent
PICTURE = str(ROOT / "images" / "coffee.jpg")
GRADCHECK = (sys.executable, "-m", "gradcheck_cli")
PLAIN_LOOP = f"{ROOT / 'benchmarks' / 'plain_loop.py'}:conv_backward"
COURSE = ROOT / "benchmarks" / "course_layers.py"


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
        "`gradcheck run`, all default checks", ours, "the post's script", script, ("at most 1.2 x", repeats)
    )


def bench_help(repeats: int) -> Row:
    """`gradcheck --help` against importing click."""
    ours, click = (*GRADCHECK, "--help"), (sys.executable, "-c", "import click")
    return _compare("`gradcheck --help`", ours, '`python -c "import click"`', click, ("at most 2 x", repeats))


def bench_verify(repeats: int) -> Row:
    """`gradcheck verify` of a plain-loop function on the default geometries."""
    return _compare("`gradcheck verify`, plain loops", (*GRADCHECK, "verify", PLAIN_LOOP), "", (), ("5 s", repeats))


def bench_course(repeats: int) -> Row:
    """`gradcheck verify` of thirty functions of a course, two at a time: a file of ten in three hands."""
    with TemporaryDirectory() as folder:
        files = _copies(COURSE, Path(folder), 3)
        ours = (*GRADCHECK, "verify", "--jobs", "2", *files)
        return _compare("`gradcheck verify`, 30 functions of a course", ours, "", (), ("20 s", repeats))


def bench_folder(repeats: int) -> Row:
    """`gradcheck verify` of a folder of a hundred plain loops, two at a time."""
    file, _, name = PLAIN_LOOP.rpartition(":")
    with TemporaryDirectory() as folder:
        files = [f"{copy}:{name}" for copy in _copies(Path(file), Path(folder), 100)]
        ours = (*GRADCHECK, "verify", "--jobs", "2", *files)
        return _compare("`gradcheck verify`, a folder of 100 plain loops", ours, "", (), ("60 s", repeats))


def _copies(file: Path, folder: Path, count: int) -> list[str]:
    copies = [folder / f"{file.stem}_{number}.py" for number in range(count)]
    return [str(shutil.copy(file, copy)) for copy in copies]


def _compare(what: str, ours: Sequence[str], against: str, theirs: Sequence[str], how: tuple[str, int]) -> Row:
    floor, repeats = how
    sides = {"ours": ours, "theirs": theirs} if theirs else {"ours": ours}
    medians = commands_side_by_side(sides, repeats)
    return Row(what, against, floor, medians.get("ours"), medians.get("theirs"))
