"""Words, numbers and tables as lines of styled text, for any width and encoding. What to say is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.text import visible
from gradcheck_cli.report.page import blocks
from gradcheck_cli.report.page.blocks import Tone
from gradcheck_cli.report.terminal_tones import BAD, GOOD, OPEN, SOFT, STRONGLY_BAD, STRONGLY_GOOD, STRONGLY_OPEN
from gradcheck_cli.report.words import first

TableCell = str | Text
Item = TypeVar("Item")

VERDICT_STYLES = {
    Verdict.PASS: STRONGLY_GOOD,
    Verdict.FAIL: STRONGLY_BAD,
    Verdict.ERROR: STRONGLY_BAD,
    Verdict.INCONCLUSIVE: STRONGLY_OPEN,
    Verdict.MISSING: SOFT,
    Verdict.NOT_APPLICABLE: SOFT,
}
TONE_STYLES = {
    Tone.PLAIN: "",
    Tone.GOOD: GOOD,
    Tone.BAD: BAD,
    Tone.OPEN: OPEN,
    Tone.SOFT: SOFT,
    Tone.STRONG: "bold",
}

# A CI runner takes a line that begins so as an order to itself; "::-1]" of a slice is none.
_RUNNER_COMMAND = re.compile(r"\s*(::[A-Za-z]|##\[)")

# Spaces between two columns; one would read as a space between words.
_GAP = 2
# A column of sentences that is narrower holds three words a line: it goes below the row instead, this far to the right,
# as do the columns that do not fit.
_MIN_PROSE = 26
_HANG = 6
READABLE = 120
"""Cells of a line that an eye still follows, however wide the screen is."""
_DOTS = " ..."
# Characters of a sentence, without which its beginning is left out too: some three words.
_LEAST_SAID = 20
# How far what a long line goes on with stands to the right of its beginning: enough to be seen as no line of its own.
_FURTHER = 2
# Behind these a name may be broken. The seam is a blank to whoever breaks lines, and is taken out again.
_WORD, _PART, _SEAM = re.compile(r"\S+"), re.compile("[/:](?=\\w)"), "\x1f"
# What takes a text apart, or widens it, however much room there is.
_BREAKS = frozenset("\n\t")


def encodable(text: str, encoding: str) -> str:
    r"""`text` on one line, with all that cannot be seen or that `encoding` lacks as an escape."""
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)


def is_order(text: str) -> bool:
    """Whether a CI runner would take a line that begins so as an order to itself."""
    return _RUNNER_COMMAND.match(text) is not None


def styled(value: str, style: str) -> Text:
    """`value` in one style that ends where it ends: text appended later does not inherit it."""
    return Text().append(value, style)


@dataclass(frozen=True)
class ScreenColumn:
    """One column of a table; `prose` columns wrap and come last, all others are never broken.

    `clip`: prose is cut to one line of the screen, with three dots for what is left out.
    """

    title: str
    right: bool = False
    prose: bool = False
    style: str = SOFT
    clip: bool = False


@dataclass(frozen=True)
class Screen:
    """Where the lines go: how wide it is, what it can encode, how much the user wants to read."""

    console: Console
    verbosity: int = 0

    @property
    def width(self) -> int:
        """Columns of the screen."""
        return self.console.width

    @property
    def encoding(self) -> str:
        """The encoding of the screen."""
        return self.console.encoding

    @property
    def blocks(self) -> bool:
        """Whether half-block cells show: enough colours to grade, and the character itself."""
        colours = self.console.color_system in ("256", "truecolor", "windows")
        return colours and encodable("▀", self.encoding) == "▀"

    def first(self, items: Sequence[Item], most: int) -> Sequence[Item]:
        """The first of many, all under -v; one alone is never hidden behind "1 more"."""
        return items if self.verbosity > 0 else first(items, most)

    def text(self, value: TableCell, style: str = "") -> Text:
        """`value` as harmless text: no markup, no control characters, nothing that cannot be encoded."""
        return value if isinstance(value, Text) else styled(encodable(value, self.encoding), style)

    def hidden(self, items: Sequence[Item], most: int | None) -> int:
        """How many of them `first` leaves out."""
        return 0 if most is None else len(items) - len(self.first(items, most))

    def style_of(self, verdict: Verdict) -> str:
        """The style of the word for `verdict`."""
        return VERDICT_STYLES[verdict]

    def wrap(self, value: TableCell, width: int) -> list[Text]:
        """`value` in lines of at most `width` cells, broken between words where that is possible.

        A word that is too long for a line, as "folder/file.py:name" may be, is broken between its parts.
        """
        text = self.text(value)
        if text.cell_len <= width and not _BREAKS & set(text.plain):
            return [_stripped(text.copy())]  # most are: a table of a folder has thousands of them
        wrapped = _with_seams(text, width).wrap(self.console, max(1, width), overflow="fold")
        return [_stripped(Text("").join(line.split(_SEAM))) for line in wrapped] or [Text("")]

    def labelled(self, label: TableCell, value: TableCell, indent: int) -> list[Text]:
        """`value` wrapped beside `label`, which takes the first `indent` cells."""
        head = self.text(label)
        lines = [Text(" " * indent) + line for line in self.wrap(value, min(self.width, READABLE) - indent)]
        if head.cell_len > indent:
            return [head, *lines]
        return [pad(head, indent) + lines[0][indent:], *lines[1:]]

    def fenced(self, value: str, style: str = "") -> list[Text]:
        """Lines that are somebody else's, kept as they are, each behind a bar; a long one goes on further right."""
        lines = [line for row in value.splitlines() for line in self._hanging(row, min(self.width, READABLE) - 4)]
        return [styled("  | ", style) + line for line in lines]

    def _hanging(self, row: str, width: int) -> list[Text]:
        text = self.text(row)
        indent = len(text.plain) - len(text.plain.lstrip(" "))
        if text.cell_len <= width or indent > width // 2:
            return self.wrap(text, width)
        parts = self.wrap(text[indent:], width - indent - _FURTHER)
        return [Text(" " * (indent + (_FURTHER if place else 0))) + part for place, part in enumerate(parts)]

    def table(self, columns: Sequence[ScreenColumn], rows: Iterable[Sequence[TableCell]]) -> list[Text]:
        """Aligned rows below their titles. Where they are too wide for the screen, each row takes several lines."""
        cells = [[self.text(cell) for cell in row] for row in rows]
        titles = [self.text(column.title, column.style) for column in columns]
        fixed = [place for place, column in enumerate(columns) if not column.prose]
        widths = {place: max(row[place].cell_len for row in [titles, *cells]) for place in fixed}
        groups = _groups(widths, self.width)
        lines = [line for row in [titles, *cells] for line in self._row(columns, row, widths, groups)]
        return [line for line in lines if line.plain]

    def _row(
        self, columns: Sequence[ScreenColumn], row: Sequence[Text], widths: dict[int, int], groups: list[list[int]]
    ) -> list[Text]:
        lines = []
        for position, group in enumerate(groups):
            line = Text(" " * (_HANG if position else 0))
            for place in group:
                line.append_text(pad(row[place], widths[place], columns[place].right)).append(" " * _GAP)
            lines.append(line)
        if not columns[-1].prose:
            return [_stripped(line) for line in lines]
        return self._with_prose(lines, row[-1], self._clipped if columns[-1].clip else self.wrap)

    def _clipped(self, prose: Text, width: int) -> list[Text]:
        if prose.cell_len <= width:
            return [prose]
        beginning = _stripped(self.wrap(prose, width - len(_DOTS))[0])
        name = prose.plain.partition(": ")[0]
        # A word or two of a sentence say nothing: what it is about is the better end.
        if len(name) < prose.cell_len and Text(name).cell_len <= width and len(beginning) - len(name) < _LEAST_SAID:
            return [prose[: len(name)]]
        return [beginning + Text(_DOTS)]

    def _with_prose(self, lines: list[Text], prose: Text, fitted: Callable[[Text, int], list[Text]]) -> list[Text]:
        indent = lines[-1].cell_len
        if self.width - indent < _MIN_PROSE:
            below = [Text(" " * _HANG) + line for line in fitted(prose, self.width - _HANG)]
            return [_stripped(line) for line in [*lines, *below] if line.plain.strip()]
        wrapped = fitted(prose, self.width - indent)
        beside = [(lines[-1] if row == 0 else Text(" " * indent)) + line for row, line in enumerate(wrapped)]
        return [_stripped(line) for line in [*lines[:-1], *beside]]


