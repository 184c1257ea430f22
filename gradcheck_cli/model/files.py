"""Names of files as people write them. Standard library only, so that usage errors stay fast."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable

# Characters that make a name a pattern, as the standard library takes them.
MAGIC = frozenset("*?[")
# A picture of random numbers instead of a file: `random:3x32x32`.
RANDOM = "random:"
# Pictures whose files may hold several.
MOVING = (".gif", ".webp", ".png", ".apng", ".avif", ".tif", ".tiff")
# Files of arrays: of numpy, and of torch.
ARRAYS = (".npy", ".pt", ".pth")


def matching(pattern: str) -> tuple[str, ...]:
    """The files that a pattern means, sorted; the name itself where it is a file or no pattern; () without a match."""
    if os.path.isfile(pattern) or not MAGIC & set(pattern):
        return (pattern,)
    return tuple(sorted(name for name in glob.glob(pattern, recursive=True) if os.path.isfile(name)))


def expanded(names: Iterable[str]) -> tuple[str, ...]:
    """Every name with its pattern expanded; one that matches nothing stays, to be refused where it is read."""
    return tuple(file for name in names for file in matching(name) or (name,))


def any_folder(names: Iterable[str]) -> bool:
    """One of them is a folder."""
    return any(map(os.path.isdir, names))


def from_here(file: str) -> str:
    """A path below the current folder as seen from it, with slashes; any other as it is."""
    here = os.path.join(os.getcwd(), "")
    return file.removeprefix(here).replace(os.sep, "/") if file.startswith(here) else file


def is_picture(name: str) -> bool:
    """Its ending is that of a picture."""
    # Late: it loads what reads addresses too, for which no other name needs to wait.
    import mimetypes

    kind, _ = mimetypes.guess_type(name)
    return kind is not None and kind.startswith("image/")


def is_code(name: str) -> bool:
    """FILE.py or FILE.py:NAME."""
    return name.endswith(".py") or ".py:" in name


def is_array(name: str) -> bool:
    """A file of numbers, or "random:SHAPE": an input of any number of channels."""
    return name.startswith(RANDOM) or name.lower().endswith(ARRAYS)


def may_move(name: str) -> bool:
    """A picture whose file may hold several, by its ending."""
    return name.lower().endswith(MOVING)


def file_and_name(text: str) -> tuple[str, str]:
    r"""Split at the last colon when a dotted name follows it: `C:\x\my.py:bw` is (`C:\x\my.py`, `bw`)."""
    path, colon, name = text.rpartition(":")
    if colon and path and all(part.isidentifier() for part in name.split(".")):
        return path, name
    return text, ""
