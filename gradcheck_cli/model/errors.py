"""What a user may see go wrong, and the exit codes that tell a CI job what it was.

Every error is one sentence with the offending value, then aligned facts, then what to do next: at most six lines,
never a traceback. A mismatch of gradients is a result and is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

# A message has to be taken in at a glance.
MAX_LINES = 6


class ExitCode(IntEnum):
    """The exit codes of `gradcheck`; in a mixture BUG beats FAIL beats NOT_CHECKED beats PASS."""

    PASS = 0
    FAIL = 1
    NOT_CHECKED = 2
    BUG = 3
    INTERRUPTED = 130


class GradcheckError(Exception):
    """Something that the user can mend.

    Args:
        sentence: one line that holds the offending value and ends with a full stop.
        facts: label -> value, printed aligned below the sentence (at most three).
        hint: the next step; starts with "probably" unless the program proved it.
        see: a command that tells more.
    """

    def __init__(
        self,
        sentence: str,
        *,
        facts: Mapping[str, object] | None = None,
        hint: str | None = None,
        see: str | None = None,
    ) -> None:
        self.sentence = sentence
        self.facts = dict(facts or {})
        self.hint = hint
        self.see = see
        super().__init__(self.text())

    def text(self) -> str:
        """The message without its "Error: ", at most `MAX_LINES` lines."""
        width = max((len(label) for label in self.facts), default=0)
        lines = [self.sentence]
        lines += [f"  {label:<{width}}  {value}" for label, value in self.facts.items()]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        if self.see:
            lines.append(f"  see:  {self.see}")
        return "\n".join(lines[:MAX_LINES])


class UsageError(GradcheckError):
    """An option or a combination of options that cannot be meant."""


class OptionError(UsageError):
    """A value that an option cannot have. `parameter` is the option's name in Python."""

    def __init__(self, parameter: str, sentence: str, *, hint: str | None = None) -> None:
        self.parameter = parameter
        super().__init__(sentence, hint=hint)


class UnfitInputError(UsageError):
    """An input that the layer cannot take, by its form or by its numbers; another one it may."""


class GeometryError(GradcheckError):
    """Sizes that no convolution can have."""


class ImageError(GradcheckError):
    """A picture that cannot be read."""


class TargetError(GradcheckError):
    """A `file.py:name` that cannot be loaded or called."""


class UnrecognisedError(TargetError):
    """A target that was loaded, and that no known way of calling fits."""


class ReportError(GradcheckError):
    """A report that cannot be written."""


class VerdictError(GradcheckError):
    """A report whose verdict is not a pass, raised where the caller asked for that; its text is the whole report."""

    def __init__(self, text: str) -> None:
        self._whole = text
        super().__init__(text.partition("\n")[0])

    def text(self) -> str:
        """The report as the terminal shows it, without colour."""
        return self._whole


class DependencyError(GradcheckError):
    """An installed package that cannot be used, with what to install."""
