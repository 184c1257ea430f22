"""Text that is safe to print: whatever a file is called, it cannot move a cursor or hide. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Control characters (C0 but for tab and newline, DEL, C1), halves of surrogate pairs, the overrides of the writing
# direction and the two noncharacters: none of them can be seen, and each can make a reader see something else.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")

# As sentences write it: a backtick within a word is one of a name.
_CODE = re.compile(r"(?<![^\s(\[])`([^`\n]+)`(?![^\s.,;:)\]'])")


def counted(amount: int, noun: str) -> str:
    """ "1 channel", "9,216 entries", "2 axes": how many of a thing. Whatever a number stands before is said by this."""
    return f"{amount:,} {noun if amount == 1 else plural_of(noun)}"


def plural_of(noun: str) -> str:
    """ "entries", "axes", "numbers"; of several words the last one changes."""
    if noun.endswith("xis"):
        return f"{noun[:-2]}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"


def ended(sentence: str) -> str:
    """With a full stop, unless it ends already: of a message that somebody else wrote."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def code_parted(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a sentence and whether each is code: what stands between two backticks, which are left out."""
    for number, part in enumerate(_CODE.split(text)):
        if part:
            yield part, number % 2 == 1


def visible(text: object) -> str:
    r"""`text` with everything that cannot be seen written as an escape, line breaks and tabs included.

    A byte of a file name that is not UTF-8 becomes `\xff` again. Emoji and their joiners stay.
    """
    return visible_lines(text).replace("\n", r"\n").replace("\t", r"\t")


def visible_lines(text: object) -> str:
    """`visible` for text of several lines: line breaks and tabs stay."""
    return _UNSEEN.sub(_escape, str(text).replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code == 0x0D:
        return r"\r"
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
