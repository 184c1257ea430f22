"""The report as GitHub-flavoured Markdown: for a comment on a pull request, and for the summary of a CI step.

Free text is escaped, so that a file called `<img onerror=...>` or `@everyone` stays a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.sweep import AnyReport
from gradcheck_cli.model.text import code_parted, counted, visible, visible_lines
from gradcheck_cli.report.page import blocks, page_of
from gradcheck_cli.report.page.blocks import Block, Page, PageSection, Said, Text, Tone, said
from gradcheck_cli.report.page.parts import quoted
from gradcheck_cli.report.words import first

COMMENT_LIMIT = 65_000
"""Characters that one comment of GitHub may hold (65,536), less a margin."""

MARKS = {
    Verdict.PASS: "✅",
    Verdict.FAIL: "❌",
    Verdict.ERROR: "❌",
    Verdict.INCONCLUSIVE: "⚠️",
    Verdict.MISSING: "➖",
    Verdict.NOT_APPLICABLE: "➖",
}
# As many rows as the report lists pairs. A comment has room for forty texts of that length; a cell of a table is a
# line or two, and what is cut there stands whole in the target's section.
MAX_ROWS = 200
MAX_TEXT = 1500
MAX_REASON = 160
MAX_ENTRIES = 64
"""Of an array that is written out."""

_SPECIAL = re.compile(r"[\\`*_{}\[\]()#!|~$^]")
_CUT = "*{} left out: too long for this place. The other reports hold everything.*"


def render_markdown(report: AnyReport, limit: int | None = COMMENT_LIMIT) -> str:
    """The report as Markdown.

    Args:
        limit: bytes that there is room for; whole sections that do not fit are left out, and counted at the end.
    """
    page = page_of(report)
    head = f"## gradcheck: {MARKS[page.verdict]} {text(page.headline)}"
    return "\n\n".join(_within(head, list(_parts(page)), limit)) + "\n"


def _within(head: str, sections: Sequence[str], limit: int | None) -> Iterator[str]:
    """The head, the sections that there is room for, and how many there was none for."""
    room = float("inf") if limit is None else limit - len((head + _CUT).encode()) - 20
    left_out = 0
    yield head
    for section in sections:
        size = len(section.encode()) + 2
        if size <= room:
            room -= size
            yield section
        else:
            left_out += 1
    if left_out:
        yield _CUT.format(counted(left_out, "section"))


def text(value: object) -> str:
    """Free text with nothing left in it that Markdown, HTML or GitHub would act on, but its code. One line, clipped."""
    parts = code_parted(_clipped(value))
    return "".join(f"<code>{_inert(part)}</code>" if is_code else _inert(part) for part, is_code in parts)


def _clipped(value: object) -> str:
    shown = visible(value)
    return shown[:MAX_TEXT] + "…" if len(shown) > MAX_TEXT else shown


def _inert(shown: str) -> str:
    escaped = _SPECIAL.sub(lambda match: "\\" + match[0], shown.replace("&", "&amp;"))
    # GitHub links a name after an @ even where the @ is written as an entity; an empty comment parts the two.
    return escaped.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@<!-- -->")


def code(value: object) -> str:
    """A name in the typewriter face. A code span could not hold both a backtick and a table's pipe."""
    return f"<code>{_inert(_clipped(value))}</code>"


def fence(value: str, language: str = "") -> str:
    """Lines as they are, in a fence that none of them can close."""
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}{language}\n{visible_lines(value).rstrip()}\n{bar}"


def _parts(page: Page) -> Iterator[str]:
    """The answer and the sections, without what is only for who wants everything."""
    if page.ran:
        yield f"{_said(page.answer)}\n\n{text(page.ran)}"
    elif page.beyond:
        yield text(page.beyond)
    for section in page.sections:
        shown = [part for part in map(_block, _brief(section)) if part]
        if shown and not section.is_extra:
            yield "\n\n".join([*_title(section), *shown])


def _brief(section: PageSection) -> Iterator[Block]:
    for block in section.blocks:
        yield from block.brief if isinstance(block, blocks.Folded) else (block,)


