"""Memory that nobody wrote: why two calls differ or numbers are infinite, where the source says how they got at it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.model import Finding

_SHOWS = ("not-repeatable", "not-finite")


def with_unwritten_memory(findings: Sequence[Finding], code: Code) -> list[Finding]:
    """The findings; those of numbers that come from nowhere say where they probably come from.

    Args:
        findings: any.
        code: the user's file, read as a whole: the windows are made in a helper as a rule.
    """
    for names, text, fix in _SOURCES:
        lines = _lines_calling(code, names)
        if lines:
            return [_explained(each, lines, text, fix) if each.id in _SHOWS else each for each in findings]
    return list(findings)


_SOURCES = (
    (
        ("as_strided",),
        "Probably it reads memory that nobody wrote: as_strided looks past the end of its array.",
        "Probably: make the array as large as the windows reach, or take `sliding_window_view`, which never leaves it.",
    ),
    (
        ("empty", "empty_like", "new_empty"),
        "Probably it reads memory that nobody wrote: an array of `empty` before it is filled.",
        "Probably: start from zeros (`np.zeros`, `torch.zeros`) in place of `empty`.",
    ),
)


def _explained(finding: Finding, lines: Sequence[int], text: str, fix: str) -> Finding:
    """The line is told where there is one; of several, none is known to be it. What lies there has no condition."""
    line = finding.line or (lines[0] if len(lines) == 1 else None)
    return replace(finding, message=f"{finding.message} {text}", fix=fix, line=line, fails_when="")


def _lines_calling(code: Code, names: Sequence[str]) -> list[int]:
    def calls(node: ast.AST) -> bool:
        function = node.func if isinstance(node, ast.Call) else None
        return str(getattr(function, "attr", getattr(function, "id", ""))) in names

    return code.lines_that(calls)