def _with_seams(text: Text, width: int) -> Text:
    """`text` with seams between the parts of the words that no line holds whole."""
    long = [word for word in _WORD.finditer(text.plain) if word.end() - word.start() > width]
    places = [part.end() for word in long for part in _PART.finditer(text.plain, word.start(), word.end())]
    return Text(_SEAM).join(text.divide(places)) if places else text


def pad(text: Text, width: int, right: bool = False) -> Text:
    """`text` filled up with spaces to `width` cells; a longer one stays whole."""
    missing = " " * max(0, width - text.cell_len)
    return Text(missing).append_text(text) if right else text.copy().append(missing)


def _stripped(line: Text) -> Text:
    line.rstrip()
    return line


def _groups(widths: dict[int, int], room: int) -> list[list[int]]:
    """The columns that share a line: all of them where they fit, else as many as fit, then the next."""
    groups: list[list[int]] = [[]]
    used = 0
    for place, width in widths.items():
        if groups[-1] and used + width > room:
            groups.append([])
            used = _HANG
        groups[-1].append(place)
        used += width + _GAP
    return groups


def draw_said(screen: Screen, text: blocks.Text) -> Text:
    """A sentence in the colours of its tones; the word for a verdict in that of the verdict."""
    drawn = Text("")
    for piece in text:
        style = TONE_STYLES[piece.tone] if piece.verdict is None else VERDICT_STYLES[piece.verdict]
        drawn.append_text(screen.text(piece.text, style))
    return drawn