def _title(section: PageSection) -> list[str]:
    """A table of all targets needs none, since the head is above it, and an example says itself what it is about."""
    if section.verdict is not None:
        return [f"### {MARKS[section.verdict]} {code(section.title)} {text(section.note)}".rstrip()]
    if section.id == "targets":
        return []
    note = "" if isinstance(section.blocks[0], blocks.Example) else section.note
    return [f"### {section.title}", *([text(note)] if note else [])]


def _block(block: Block) -> str:
    match block:
        case blocks.Facts():
            title = [f"**{text(block.title)}**\n"] if block.title else []
            return "\n".join([*title, *map(_fact, block.facts)])
        case blocks.Sentence():
            return _said(block.text)
        case blocks.Remarks():
            return _remarks(block)
        case blocks.Table():
            return _table(block)
        case blocks.Lines():
            return fence(block.text[:MAX_TEXT], "sh" if block.kind == "command" else "")
        case blocks.MistakeBlock():
            return _mistake(block)
        case blocks.Example():
            return _example(block)
        case blocks.Pictures() | blocks.Folded():
            return ""  # pictures cannot be put into a comment


def _said(pieces: Text) -> str:
    if len(pieces) > 1 and all(piece.target for piece in pieces):
        return ", ".join(code(piece.text) for piece in pieces[:MAX_ROWS])
    return "".join(map(_piece, pieces))


def _piece(piece: Said) -> str:
    if piece.verdict is not None:
        return f"{MARKS[piece.verdict]} {text(piece.text)}"
    if piece.target:
        return code(piece.text)
    return f"**{text(piece.text)}**" if piece.tone is Tone.STRONG else text(piece.text)


def _fact(fact: blocks.Fact) -> str:
    return f"* **{text(fact.label)}** {_said(fact.value)}"


def _mistake(found: blocks.MistakeBlock) -> str:
    lines = [f"* **{text(found.id)}** {text(found.about)}: {text(found.message)}"]
    lines += [f"  {_fact(fact)}" for fact in found.facts]
    if found.quote is None:
        return "\n".join(lines)
    *code_lines, last = quoted(found.quote)
    shown, evidence = (code_lines, last) if found.quote.evidence else ([*code_lines, last], "")
    block = fence("\n".join(shown)).replace("\n", "\n  ")
    return "\n".join([*lines, "", f"  {block}", *(["", f"  {text(evidence)}"] if evidence else [])])


def _remarks(found: blocks.Remarks) -> str:
    lines = [f"* {_said(each.text)}" + (f"; {text(each.below)}" if each.below else "") for each in found.remarks]
    return "\n".join(lines) + (f"\n\n{text(found.last)}" if found.last else "")


def _table(table: blocks.Table) -> str:
    most = MAX_ROWS if table.most is None else table.most
    rows = first(table.rows, most)
    titles = [text(column.title) for column in table.columns]
    rule = ["---:" if column.right else "---" for column in table.columns]
    cells = [[_cell(column, cell) for column, cell in zip(table.columns, row, strict=True)] for row in rows]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in (titles, rule, *cells))
    more = len(table.rows) - len(rows) + table.beyond
    return lines + (f"\n\n{more:,} more {table.name}." if more else "")


def _cell(column: blocks.Column, cell: Text) -> str:
    whole = said(cell)
    if column.clip and len(whole) > MAX_REASON:
        return text(whole[: MAX_REASON - 1].rstrip() + "…")
    return _said(cell)


def _example(example: blocks.Example) -> str:
    """The arrays that are small, as numpy would read them, and the sum of the wrong entry."""
    arrays = [(shown.name, shown.array) for shown in example.arrays if shown.array is not None]
    lines = [example.about, *(f"{name} = {array.tolist()}" for name, array in arrays if array.size <= MAX_ENTRIES)]
    if example.should_hold:
        lines += [f"{example.entry} should hold {example.should_hold}", f"it holds {example.holds}"]
    return fence("\n".join(lines))
