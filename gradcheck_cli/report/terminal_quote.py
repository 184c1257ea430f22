"""A line of the user's code on the screen, with carets below what a finding is about."""

from __future__ import annotations

from rich.text import Text

from gradcheck_cli.report.page.quote import Quote
from gradcheck_cli.report.terminal_text import READABLE, Screen, encodable, pad, styled
from gradcheck_cli.report.terminal_tones import SOFT, STRONGLY_BAD


def draw_quote(screen: Screen, quote: Quote, indent: int) -> list[Text]:
    """The line, the carets and what shows it, all behind `indent` blanks; a long line is cut around the carets."""
    width = min(screen.width, READABLE) - indent
    number = f"{quote.line} | "
    parts = (encodable(part, screen.encoding) for part in (quote.before, quote.marked, quote.after))
    shown = Quote(quote.line, *parts).within(width - len(number))
    before, marked = Text(shown.before), styled(shown.marked, STRONGLY_BAD)
    margin = Text(" " * indent)
    lines = [margin + styled(number, SOFT) + before + marked + Text(shown.after)]
    if shown.marked:
        # Cells, not characters: a letter of some scripts takes two.
        carets = pad(Text(""), before.cell_len) + styled("^" * marked.cell_len, STRONGLY_BAD)
        lines.append(margin + styled(f"{' ' * len(str(quote.line))} | ", SOFT) + carets)
    if quote.evidence:
        lines += [margin + line for line in screen.wrap(quote.evidence, width)]
    return lines
