"""Why a picture is refused, and how its name is written in a message. What is refused is decided by the other files."""

from __future__ import annotations

from gradcheck_cli.errors import ImageError

STANDARD_INPUT = "-"
_LONGEST_NAME = 120


class UnreadableError(Exception):
    """A reason without the picture's name: `cannot read NAME: REASON.`, and what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        self.reason = reason
        self.hint = hint
        super().__init__(reason)

    def named(self, name: str) -> ImageError:
        """The error that a user sees."""
        return ImageError(f"cannot read {shown(name)}: {self.reason}.", hint=self.hint)


def cut_short(kind: str) -> UnreadableError:
    """The file ends before its picture does."""
    return UnreadableError(f"the {kind} is cut short or damaged", "copy or download the file again")


def shown(name: str) -> str:
    """`name` as it may be printed: control characters, undecodable bytes and invisible characters as escapes.

    Quoted where it would not stand out as one word, and shortened in the middle when very long.
    """
    if name == STANDARD_INPUT:
        return "standard input"
    text = "".join(c if c.isprintable() else _escape(c) for c in name)
    if len(text) > _LONGEST_NAME:
        text = f"{text[:60]}...{text[-50:]}"
    return text if text and " " not in text else f"'{text}'"


def _escape(character: str) -> str:
    """Surrogates stand for the bytes of a name that is not UTF-8 (PEP 383)."""
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
