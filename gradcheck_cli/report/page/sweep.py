"""What a page says of a sweep: how many questions came out how, a row for each target, and the wrong ones."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gradcheck_cli.model import Verdict
from gradcheck_cli.model.sweep import SweepAnswer, SweepReport
from gradcheck_cli.report.page.blocks import (
    Column,
    Lines,
    Page,
    PageSection,
    Said,
    Table,
    Text,
    Tone,
    plain,
)
from gradcheck_cli.report.page.parts import VERDICT_WORDS, reproduce, surroundings, verdict_said
from gradcheck_cli.report.words import ANSWER_WORDS, answer_amounts, answers_counted, sweep_headline

# What a screen has room for beside the targets.
_MOST_SHOWN = 8
_TONES = {"wrong": Tone.BAD, "unclear": Tone.OPEN}


def sweep_page(report: SweepReport) -> Page:
    """The counts, the targets, what is wrong or unclear, and the command for the first of these."""
    return Page(
        verdict=report.verdict,
        headline=sweep_headline(report),
        answer=(*plain(answers_counted(report), Tone.STRONG), *plain(f". {report.answer}" if report.answer else "")),
        ran="",
        beyond=report.answer,
        sections=(
            *_targets(report),
            *_open(report),
            *surroundings(report),
            reproduce(report),
        ),
    )


def sweep_summary(report: SweepReport) -> str:
    """The verdict and the counts, in one line."""
    return f"{VERDICT_WORDS[report.verdict]}  {answers_counted(report)}"


def _targets(report: SweepReport) -> tuple[PageSection, ...]:
    if not report.targets:
        return ()
    columns = (
        *(Column(name, right=True) for name in ANSWER_WORDS),
        Column("seconds", right=True),
        Column("target", prose=True),
    )
    table = Table("targets", columns, tuple(_row(report, target) for target in report.targets))
    return (PageSection("targets", "Targets", (table,), is_plain=True),)


def _row(report: SweepReport, target: str) -> tuple[Text, ...]:
    answers = report.of(target)
    amounts = answer_amounts(answers)
    cells = [
        plain(f"{amount:,}", _TONES.get(name, Tone.PLAIN) if amount else Tone.SOFT) for name, amount in amounts.items()
    ]
    return (*cells, plain(f"{sum(answer.seconds for answer in answers):.2f}"), plain(target))


def _open(report: SweepReport) -> tuple[PageSection, ...]:
    """What is not right and not refused, the wrong ones first, and how to see more of the first of them.

    Of a target that refuses everything also its first refusal: it says why nothing was compared.
    """
    worst = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)
    first = [report.of(target)[0] for target in report.targets if _is_refused(report.of(target))]
    listed = [answer for answer in report.answers if answer.verdict in worst[:3] or answer in first]
    found = sorted(listed, key=lambda answer: worst.index(answer.verdict))
    if not found:
        return ()
    columns = (Column(""), Column("seed", right=True), Column("target"), Column("geometry and why", prose=True))
    rows = tuple(_open_row(answer) for answer in found)
    if found[0].is_of_picture:  # its name stands there already, for `gradcheck run` to say more
        return (PageSection("open", "Wrong or unclear", (Table("wrong or unclear", columns, rows, most=_MOST_SHOWN),)),)
    command = Lines(verify_command_of(found[0], report), "command")
    return (
        PageSection("open", "Wrong or unclear", (Table("wrong or unclear", columns, rows, most=_MOST_SHOWN),)),
        PageSection("closer", "Look closer", (command,), is_short=True),
    )


def _is_refused(answers: Sequence[SweepAnswer]) -> bool:
    return all(answer.verdict is Verdict.NOT_APPLICABLE for answer in answers)


def _open_row(answer: SweepAnswer) -> tuple[Text, ...]:
    where = f"{answer.geometry}, in {answer.setting}" if answer.setting else answer.geometry
    why = (Said(f"{where}: "), Said(answer.message))
    return (verdict_said(answer.verdict), plain(str(answer.seed)), plain(answer.target), why)


def verify_command_of(answer: SweepAnswer, report: SweepReport) -> str:
    """`gradcheck verify` about one question, which names the mistake."""
    how = [
        word
        for option in ("call", "returns")
        for word in (f"--{option}", str(report.options.get(option, "")))
        if report.options.get(option)
    ]
    how += ["--settings", "all"] if answer.setting else []
    words = ["gradcheck", "verify", *how, "--geometry", answer.geometry, "--seed", str(answer.seed), answer.target]
    return shlex.join(words)
