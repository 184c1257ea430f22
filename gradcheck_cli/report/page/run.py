"""What a page says of `gradcheck run`, section by section. It arranges the report's evidence and computes none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcheck_cli.model import ChannelDifference, Experiment, Power, RunReport, Size, Verdict
from gradcheck_cli.model.in_settings import SettingResult
from gradcheck_cli.model.options import setting_of
from gradcheck_cli.model.text import counted
from gradcheck_cli.report import words
from gradcheck_cli.report.numerals import grouped, number, scientific
from gradcheck_cli.report.page.blocks import (
    Block,
    Column,
    Facts,
    Folded,
    Page,
    PageSection,
    Pictures,
    Said,
    Sentence,
    Table,
    Text,
    Tone,
    fact,
    plain,
)
from gradcheck_cli.report.page.checks import badness, checks_section
from gradcheck_cli.report.page.example import example_section
from gradcheck_cli.report.page.parts import (
    VERDICT_WORDS,
    exactly,
    mistakes,
    notes,
    reproduce,
    settings_table,
    surroundings,
)
from gradcheck_cli.report.page.sameness import sameness_section, seeds_section
from gradcheck_cli.report.words import size

# One screen by default: the worst planes decide, and three names say what kind of mistake stays unseen.
MOST_PLANES = 8
_CANNOT_SHOW = 3
_LABELS = re.compile("(Method:|Code:|Same for all channels:)")


def run_page(report: RunReport) -> Page:
    """The whole report, what is wrong first."""
    found = mistakes(report.findings, words.user_file(report), words.user_name(report))
    wrong = (PageSection("findings", "What is wrong", found),) if found else ()
    return Page(
        verdict=report.verdict,
        headline=words.headline(report),
        answer=_answer(report.answer),
        ran=_what_was_run(report.experiment),
        sections=(
            *wrong,
            # What qualifies a finding ("right on these pictures, but wrong elsewhere") is read with it.
            *(notes(report.notes) if wrong else ()),
            *example_section(report.counterexample),
            checks_section(report.checks),
            _channels(report),
            # Beside wrong gradients it must be said that it is the right ones that are looked at.
            sameness_section(report.sameness, "those of autograd" if wrong else ""),
            *seeds_section(report.seeds),
            *_settings(report.settings),
            PageSection("pictures", "Pictures", (Pictures(report),)),
            *_power(report.power),
            *(() if wrong else notes(report.notes)),
            _what_went_in(report),
            *surroundings(report),
            reproduce(report),
        ),
    )


def _answer(answer: str) -> Text:
    """The answer, its three labels strong."""
    parts = _LABELS.split(answer)
    return tuple(Said(part, Tone.STRONG if _LABELS.fullmatch(part) else Tone.PLAIN) for part in parts if part)


def run_summary(report: RunReport) -> str:
    """The verdict, what was compared, and the two answers about sameness, in one line."""
    decided = [check for check in report.checks if check.verdict is not Verdict.NOT_APPLICABLE]
    passed = sum(check.verdict is Verdict.PASS for check in decided)
    same = report.sameness
    parts = [
        f"{VERDICT_WORDS[report.verdict]}  {passed} of {counted(len(decided), 'check')} passed",
        f"across channels: {same.across_channels.verdict or 'one plane only'}",
        f"across filters: {same.across_filters.verdict or 'one plane only'}",
        *dict.fromkeys(finding.titled for finding in report.findings),
        _pictures_named(report.experiment.images),
    ]
    return "; ".join(parts)


def _what_was_run(ran: Experiment) -> str:
    loss = f"{ran.loss.name} {ran.loss.reduction}"
    value = "" if ran.loss.value is None else f" = {words.number(ran.loss.value, 6)}"
    parts = [
        f"{words.conv(ran)} {ran.in_channels} -> {ran.out_channels}, kernel {size(ran.kernel_size)}{_geometry(ran)}",
        f"{_pictures_named(ran.images)}, {words.taken(ran)} -> {size(ran.output_size)}",
        *([words.channels_named(ran)] if ran.channel_names else []),
        f"reference {ran.reference}",
        f"loss {loss}{value}",
        f"seed {ran.seed}",
        f"{setting_of(ran).text}, {counted(ran.threads, 'thread')}",
        f"backward {ran.backward}" + ("" if ran.convention in ("", "auto") else f" ({ran.convention})"),
    ]
    return "; ".join(parts)


def _what_went_in(report: RunReport) -> PageSection:
    """What the line above leaves out: every picture by its name, and G in numbers."""
    found = report.grad_output
    signs = f"{grouped(found.positive)} positive, {grouped(found.negative)} negative, {counted(found.kinks, 'kink')}"
    told = f"{counted(found.outputs, 'output')}: {signs}"
    if found.sign_flips is not None:
        told += f", {counted(found.sign_flips, 'sign')} that float32 and float64 decide differently"
    facts = Facts((fact("pictures", ", ".join(report.experiment.images)), fact("G = dE/dO", told)))
    return PageSection("experiment", "What was run", (facts,), is_extra=True)


def _settings(rows: tuple[SettingResult, ...]) -> tuple[PageSection, ...]:
    """Autograd in other number formats and modes, where that was asked for."""
    return (PageSection("settings", "Autograd in other settings", (settings_table(rows),)),) if rows else ()


def _geometry(ran: Experiment) -> str:
    unusual = [*_step("stride", ran.stride), *_padding(ran)]
    unusual += [f"output padding {size(ran.output_padding)}"] if any(ran.output_padding) else []
    unusual += _step("dilation", ran.dilation)
    unusual += [counted(ran.groups, "group")] if ran.groups != 1 else []
    unusual += [] if ran.bias else ["no bias"]
    unusual += ["pixels / 255"] if ran.unit_range else []
    return "".join(f", {words}" for words in unusual)


def _step(name: str, value: Size) -> list[str]:
    return [] if set(value) == {1} else [f"{name} {size(value)}"]


def _padding(ran: Experiment) -> list[str]:
    """ "padding 1x2", "padding 0x2 before and 1x3 after", "padding same (0x0 before and 1x1 after)"."""
    if not any(map(any, ran.padded)):
        return []
    before, after = zip(*ran.padded, strict=True)
    sides = size(before) if before == after else f"{size(before)} before and {size(after)} after"
    mode = "" if ran.padding_mode == "zeros" else f" ({ran.padding_mode})"
    return [f"padding {ran.padding} ({sides}){mode}" if isinstance(ran.padding, str) else f"padding {sides}{mode}"]


def _pictures_named(images: Sequence[str]) -> str:
    return words.listed(images, words.MOST_IMAGES)


def _channels(report: RunReport) -> PageSection:
    titles = ("filter", "channel", "max |difference|", "of allowed", "equal entries")
    columns = (*(Column(title, right=True) for title in titles), Column(""))
    ordered = sorted(report.channels, key=_order, reverse=True)
    side = "your code" if words.user_file(report) else "hand-written"
    table = Table("planes", columns, tuple(_channel_row(row) for row in ordered), MOST_PLANES)
    return PageSection("channels", "Kernel gradients", (table,), note=f"{side} against autograd, worst first")


def _order(row: ChannelDifference) -> tuple[float, float]:
    return badness(row.ratio), badness(row.max_abs_difference)


def _channel_row(row: ChannelDifference) -> tuple[Text, ...]:
    return (
        plain(str(row.filter)),
        plain(str(row.channel)),
        exactly(scientific(row.max_abs_difference), row.max_abs_difference),
        exactly(number(row.ratio), row.ratio),
        plain(f"{grouped(row.equal_entries)} / {grouped(row.entries)}"),
        plain("" if abs(row.ratio) <= 1 else "not allowed", Tone.BAD),
    )


def _power(power: Power) -> tuple[PageSection, ...]:
    """What a pass is worth: what would have been caught on these very data, and what cannot show here."""
    if not power.planted and not power.cannot_show:
        return ()
    told = [Said(f"caught {len(power.caught)} of {counted(len(power.planted), 'planted mistake')}")]
    if power.missed:
        told += [Said("; missed: "), Said(", ".join(power.missed), Tone.OPEN)]
    spots = Said(f"; cannot show here: {_blind_spots(power)}")
    brief = Sentence((*told, spots) if power.cannot_show else tuple(told))
    full = (Sentence(tuple(told)), *_power_lists(power))
    folded = Folded(
        "What can show here and what cannot",
        (brief,),
        full,
        hint="says what would" if power.cannot_show else "lists them",
    )
    return (PageSection("power", "Power", (folded,), is_short=True),)


def _blind_spots(power: Power) -> str:
    return words.listed([spot.id for spot in power.cannot_show], _CANNOT_SHOW)


def _power_lists(power: Power) -> list[Block]:
    lists: list[Block] = [Facts((fact("caught", ", ".join(power.caught)),))] if power.caught else []
    columns = (Column("cannot show here"), Column("shown by", prose=True))
    rows = tuple((plain(spot.id), plain(spot.shown_by)) for spot in power.cannot_show)
    return [*lists, Table("mistakes that cannot show here", columns, rows)] if rows else lists
