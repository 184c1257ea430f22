"""Why a picture is refused, and how its name is written in a message. What is refused is decided by the other files."""

from __future__ import annotations

from gradcheck_cli.model.errors import ImageError
from gradcheck_cli.model.text import visible

# As everywhere on the command line.
STANDARD_INPUT = "-"
# Characters of a name in a message; longer ones are shown by both ends.
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
    """`name` as it may be printed: quoted where it would not stand out as one word, cut when it is very long."""
    if name == STANDARD_INPUT:
        return "standard input"
    text = visible(name)
    if len(text) > _LONGEST_NAME:
        text = f"{text[:60]}...{text[-50:]}"
    return text if text and " " not in text else f"'{text}'"
