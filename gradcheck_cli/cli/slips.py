"""What people type for something else, and what they meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gradcheck_cli.model.files import is_code, is_picture

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
NEAR = 0.7  # two of three letters agree, in their order: "--paddin", "--seedz"; "--channels" is not near "--help"


def meant_options(typed: str, known: Iterable[str]) -> list[str]:
    """The options of a command that an unknown one stands for: by another name of the thing, else by its letters."""
    word, known = typed.lstrip("-").replace("_", "-").lower(), list(known)
    synonym = SYNONYMS.get(word)
    return [synonym] if synonym in known else get_close_matches("--" + word, known, n=1, cutoff=NEAR)


def meant_command(typed: str) -> str | None:
    """The command line that a file in a command's place stands for."""
    if is_picture(typed):
        return f"gradcheck run {typed}"
    return f"gradcheck verify {typed}" if is_code(typed) else None
