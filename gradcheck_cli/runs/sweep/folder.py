"""Which pictures a sweep is about; known before torch is loaded, so that a slip in a name is told at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from gradcheck_cli.model.errors import ImageError, OptionError, UsageError
from gradcheck_cli.model.files import RANDOM, is_array, is_picture
from gradcheck_cli.model.limits import check_files, check_sweep_run
from gradcheck_cli.model.options import SumOptions

# Names that begin so are hidden, as the system itself and a shell's patterns have it.
HIDDEN = "."


def check_sum(options: SumOptions) -> None:
    """Refuse what no sum over pictures can be asked, and names that are not there.

    Raises:
        OptionError: as for `run`; an option that a sum has no place for.
        UsageError, ImageError: as `pictures_in`; no name, or one of code.
    """
    check_files(options.images)
    check_sweep_run(options, pictures_in(options.images))
    if options.reference != "gray" and os.path.isdir(_there(options.reference)):
        raise OptionError(
            "reference", f"--reference {options.reference} is a folder.", hint="one FILE, for all pictures"
        )


def pictures_in(names: Sequence[str]) -> tuple[str, ...]:
    """The pictures and arrays of folders and of those below, by name; every other name as it is. Each stands once.

    Raises:
        UsageError: a folder that holds none, or cannot be read; standard input, which is read once.
        ImageError: neither a folder nor a file.
    """
    found = (file for name in names for file in (_of_folder(name) if os.path.isdir(name) else (_there(name),)))
    return tuple(dict.fromkeys(found))


def _there(name: str) -> str:
    if name == "-":
        hint = "name files and folders, or that one picture alone: gradcheck run -"
        raise UsageError("standard input (-) is one picture, and a sum over pictures reads files.", hint=hint)
    if not (os.path.exists(name) or name.startswith(RANDOM)):
        raise ImageError(f"cannot read {name}: no such file.", hint="check the spelling and the current folder")
    return name


def _of_folder(folder: str) -> tuple[str, ...]:
    found = tuple(_below(folder, frozenset()))
    if not found:
        hint = "a folder of .jpg, .png or .npy files; what begins with a dot is left out"
        raise UsageError(f"{folder} holds no picture.", hint=hint)
    return found


def _below(folder: str, above: frozenset[str]) -> Iterator[str]:
    """Its files and those of its folders, sorted; a link to a folder that it is in leads nowhere new."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        listed = sorted(os.listdir(folder))
    except OSError as error:
        hint = "make it readable, or name the pictures that are to be read"
        raise UsageError(f"{folder} cannot be read: {error.strerror}.", hint=hint) from error
    for name in listed:
        path = os.path.join(folder, name)
        if name.startswith(HIDDEN):
            continue
        if os.path.isdir(path):
            yield from _below(path, above | {real})
        elif is_picture(name) or is_array(name):
            yield path