def heading(screen: Screen, title: str, note: TableCell = "") -> list[Text]:
    """A section's title, with `note` beside it, after an empty line."""
    line = styled(title, "bold") + Text("  " if note else "") + screen.text(note)
    lines = screen.wrap(line, screen.width)
    return [Text(""), *lines]


def beside(groups: Sequence[Sequence[Sequence[Text]]], width: int, gap: int = 3) -> list[Text]:
    """Blocks of lines side by side, in as many rows of blocks as `width` asks for.

    Args:
        groups: blocks that stay on one row where a row holds them, and begin a new one where they do not.
        gap: cells between two blocks.
    """
    lines: list[Text] = []
    for row in _rows_of_blocks(groups, width, gap):
        lines += _joined(row, gap)
    return lines


def _rows_of_blocks(groups: Sequence[Sequence[Sequence[Text]]], width: int, gap: int) -> list[list[Sequence[Text]]]:
    rows: list[list[Sequence[Text]]] = []
    used = width + 1
    for group in groups:
        whole = sum(block_width(block) + gap for block in group) - gap
        if used + gap + whole > width:
            used = width + 1
        for block in group:
            own = block_width(block)
            if used + gap + own > width:
                rows.append([])
                used = -gap
            rows[-1].append(block)
            used += gap + own
    return rows


def block_width(block: Sequence[Text]) -> int:
    """Cells of the widest line of `block`."""
    return max((line.cell_len for line in block), default=0)


def _joined(blocks: Sequence[Sequence[Text]], gap: int) -> list[Text]:
    lines = []
    for row in range(max(len(block) for block in blocks)):
        line = Text("")
        for block in blocks:
            line += pad(block[row] if row < len(block) else Text(""), block_width(block) + gap)
        lines.append(_stripped(line))
    return lines
