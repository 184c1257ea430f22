"""A report as a page: every sentence, table, grid and picture once, as data, in the one order. Renderers lay it out.

What is wrong comes first, then the smallest example, then the rest. `blocks` says what a page is made of.
"""

from __future__ import annotations

from gradcheck_cli.model import Report, RunReport
from gradcheck_cli.report.page.blocks import Page
from gradcheck_cli.report.page.run import run_page, run_summary
from gradcheck_cli.report.page.verify import verify_page, verify_summary


def page_of(report: Report) -> Page:
    """The page of a report."""
    return run_page(report) if isinstance(report, RunReport) else verify_page(report)


def summary_of(report: Report) -> str:
    """The verdict and what is wrong, in one line."""
    return run_summary(report) if isinstance(report, RunReport) else verify_summary(report)
