"""From a report to standard output, files and an exit code. The renderers are loaded here, after the work is done."""

from __future__ import annotations

import io
import os
import sys
from typing import IO, TYPE_CHECKING, Any, cast

from gradcheck_cli.cli.click_options import Output
from gradcheck_cli.cli.messages import say
from gradcheck_cli.model.errors import ExitCode, ReportError
from gradcheck_cli.report import render, write_reports

if TYPE_CHECKING:
    from gradcheck_cli.model.sweep import AnyReport

# What a script must not miss beats the rest; see `ExitCode`.
WORST_FIRST = (ExitCode.BUG, ExitCode.FAIL, ExitCode.NOT_CHECKED, ExitCode.PASS)


def deliver(report: AnyReport, output: Output) -> int:
    """Show the report, write the files that were asked for, and return the exit code."""
    show(report, output)
    code = exit_code(report, output)
    try:
        if output.format == "github":
            _append_summary(report)
        write_reports(report, output.reports)
    except ReportError as error:
        say(f"Error: {error.text()}")
        return worst(code, ExitCode.NOT_CHECKED)
    return code


def show(report: AnyReport, output: Output) -> None:
    """The report on standard output, in the format that was asked for."""
    stream = cast("IO[str]", PatientStream(sys.stdout or io.StringIO()))
    if output.format == "text":
        from gradcheck_cli.report.terminal import TerminalOptions, print_report

        print_report(report, TerminalOptions(color=cast("Any", output.color), verbosity=output.verbosity), stream)
        return
    text = render(report, output.format).decode()
    stream.write(text if text.endswith("\n") or not text else text + "\n")


def exit_code(report: AnyReport, output: Output) -> ExitCode:
    """The report's exit code; `--exit-zero` turns 1 into 0 and nothing else."""
    code = ExitCode(report.exit_code)
    return ExitCode.PASS if output.exit_zero and code is ExitCode.FAIL else code


def worst(*codes: ExitCode) -> ExitCode:
    """3 beats 1 beats 2 beats 0."""
    return min(codes, key=WORST_FIRST.index)


class PatientStream:
    """A text stream that goes on in silence when its reader has gone, as with `| head`.

    The verdict is already known then, and the reports still have to be written.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._closed = False

    def write(self, text: str) -> int:
        """Write, or drop what nobody reads."""
        if not self._closed:
            try:
                self._stream.write(text)
            except BrokenPipeError:
                self._closed = True
        return len(text)

    def flush(self) -> None:
        """Flush, unless nobody reads."""
        if not self._closed:
            try:
                self._stream.flush()
            except BrokenPipeError:
                self._closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _append_summary(report: AnyReport) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        from gradcheck_cli.report.github import append_summary

        append_summary(report, path)
