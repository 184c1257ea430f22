"""A report as a page: every sentence, table, grid and picture once, as data, in the one order. Renderers lay it out.

What is wrong comes first, then the smallest example, then the rest. `blocks` says what a page is made of.
"""

from __future__ import annotations

from gradcheck_cli.model import RunReport
from gradcheck_cli.model.sweep import AnyReport, SweepReport
from gradcheck_cli.report.page.blocks import Page
from gradcheck_cli.report.page.run import run_page, run_summary
from gradcheck_cli.report.page.sweep import sweep_page, sweep_summary
from gradcheck_cli.report.page.verify import verify_page, verify_summary


def page_of(report: AnyReport) -> Page:
    """The page of a report."""
    if isinstance(report, SweepReport):
        return sweep_page(report)
    return run_page(report) if isinstance(report, RunReport) else verify_page(report)


def summary_of(report: AnyReport) -> str:
    """The verdict and what is wrong, in one line."""
    if isinstance(report, SweepReport):
        return sweep_summary(report)
    return run_summary(report) if isinstance(report, RunReport) else verify_summary(report)
