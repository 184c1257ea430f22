"""What `gradcheck run` says on the screen, section by section. It arranges the report's evidence and computes none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from gradcheck_cli.model import GRADIENTS, ChannelDifference, Check, Experiment, Power, RunReport, Verdict, Worst
from gradcheck_cli.report import words
from gradcheck_cli.report.terminal_grids import draw_counterexample
from gradcheck_cli.report.terminal_sameness import draw_sameness, draw_seeds
from gradcheck_cli.report.terminal_tail import draw_findings, draw_reproduce, draw_surroundings
from gradcheck_cli.report.terminal_text import (
    VERDICT_WORDS,
    Column,
    Screen,
    distinct,
    grouped,
    heading,
    number,
    scientific,
    styled,
    subscript,
)
from gradcheck_cli.report.words import count, size

_ROWS = 8
_CANNOT_SHOW = 3
_LABEL = 6
_WIDE = 8
_BESIDE_DETAIL = 60
_BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.MISSING)


def run_lines(screen: Screen, report: RunReport) -> list[Text]:
    """The whole report, the answer first; `screen.verbosity` 0 keeps it to about one screen."""
    lines = [*_answer(screen, report), *_wrong(screen, report)]
    lines += _checks(screen, report.checks)
    lines += _channels(screen, report)
    lines += draw_sameness(screen, report.sameness)
    lines += draw_seeds(screen, report.seeds)
    lines += _pictures(screen, report)
    lines += [Text(""), *_power(screen, report.power)]
    lines += draw_surroundings(screen, report)
    return lines + draw_reproduce(screen, report.reproduce)


def run_summary(report: RunReport) -> str:
    """One line for -q: the verdict, what was compared, and the two answers about sameness."""
    decided = [check for check in report.checks if check.verdict is not Verdict.NOT_APPLICABLE]
    passed = sum(check.verdict is Verdict.PASS for check in decided)
    same = report.sameness
    parts = [
        f"{VERDICT_WORDS[report.verdict]}  {passed} of {count(len(decided), 'check')} passed",
        f"across channels: {same.across_channels.verdict or 'one plane only'}",
        f"across filters: {same.across_filters.verdict or 'one plane only'}",
        *[f"{finding.id} ({finding.certainty})" for finding in report.findings],
        _pictures_named(report.experiment.images),
    ]
    return "; ".join(parts)


def _wrong(screen: Screen, report: RunReport) -> list[Text]:
    """What is wrong, then the smallest example."""
    lines = heading(screen, "What is wrong") if report.findings else []
    lines += draw_findings(screen, report.findings, words.user_file(report), words.user_name(report))
    return lines + (draw_counterexample(screen, report.counterexample) if report.counterexample else [])


def _answer(screen: Screen, report: RunReport) -> list[Text]:
    verdict = screen.verdict(report.verdict)
    answer = screen.text(report.answer)
    answer.highlight_words(["Method:", "Code:", "Same for all channels:"], "bold")
    indent = max(_LABEL, verdict.cell_len + 2)
    lines = screen.labelled(verdict, answer, indent)
    ran = screen.text(_what_was_run(report.experiment), "dim")
    return [*lines, *screen.labelled(styled("ran", "dim"), ran, indent)]


def _what_was_run(ran: Experiment) -> str:
    loss = f"{ran.loss.name} {ran.loss.reduction}"
    value = "" if ran.loss.value is None else f" = {words.number(ran.loss.value, 6)}"
    parts = [
        f"conv {ran.in_channels} -> {ran.out_channels}, kernel {size(ran.kernel_size)}{_geometry(ran)}",
        f"{_pictures_named(ran.images)}, {size(ran.size)} -> {size(ran.output_size)}",
        *([words.channels_named(ran)] if ran.channel_names else []),
        f"reference {ran.reference}",
        f"loss {loss}{value}",
        f"seed {ran.seed}",
        f"{ran.dtype} on {ran.device}, {count(ran.threads, 'thread')}",
        f"backward {ran.backward}" + ("" if ran.convention in ("", "auto") else f" ({ran.convention})"),
    ]
    return "; ".join(parts)


def _geometry(ran: Experiment) -> str:
    unusual = [
        f"{name} {size(value)}"
        for name, value, usual in (
            ("stride", ran.stride, (1, 1)),
            ("padding", ran.padding, (0, 0)),
            ("dilation", ran.dilation, (1, 1)),
        )
        if value != usual
    ]
    unusual += [f"{ran.groups} groups"] if ran.groups != 1 else []
    unusual += [] if ran.bias else ["no bias"]
    unusual += ["pixels / 255"] if ran.unit_range else []
    return "".join(f", {words}" for words in unusual)


def _pictures_named(images: Sequence[str]) -> str:
    named = ", ".join(images[:2])
    return named if len(images) <= 2 else f"{named} and {len(images) - 2} more"


def _checks(screen: Screen, checks: Sequence[Check]) -> list[Text]:
    columns = [
        Column("Checks", style="bold"),
        Column(""),
        Column("gradient"),
        Column("wrong / of", right=True),
        Column("of allowed", right=True),
        Column("", prose=True),
    ]
    shown = [check for check in checks if screen.verbosity > 0 or check.verdict is not Verdict.NOT_APPLICABLE]
    groups = [[check] for check in shown] if screen.verbosity > 0 else _alike(shown)
    lines = [Text(""), *screen.table(columns, [_check_row(screen, group) for group in groups])]
    hidden = [f"{check.name} {check.gradient}" for check in checks if check not in shown]
    lines += screen.labelled(styled("n/a", "dim"), screen.text(", ".join(hidden), "dim"), 6) if hidden else []
    told = [check for check in shown if check.verdict in _BAD or screen.verbosity > 0]
    for check in told:
        lines += _criterion(screen, check)
    return lines + (screen.labelled("", screen.text(gauge, "dim"), 2) if (gauge := words.gauge_explained(told)) else [])


def _alike(checks: Sequence[Check]) -> list[list[Check]]:
    """Checks of one name that passed share a row; every other check has its own."""
    groups: list[list[Check]] = []
    for check in checks:
        mates = [group for group in groups if group[0].name == check.name and group[0].verdict is Verdict.PASS]
        if mates and check.verdict is Verdict.PASS:
            mates[0].append(check)
        else:
            groups.append([check])
    return groups


def _check_row(screen: Screen, group: Sequence[Check]) -> tuple[str | Text, ...]:
    wrong = f"{grouped(sum(check.mismatched for check in group))} / {grouped(sum(check.entries for check in group))}"
    telling = max(group, key=lambda check: -1.0 if check.worst is None else _size(check.worst.ratio))
    worst = "" if telling.worst is None else number(telling.worst.ratio)
    gradients = list(dict.fromkeys(check.gradient for check in group))
    named = "all three" if sorted(gradients) == sorted(GRADIENTS) else ", ".join(gradients)
    return screen.verdict(telling.verdict), telling.name, named, wrong, worst, _detail(screen, telling)


def _detail(screen: Screen, check: Check) -> str:
    """What was found; where nothing is wrong, a long sentence waits for -v."""
    short = len(check.detail) <= screen.width - _BESIDE_DETAIL
    return check.detail if short or check.verdict in _BAD or screen.verbosity > 0 else ""


def _size(value: float) -> float:
    """How bad `value` is: NaN is worst."""
    return math.inf if math.isnan(value) else abs(value)


def _criterion(screen: Screen, check: Check) -> list[Text]:
    """The rule and the worst entry."""
    name = f"{check.name} {check.gradient}"
    lines = screen.labelled("", Text.assemble(screen.text(f"{name}: "), screen.text(check.criterion, "dim")), 2)
    if check.worst is not None:
        lines += screen.labelled("", _worst(check.worst), 4)
    return lines


def _worst(worst: Worst) -> str:
    expected, actual = distinct(worst.expected, worst.actual)
    return (
        f"worst at {subscript(worst.index)}: expected {expected}, actual {actual}, "
        f"difference {number(worst.difference)}, allowed {number(worst.allowed)}"
    )


def _channels(screen: Screen, report: RunReport) -> list[Text]:
    columns = [
        Column("filter", right=True),
        Column("channel", right=True),
        Column("max |difference|", right=True),
        Column("of allowed", right=True),
        Column("equal entries", right=True),
        Column(""),
    ]
    ordered = sorted(report.channels, key=_badness, reverse=True)
    shown = screen.first(ordered, _ROWS)
    hidden = len(ordered) - len(shown)
    more = f"; {grouped(hidden)} more with -v" if hidden else ""
    side = "your code" if words.user_file(report) else "hand-written"
    lines = heading(screen, "Kernel gradients", f"{side} against autograd, worst first{more}")
    return lines + screen.table(columns, [_channel_row(row) for row in shown])


def _badness(row: ChannelDifference) -> tuple[float, float]:
    return _size(row.ratio), _size(row.max_abs_difference)


def _channel_row(row: ChannelDifference) -> tuple[str | Text, ...]:
    equal = f"{grouped(row.equal_entries)} / {grouped(row.entries)}"
    judged = "" if abs(row.ratio) <= 1 else styled("not allowed", "red")
    return str(row.filter), str(row.channel), scientific(row.max_abs_difference), number(row.ratio), equal, judged


def _pictures(screen: Screen, report: RunReport) -> list[Text]:
    """The gradient that the other pictures show too: of the user's code beside autograd's where it is wrong."""
    from gradcheck_cli.report.drawn import drawn  # late, as the next: both need numpy, which -q does not
    from gradcheck_cli.report.heatmap import draw_heatmaps

    shown, title = drawn(report), "grad_{} of {}"
    sides = {title.format(shown.gradient, "autograd"): shown.autograd}
    hand = "your code" if words.user_file(report) else "ours"
    return draw_heatmaps(screen, {title.format(shown.gradient, hand): shown.hand, **sides} if shown.wrong else sides)


def _power(screen: Screen, power: Power) -> list[Text]:
    if not power.planted and not power.cannot_show:
        return []
    sentence = f"caught {len(power.caught)} of {count(len(power.planted), 'planted mistake')}"
    told = screen.text(sentence)
    if power.missed:
        told += screen.text("; missed: ") + screen.text(", ".join(power.missed), "bold yellow")
    if power.cannot_show and screen.verbosity < 1:
        told += screen.text(f"; cannot show here: {_blind_spots(power)}")
    lines = screen.labelled(styled("Power", "bold"), told, _WIDE)
    return lines + (_power_lists(screen, power) if screen.verbosity > 0 else [])


def _blind_spots(power: Power) -> str:
    named = ", ".join(spot.id for spot in power.cannot_show[:_CANNOT_SHOW])
    hidden = len(power.cannot_show) - _CANNOT_SHOW
    return named + (f" and {hidden} more" if hidden > 0 else "") + " (-v says what would)"


def _power_lists(screen: Screen, power: Power) -> list[Text]:
    lines = screen.labelled("caught", ", ".join(power.caught), _WIDE) if power.caught else []
    spots = [(spot.id, spot.shown_by) for spot in power.cannot_show]
    columns = [Column("cannot show here"), Column("shown by", prose=True)]
    return lines + (screen.table(columns, spots) if spots else [])
