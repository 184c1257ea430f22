"""A page laid out as lines of a screen: one screen by default, everything under -v. What is said is the page's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from gradcheck_cli.model.text import counted
from gradcheck_cli.report.page import blocks
from gradcheck_cli.report.page.blocks import Block, Page, PageSection, Said
from gradcheck_cli.report.page.parts import VERDICT_WORDS
from gradcheck_cli.report.terminal_command import draw_command
from gradcheck_cli.report.terminal_grids import draw_example
from gradcheck_cli.report.terminal_pictures import draw_pictures
from gradcheck_cli.report.terminal_quote import draw_quote
from gradcheck_cli.report.terminal_table import draw_table
from gradcheck_cli.report.terminal_text import Screen, draw_said, heading, styled
from gradcheck_cli.report.terminal_tones import BAD, SOFT, STRONGLY_BAD

# What stands beside a label is aligned: behind "FAIL" and two blanks, behind "convention", the longest label of a
# target, with its indent, and behind the short titles at the end of a page.
_ANSWER = 6
_NESTED = 15
_LEAST = 8
_SECTIONS = 8
"""Targets in detail; the others are counted."""


def page_lines(screen: Screen, page: Page) -> list[Text]:
    """The whole page, the answer first."""
    verdict = styled(VERDICT_WORDS[page.verdict], screen.style_of(page.verdict))
    indent = max(_ANSWER, verdict.cell_len + 2)
    lines = screen.labelled(verdict, draw_said(screen, page.answer), indent)
    if page.ran:
        lines += screen.labelled(styled("ran", SOFT), screen.text(page.ran, SOFT), indent)
    is_short = False
    for section in _shown(screen, page.sections):
        lines += [Text("")] if section.is_short and not is_short else []
        lines += _section(screen, section)
        is_short = section.is_short
    return lines


def _shown(screen: Screen, sections: Sequence[PageSection]) -> Iterator[PageSection]:
    """The sections for this reader; after eight targets, how many more there are."""
    wanted = [section for section in sections if screen.verbosity > 0 or not section.is_extra]
    targets = [section for section in wanted if section.verdict is not None]
    detailed = screen.first(targets, _SECTIONS)
    hidden = len(targets) - len(detailed)
    for section in wanted:
        if section.verdict is None or section in detailed:
            yield section
        if hidden and section is detailed[-1]:
            told = blocks.Sentence(blocks.plain(f"{counted(hidden, 'more target')} in detail with -v"))
            yield PageSection("more", "", (told,), is_plain=True)


def _section(screen: Screen, section: PageSection) -> list[Text]:
    if section.verdict is not None:
        return _target(screen, section)
    chosen = list(_chosen(screen, section.blocks))
    if section.is_short:
        return _short(screen, section, chosen)
    if section.is_plain:
        return [Text(""), *_blocks(screen, chosen)]
    if isinstance(chosen[0], blocks.Example | blocks.Pictures):
        return _blocks(screen, chosen)
    if isinstance(chosen[0], blocks.Table) and _has_verdicts_first(chosen[0]):
        return [Text(""), *draw_table(screen, chosen[0], section.title), *_blocks(screen, chosen[1:])]
    hidden = sum(screen.hidden(block.rows, block.most) for block in chosen if isinstance(block, blocks.Table))
    more = f"; {hidden:,} more with -v" if hidden else ""
    return [*heading(screen, section.title, section.note + more), *_blocks(screen, chosen)]


def _has_verdicts_first(table: blocks.Table) -> bool:
    """A column of verdicts has no title of its own, so that of the section takes its place."""
    return not table.columns[0].title and bool(table.rows) and table.rows[0][0][0].verdict is not None


def _short(screen: Screen, section: PageSection, chosen: Sequence[Block]) -> list[Text]:
    first, rest = chosen[0], chosen[1:]
    if isinstance(first, blocks.Lines):
        return draw_command(screen, section.title, first.text)
    if isinstance(first, blocks.Sentence):
        label = styled(section.title, "bold")
        return [
            *screen.labelled(label, draw_said(screen, first.text), max(_LEAST, label.cell_len + 2)),
            *_blocks(screen, rest),
        ]
    return _blocks(screen, chosen)


def _target(screen: Screen, section: PageSection) -> list[Text]:
    """A target: its verdict and name, then what is known of it, one step to the right."""
    assert section.verdict is not None
    verdict = styled(VERDICT_WORDS[section.verdict], screen.style_of(section.verdict))
    place, bracket, rest = section.note.partition(")") if section.note.startswith("(line") else ("", "", section.note)
    known = f"  {place}{bracket}" if place else ""
    title = Text.assemble(verdict, "  ", screen.text(section.title, "bold"), (known, SOFT))
    lines = [Text(""), *screen.wrap(title + screen.text(rest), screen.width)]
    return [*lines, *_blocks(screen, list(_chosen(screen, section.blocks)), is_nested=True)]


def _chosen(screen: Screen, found: Sequence[Block]) -> Iterator[Block]:
    """The blocks for this reader, those that are folded away opened or left out."""
    for block in found:
        if not isinstance(block, blocks.Folded):
            yield block
        elif screen.verbosity > 0:
            yield from _opened(block)
        else:
            yield from (_hinted(each, block.hint) for each in block.brief)


def _opened(block: blocks.Folded) -> Iterator[Block]:
    """What stands in place of nothing has its title, or an empty line, before it."""
    for each in block.full:
        if not block.brief and isinstance(each, blocks.Lines):
            yield blocks.Folded(block.title, (), ())
        elif not block.brief and isinstance(each, blocks.Table):
            yield blocks.Sentence(())
        yield each


def _hinted(block: Block, hint: str) -> Block:
    if not hint or not isinstance(block, blocks.Sentence):
        return block
    return blocks.Sentence((*block.text, Said(f" (-v {hint})")))


def _blocks(screen: Screen, chosen: Sequence[Block], is_nested: bool = False) -> list[Text]:
    return [line for block in chosen for line in _block(screen, block, is_nested)]


def _block(screen: Screen, block: Block, is_nested: bool) -> list[Text]:
    match block:
        case blocks.Facts():
            return _facts(screen, block, is_nested)
        case blocks.Sentence():
            return screen.wrap(draw_said(screen, block.text), screen.width)
        case blocks.Remarks():
            return _remarks(screen, block)
        case blocks.Table():
            return draw_table(screen, block)
        case blocks.Lines():
            return screen.fenced(block.text, BAD if block.kind == "error" else "")
        case blocks.MistakeBlock():
            return _mistake(screen, block)
        case blocks.Example():
            return draw_example(screen, block)
        case blocks.Pictures():
            return draw_pictures(screen, block)
        case blocks.Folded():
            return heading(screen, block.title)


def _facts(screen: Screen, found: blocks.Facts, is_nested: bool) -> list[Text]:
    """Each fact behind its label; a long list is cut unless -v was given."""
    shown = found.facts if found.most is None else screen.first(found.facts, found.most)
    hidden = len(found.facts) - len(shown)
    more = [blocks.fact(found.facts[0].label, f"{hidden} more with -v")] if hidden else []
    indent = _NESTED if is_nested else max(_LEAST, 2 + max(len(fact.label) for fact in found.facts))
    lines = heading(screen, found.title) if found.title else []
    for fact in (*shown, *more):
        label = f"  {fact.label}" if is_nested else styled(fact.label, "bold")
        lines += screen.labelled(label, draw_said(screen, fact.value), indent)
    return lines


def _mistake(screen: Screen, found: blocks.MistakeBlock) -> list[Text]:
    title = screen.text(found.id, STRONGLY_BAD) + screen.text(f" {found.about}: {found.message}")
    lines = screen.labelled("  finding", title, _NESTED)
    lines += _facts(screen, blocks.Facts(found.facts), is_nested=True) if found.facts else []
    return lines + (draw_quote(screen, found.quote, _NESTED) if found.quote is not None else [])


def _remarks(screen: Screen, found: blocks.Remarks) -> list[Text]:
    lines: list[Text] = []
    for remark in found.remarks:
        lines += screen.labelled("", draw_said(screen, remark.text), 2)
        lines += screen.labelled("", remark.below, 4) if remark.below else []
    return lines + (screen.labelled("", screen.text(found.last, SOFT), 2) if found.last else [])
