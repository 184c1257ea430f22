"""Answers put together: from one process or from many, the report is the same."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.runs.sweep.kept import Kept, read_kept
from gradcheck_cli.runs.sweep.kept_sums import merged, read_sums
from gradcheck_cli.runs.sweep.reports import report_of, report_on_pictures


def merge(files: Sequence[str]) -> SweepReport:
    """One report from the files of a sweep, in whatever order they are given.

    Raises:
        UsageError: a file cannot be read, is of another sweep, or contradicts another one.
    """
    if not files:
        raise UsageError("there is no file to merge.", hint="name some: gradcheck merge out/*.jsonl")
    kept = [read_kept(file) for file in files]
    for file, one in zip(files, kept, strict=True):
        if one.head.digest != kept[0].head.digest:
            raise UsageError(
                f"{file} belongs to another sweep than {files[0]}.",
                facts={files[0]: kept[0].head.reproduce, file: one.head.reproduce},
                hint="merge the shards of one sweep at a time",
            )
    head, answers = kept[0].head, together(files, kept).values()
    sums = [found for found in map(read_sums, dict.fromkeys(files)) if found]
    if not sums:
        return report_of(head, answers)
    whole = merged(sums)
    return report_on_pictures(head, answers, whole, whole.total)


def together(files: Sequence[str], kept: Sequence[Kept]) -> dict[str, SweepAnswer]:
    """Every answer once, by the id of its question.

    Raises:
        UsageError: two files give different answers to one question.
    """
    found: dict[str, SweepAnswer] = {}
    for file, one in zip(files, kept, strict=True):
        for answer in one.answers:
            known = found.setdefault(answer.id, answer)
            if (known.verdict, known.gradients) != (answer.verdict, answer.gradients):
                raise UsageError(
                    f"{file} says {answer.verdict} where another file says {known.verdict}.",
                    facts={"question": answer.id},
                    hint="the target changed between two runs, or answers differently each time: sweep it anew",
                )
    return found
