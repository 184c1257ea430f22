"""What stops loading: code that does not come back, and a target that cannot be loaded."""

from __future__ import annotations


class HungError(Exception):
    """The user's code did not come back in time while it was loaded or tried."""


class LoadError(Exception):
    """The target cannot be loaded; `line` is in the user's file. `lacking`: something has to be installed or built."""

    def __init__(self, sentence: str, hint: str = "", line: int | None = None, lacking: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.hint, self.line, self.lacking = sentence, hint, line, lacking
