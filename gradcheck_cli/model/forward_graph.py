"""The forward of a function as a reader knows it: its statements in order, what each takes from which, what is lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """An input, or a statement of the forward.

    Attributes:
        text: as it is written; the name of an input.
        line: in the user's file, None of an input and where the statement is not theirs.
        is_input: it is one.
        is_returned: the forward returns what it gives.
        is_wrong: what is wrong lies inside it.
    """

    text: str
    line: int | None = None
    is_input: bool = False
    is_returned: bool = False
    is_wrong: bool = False


@dataclass(frozen=True)
class Flow:
    """The statement `target` takes a value from the statement `source`.

    Attributes:
        name: what the value is called, "" where it has no name.
        is_lost: nothing flows back along it in the user's backward.
    """

    source: int
    target: int
    name: str = ""
    is_lost: bool = False


@dataclass(frozen=True)
class ForwardGraph:
    """Statements, each after what it takes; uses by the numbers of statements.

    `layer` is the known layer whose composition stands for the user's forward, "" for their own.
    """

    statements: tuple[Statement, ...]
    uses: tuple[Flow, ...]
    layer: str = ""

    @property
    def in_words(self) -> str:
        """In words, for who does not see it drawn."""
        kept = [self._use(use) for use in self.uses if not use.is_lost]
        lost = [self._use(use) for use in self.uses if use.is_lost]
        wrong = [each.text for each in self.statements if each.is_wrong]
        parts = (("Values go from", kept), ("Not followed: from", lost), ("Wrong inside:", wrong))
        return " ".join(f"{title} {'; '.join(found)}." for title, found in parts if found)

    def lost_from(self, number: int) -> tuple[str, ...]:
        """Where nothing flows back to a statement from: "line 9", or the statement itself."""
        targets = [self.statements[use.target] for use in self.uses if use.is_lost and use.source == number]
        return tuple(each.text if each.line is None else f"line {each.line}" for each in targets)

    def _use(self, use: Flow) -> str:
        return f"{self.statements[use.source].text} to {self.statements[use.target].text}"
