"""Memory that nobody wrote: why two calls differ or numbers are infinite, where the source says how they got at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.kinds import behaviour_of
from gradcheck_cli.model import Finding
from gradcheck_cli.model.syntax import called


def with_unwritten_memory(findings: Sequence[Finding], code: Code) -> list[Finding]:
    """The findings; those of numbers that come from nowhere say where they probably come from.

    Args:
        findings: any.
        code: the user's file, read as a whole: the windows are made in a helper as a rule.
    """
    for names, text, fix in _SOURCES:
        lines = _lines_calling(code, names)
        if lines:
            return [_explained(each, lines, text, fix) if _comes_from_memory(each) else each for each in findings]
    return list(findings)


def _comes_from_memory(finding: Finding) -> bool:
    shows = behaviour_of(finding.id)
    return shows is not None and shows.from_memory


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
    """Where one line only may be it, it is named as probable as the reason is. What lies there has no condition."""
    where = f" (line {lines[0]})." if len(lines) == 1 else "."
    return replace(finding, message=f"{finding.message} {text.removesuffix('.')}{where}", fix=fix, fails_when="")


def _lines_calling(code: Code, names: Sequence[str]) -> list[int]:
    return code.lines_that(lambda node: called(node) in names)
