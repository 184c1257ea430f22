"""What people type for something else, and what they meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gradcheck_cli.model.files import is_code, is_picture
from gradcheck_cli.model.nearness import nearest

# What the same thing is called in torch, in Keras, and in words.
SYNONYMS = {
    "kernel-size": "--k",
    "kernel": "--k",
    "ksize": "--k",
    "filter-size": "--k",
    "in-channels": "--in",
    "channels": "--in",
    "input-channels": "--in",
    "out-channels": "--out",
    "output-channels": "--out",
    "filters": "--out",
    "num-filters": "--out",
    "pad": "--padding",
    "strides": "--stride",
    "image-size": "--size",
    "precision": "--dtype",
    "output": "--report",
    "method": "--backward",
    "target": "--backward",
}


def meant_options(typed: str, known: Iterable[str]) -> list[str]:
    """The options of a command that an unknown one stands for: by another name of the thing, else by its letters."""
    word, names = typed.lstrip("-").replace("_", "-").lower(), [name.removeprefix("--") for name in known]
    synonym = SYNONYMS.get(word, "").removeprefix("--")
    return [f"--{name}" for name in ([synonym] if synonym in names else nearest(word, names))]


def had_by(typed: str, options: Mapping[str, Collection[str]]) -> tuple[str, list[str]]:
    """(option, commands that have it): as it was typed, else by the name that we have for it.

    Args:
        options: command -> its options.
    """
    ours = SYNONYMS.get(typed.lstrip("-").replace("_", "-").lower(), typed)
    for flag in (typed, ours):
        commands = [command for command, known in options.items() if flag in known]
        if commands:
            return flag, commands
    return typed, []


def meant_command(typed: str) -> str | None:
    """The command line that a file in a command's place stands for."""
    if is_picture(typed):
        return f"gradcheck run {typed}"
    return f"gradcheck verify {typed}" if is_code(typed) else None
