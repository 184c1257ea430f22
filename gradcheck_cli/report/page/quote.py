"""A line of the user's file with the place in it that a finding is about, for any width."""

from __future__ import annotations

from dataclasses import dataclass

DOTS = "..."
# What is kept behind the marked part where the line is cut before it: how the expression goes on is a word or two.
_TAIL = 12


@dataclass(frozen=True)
class Quote:
    """One line of somebody else's code.

    Attributes:
        line: its number in the file.
        before, marked, after: the line in three parts, without its indent; `marked` is "" where only the line is known.
        evidence: what shows that the mistake is there, one sentence; may be "".
    """

    line: int
    before: str
    marked: str
    after: str
    evidence: str = ""

    def within(self, room: int) -> Quote:
        """The same in at most so many characters: the marked part and what stands around it, dots for the rest."""
        if len(self.before + self.marked + self.after) <= room:
            return self
        marked = _cut(self.marked, room)
        spare = room - len(marked)
        lead_room = spare - min(len(self.after), _TAIL, spare // 2)
        lead = self.before
        if len(lead) > lead_room:
            lead = DOTS + lead[len(lead) + len(DOTS) - lead_room :] if lead_room > len(DOTS) else ""
        return Quote(self.line, lead, marked, _cut(self.after, room - len(lead) - len(marked)), self.evidence)

    def carets(self) -> str:
        """Below the marked part; "" where nothing is marked."""
        return " " * len(self.before) + "^" * len(self.marked)


def quote_of(line: int, text: str, columns: tuple[int, int] | None, evidence: str) -> Quote:
    """The line without its indent.

    Args:
        line: its number.
        text: as it stands in the file.
        columns: where the marked part begins and the column behind it, counted from 1; None where nothing is marked.
        evidence: see `Quote`.
    """
    plain = text.replace("\t", " ").rstrip()
    begin, end = (columns[0] - 1, columns[1] - 1) if columns is not None else (len(plain), len(plain))
    before = plain[:begin].lstrip()
    return Quote(line, before, plain[begin:end], plain[end:], evidence)


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - len(DOTS)] + DOTS if room > len(DOTS) else ""
