"""A table of the page as lines of a screen, cut to what its reader wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from gradcheck_cli.model import Verdict
from gradcheck_cli.report.page import blocks
from gradcheck_cli.report.page.blocks import said
from gradcheck_cli.report.terminal_text import Screen, ScreenColumn, TableCell, draw_said, styled
from gradcheck_cli.report.terminal_tones import SOFT

# Targets of one mistake: as many as have a section of their own.
_NAMES = 8
# Columns that a spare one leaves to the rest.
_BESIDE = 60


def draw_table(screen: Screen, table: blocks.Table, title: str = "") -> list[Text]:
    """Its rows below its titles; `title` stands over the first column, which has none."""
    columns = [_column(screen, column) for column in table.columns]
    if title:
        columns[0] = replace(columns[0], title=title, style="bold")
    rows = table.rows if table.most is None else screen.first(table.rows, table.most)
    lines = screen.table(columns, [_row(screen, table.columns, row) for row in rows])
    more = f"{table.beyond:,} more {table.name} in the json report"
    return lines + ([styled(more, SOFT)] if table.beyond else [])


def _column(screen: Screen, column: blocks.Column) -> ScreenColumn:
    return ScreenColumn(column.title, column.right, column.prose, clip=column.clip and screen.verbosity < 1)


def _row(screen: Screen, columns: Sequence[blocks.Column], row: Sequence[blocks.Text]) -> list[TableCell]:
    is_bad = any(piece.verdict not in (None, Verdict.PASS, Verdict.NOT_APPLICABLE) for piece in row[0])
    return [
        "" if column.spare and not is_bad and not _fits(screen, cell) else _cell(screen, cell)
        for column, cell in zip(columns, row, strict=True)
    ]


def _fits(screen: Screen, cell: blocks.Text) -> bool:
    return screen.verbosity > 0 or len(said(cell)) <= screen.width - _BESIDE


def _cell(screen: Screen, cell: blocks.Text) -> TableCell:
    if len(cell) < 2 or not all(piece.target for piece in cell):
        return draw_said(screen, cell)
    shown = screen.first(cell, _NAMES)
    hidden = len(cell) - len(shown)
    return ", ".join(piece.text for piece in shown) + (f" and {hidden} more with -v" if hidden else "")
