"""What a page is made of. A page is a verdict, an answer and sections; a section is a title and blocks.

There are few kinds of block, so a new format only says how each of them looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from gradcheck_cli.model import Array, Counterexample, FunctionExample, RunReport, Verdict
from gradcheck_cli.model.forward_graph import ForwardGraph
from gradcheck_cli.report.drawn import Drawn, drawn
from gradcheck_cli.report.numerals import number
from gradcheck_cli.report.page.quote import Quote
from gradcheck_cli.report.pictures import Strip, strips


class Tone(StrEnum):
    """How a piece of text is meant; a renderer may colour it, and no meaning hangs on that alone."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    SOFT = "soft"
    STRONG = "strong"


@dataclass(frozen=True)
class Said:
    """A piece of text.

    Attributes:
        verdict: the text is the word for this verdict.
        exact: all the digits of the number that the text tells, "" where it tells none.
        target: the target of the report that the text names, "" for none.
    """

    text: str
    tone: Tone = Tone.PLAIN
    verdict: Verdict | None = None
    exact: str = ""
    target: str = ""


Text = tuple[Said, ...]
"""A sentence: pieces one after another."""


@dataclass(frozen=True)
class Fact:
    """A label and what it is about: "fails when", "batch > 1"."""

    label: str
    value: Text


@dataclass(frozen=True)
class Facts:
    """Facts below each other; `most` bounds what who reads little is shown, and `title` may be ""."""

    facts: tuple[Fact, ...]
    most: int | None = None
    title: str = ""


@dataclass(frozen=True)
class Sentence:
    """A paragraph."""

    text: Text


@dataclass(frozen=True)
class Remark:
    """A remark and what stands below it."""

    text: Text
    below: str = ""


@dataclass(frozen=True)
class Remarks:
    """Remarks below each other; `last` explains what they speak of."""

    remarks: tuple[Remark, ...]
    last: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        right: it holds numbers.
        prose: it holds sentences; such a column is the last.
        clip: who reads little is shown the beginning of each.
        spare: who reads little is not shown a plain one that does not fit beside the rest.
    """

    title: str
    right: bool = False
    prose: bool = False
    clip: bool = False
    spare: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells below their titles; who reads little is shown the first `most`.

    `name` says what the rows are ("all pairs"); `beyond` counts rows that the report does not hold.
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    most: int | None = None
    beyond: int = 0


@dataclass(frozen=True)
class Lines:
    """Somebody else's lines, as they are. `kind` is "error", "output" or "command"."""

    text: str
    kind: str


@dataclass(frozen=True)
class MistakeBlock:
    """A finding: its title (id, how certain, which gradient), what is wrong, and the facts about it.

    `quote` is the line where it was found, None where it was not; `graph` is the forward with its place marked.
    """

    id: str
    about: str
    message: str
    facts: tuple[Fact, ...]
    quote: Quote | None = None
    graph: ForwardGraph | None = None

    @property
    def explained(self) -> str:
        """The command that tells all about it."""
        return f"gradcheck explain {self.id}"


@dataclass(frozen=True)
class ExampleArray:
    """One array of a counterexample; `truth` is what it should be, None where it is right as it is.

    `marks` tells entries that take part: index -> "term", "wrong", "entry", or "differs" from the truth. `texts` are
    entries with more digits than usual: those that would read like the ones that they differ from. `array` is None
    where nothing came back.
    """

    name: str
    array: Array | None
    truth: Array | None
    marks: dict[tuple[int, ...], str]
    texts: dict[tuple[int, ...], str] = field(default_factory=dict)

    def text(self, index: tuple[int, ...]) -> str:
        """One entry for people."""
        assert self.array is not None
        return self.texts.get(index) or number(float(self.array[index]))

    def is_wrong(self, index: tuple[int, ...]) -> bool:
        """Is it an entry that came back and differs from the truth?"""
        return self.truth is not None and index in self.marks


@dataclass(frozen=True)
class Example:
    """An example that fails: its arrays, and what one wrong entry should hold and holds.

    `products` has a row for each product of that entry; all are "" or empty where no entry is told.
    """

    title: str
    about: str
    arrays: tuple[ExampleArray, ...]
    entry: str
    should_hold: str
    holds: str
    products: Table | None
    source: Counterexample | FunctionExample


@dataclass(frozen=True)
class Pictures:
    """The pictures of a run, made when somebody looks."""

    report: RunReport

    @cached_property
    def drawn(self) -> Drawn:
        """The gradient that was judged, from both sides."""
        return drawn(self.report)

    @cached_property
    def strips(self) -> tuple[Strip, ...]:
        """All strips."""
        return strips(self.report)


@dataclass(frozen=True)
class Folded:
    """Something for who reads little, and in its place, or below it, everything.

    `hint` ends the brief part where it is all that is shown, and says what everything is: "says what would".
    """

    title: str
    brief: tuple[Block, ...]
    full: tuple[Block, ...]
    hint: str = ""

    @property
    def is_one_sentence(self) -> bool:
        """So little that it needs no folding."""
        return not self.brief and all(isinstance(block, Sentence) for block in self.full)


Block = Facts | Sentence | Remarks | Table | Lines | MistakeBlock | Example | Pictures | Folded


@dataclass(frozen=True)
class PageSection:
    """A part of the page.

    Attributes:
        id: its name, for links.
        note: what stands beside the title.
        verdict: of a target, which is what its section is about.
        is_short: one thing, whose title may stand beside it.
        is_plain: it speaks for itself, so that a screen needs no title.
        is_extra: only for who wants everything.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    note: str = ""
    verdict: Verdict | None = None
    is_short: bool = False
    is_plain: bool = False
    is_extra: bool = False


@dataclass(frozen=True)
class Page:
    """The whole. `headline` is the verdict in one line; `ran`, what was run, may be "".

    `beyond` is the part of the answer that the headline does not hold, for formats that begin with that.
    """

    verdict: Verdict
    headline: str
    answer: Text
    ran: str
    sections: tuple[PageSection, ...]
    beyond: str = ""


def plain(text: str, tone: Tone = Tone.PLAIN) -> Text:
    """One piece of text."""
    return (Said(text, tone),)


def said(text: Text) -> str:
    """A text without its tones."""
    return "".join(piece.text for piece in text)


def fact(label: str, value: str) -> Fact:
    """A fact in plain words."""
    return Fact(label, plain(value))
