"""Answers put together: from one process or from many, the report is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import UsageError
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.runs.sweep.kept import Head, Kept, read_kept
from gradcheck_cli.runs.sweep.kept_sums import KeptSums, file_of_sums, merged, read_sums
from gradcheck_cli.runs.sweep.reports import report_of, report_on_pictures


def merge(files: Sequence[str]) -> SweepReport:
    """One report from the files of a sweep, in whatever order they are given.

    Raises:
        UsageError: a file cannot be read, is of another sweep, or contradicts another one.
    """
    if not files:
        raise UsageError("there is no file to merge.", hint="name some: gradcheck merge out/*.jsonl")
    files = tuple(dict.fromkeys(files))
    kept = [read_kept(file) for file in files]
    for file, one in zip(files, kept, strict=True):
        if one.head.digest != kept[0].head.digest:
            raise UsageError(
                f"{file} belongs to another sweep than {files[0]}.",
                facts={files[0]: kept[0].head.reproduce, file: one.head.reproduce},
                hint="merge the shards of one sweep at a time",
            )
        if target := other_code(kept[0].head, one.head):
            raise UsageError(
                f"{file} is about another {target} than {files[0]}: the code changed in between.",
                hint="sweep both shards with the same code",
            )
    head, answers = of_all([one.head for one in kept]), together(files, kept).values()
    sums = [found for file, one in zip(files, kept, strict=True) if (found := _sums_of(file, one))]
    if not sums:
        return report_of(head, answers)
    whole = merged(sums)
    return report_on_pictures(head, answers, whole, whole.total)


def _sums_of(file: str, kept: Kept) -> KeptSums | None:
    sums = read_sums(file)
    if sums is None and any(answer.is_of_picture and not answer.adds_nothing for answer in kept.answers):
        raise UsageError(
            f"{file} is about pictures, and their sums are not beside it in {file_of_sums(file)}.",
            hint="copy both files of each shard, or ask that shard again",
        )
    return sums


def other_code(one: Head, other: Head) -> str:
    """The first target whose file is not the same; "" where all are."""
    return next((target for target, code in one.code.items() if other.code.get(target) != code), "")


def of_all(heads: Sequence[Head]) -> Head:
    """The head of the report: where the environments differ, every one of their values."""
    names = dict.fromkeys(name for head in heads for name in head.environment)
    said = {name: {str(head.environment.get(name, "not said")) for head in heads} for name in names}
    mixed = {name: " and ".join(sorted(values)) for name, values in said.items() if len(values) > 1}
    return replace(heads[0], environment={**heads[0].environment, **mixed})


def together(files: Sequence[str], kept: Sequence[Kept]) -> dict[str, SweepAnswer]:
    """Every answer once, by the id of its question. One that could not be had gives way to one that was.

    Raises:
        UsageError: two files give different answers to one question.
    """
    found: dict[str, SweepAnswer] = {}
    for file, one in zip(files, kept, strict=True):
        for answer in one.answers:
            known = found.get(answer.id)
            if known is None or known.verdict is Verdict.ERROR:
                found[answer.id] = answer
            elif answer.verdict is not Verdict.ERROR and not _agree(known, answer):
                raise UsageError(
                    f"{file} says {answer.verdict} where another file says {known.verdict}.",
                    facts={"question": answer.id},
                    hint="the target changed between two runs, or answers differently each time: sweep it anew",
                )
    return found


def _agree(one: SweepAnswer, other: SweepAnswer) -> bool:
    return (one.verdict, one.gradients) == (other.verdict, other.gradients)
