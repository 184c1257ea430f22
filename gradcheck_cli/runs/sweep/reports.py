"""The report of a sweep, from its answers in whatever order they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gradcheck_cli.model import Loss, Verdict
from gradcheck_cli.model.errors import ExitCode
from gradcheck_cli.model.sweep import OF_PICTURES, SweepAnswer, SweepReport
from gradcheck_cli.model.text import counted
from gradcheck_cli.runs.sweep.kept import Head
from gradcheck_cli.runs.sweep.kept_sums import KeptSums
from gradcheck_cli.runs.sweep.shard import Shard
from gradcheck_cli.runs.sweep.shares import PictureSums, data_parallel


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


def report_on_pictures(
    head: Head, answers: Iterable[SweepAnswer], kept: KeptSums, sums: PictureSums | None, shard: str = ""
) -> SweepReport:
    """The report on pictures and on the sum over those that were asked; some may be left where it was stopped.

    Args:
        head: of the sweep, whose last question is the sum.
        answers: about pictures; those that are in no sum yet are left out.
        kept: the sums of the shares.
        sums: the sum of them, or the same added up by the ranks themselves.
        shard: which part of the sweep this is, "" for all.
    """
    ordered = _in_order(answer for answer in answers if kept.answers(answer))
    if sums is not None:
        ordered = (*ordered, _of_sum(kept, sums, head.questions - 1))
    report = _report(head, ordered, head.questions, exit_code_of_some(ordered, head.questions), shard)
    return replace(report, answer=data_parallel(kept.in_order, Loss(kept.about.loss, kept.about.reduction)))


def _of_sum(kept: KeptSums, sums: PictureSums, number: int) -> SweepAnswer:
    """The sum over all pictures: on whole numbers bit for bit, on the pictures within what rounding allows."""
    about, verdict, message = kept.about, Verdict.PASS, ""
    if about.is_exact and not sums.is_exact:
        verdict, message = Verdict.INCONCLUSIVE, "sums of whole numbers pass 2^53: not every order is exact"
    elif about.is_exact and not sums.agree_on_integers:
        verdict, message = Verdict.FAIL, "the sums on whole numbers differ"
    elif not sums.is_finite:
        verdict, message = Verdict.INCONCLUSIVE, "the sums are not finite: the gradient of a picture overflowed"
    elif sums.largest_share > 1:
        verdict, message = Verdict.FAIL, f"the sums differ by {sums.largest_share:.3g} times what rounding allows"
    where = f"the sum of {counted(sums.count, 'picture')}"
    return SweepAnswer(f"{OF_PICTURES}sum", number, about.target, where, about.seed, verdict, message=message)


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
