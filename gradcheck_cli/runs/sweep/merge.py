"""Answers put together: from one process or from many, the report is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.errors import ExitCode, UsageError
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.runs.sweep.kept import Head, Kept, read_kept
from gradcheck_cli.runs.sweep.shard import Shard


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
    return report_of(kept[0].head, together(files, kept).values())


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


def report_of(head: Head, answers: Iterable[SweepAnswer]) -> SweepReport:
    """The report on all questions of a sweep, in their order, from answers in any order."""
    ordered = _in_order(answers)
    return _report(head, ordered, head.questions, exit_code_of(ordered, head.questions))


def report_of_shard(head: Head, answers: Iterable[SweepAnswer], shard: Shard, questions: int) -> SweepReport:
    """The report on the questions of one shard, of which there are so many.

    A target that takes none of them is not held against it: another shard may have asked what it takes.
    """
    ordered = _in_order(answers)
    return _report(head, ordered, questions, exit_code_of_some(ordered, questions), shard.text)


def _in_order(answers: Iterable[SweepAnswer]) -> tuple[SweepAnswer, ...]:
    return tuple(sorted(answers, key=lambda answer: answer.number))


def _report(
    head: Head, answers: tuple[SweepAnswer, ...], questions: int, exit_code: ExitCode, shard: str = ""
) -> SweepReport:
    return SweepReport(
        verdict=VERDICTS[exit_code],
        exit_code=exit_code,
        environment=head.environment,
        reproduce=head.reproduce,
        timings={"calls": sum(answer.seconds for answer in answers)},
        questions=questions,
        shard=shard,
        options=head.options,
        answers=answers,
    )


VERDICTS: Mapping[ExitCode, Verdict] = {
    ExitCode.PASS: Verdict.PASS,
    ExitCode.FAIL: Verdict.FAIL,
    ExitCode.NOT_CHECKED: Verdict.INCONCLUSIVE,
}
"""Of a whole sweep."""


def exit_code_of(answers: Sequence[SweepAnswer], expected: int) -> ExitCode:
    """As of some of the questions; and 2 where a target is right nowhere: nothing of it was compared."""
    code = exit_code_of_some(answers, expected)
    right = {answer.target for answer in answers if answer.verdict is Verdict.PASS}
    all_right = right == {answer.target for answer in answers}
    return code if all_right or code is not ExitCode.PASS else ExitCode.NOT_CHECKED


def exit_code_of_some(answers: Sequence[SweepAnswer], expected: int) -> ExitCode:
    """1 if an answer is wrong; else 2 if one is missing or unclear, or none is right; else 0."""
    verdicts = {answer.verdict for answer in answers}
    if Verdict.FAIL in verdicts:
        return ExitCode.FAIL
    is_open = bool(verdicts & {Verdict.ERROR, Verdict.INCONCLUSIVE}) or len(answers) < expected
    return ExitCode.PASS if Verdict.PASS in verdicts and not is_open else ExitCode.NOT_CHECKED
