"""The forum's question as a part of the page: the two answers in plain words, and what changes with the seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from gradcheck_cli.model import ChannelPair, Counterfactual, Rung, Sameness, SamenessReport, SeedResult
from gradcheck_cli.model.text import counted
from gradcheck_cli.report import words
from gradcheck_cli.report.numerals import below_one, between, grouped, number, scientific
from gradcheck_cli.report.page.blocks import (
    Block,
    Column,
    Fact,
    Facts,
    PageSection,
    Said,
    Sentence,
    Table,
    Text,
    Tone,
    plain,
)
from gradcheck_cli.report.page.parts import exactly, only_full, verdict_said

ANSWERS = {
    Rung.IDENTICAL: "yes, identical",
    Rung.IDENTICAL_TO_ROUNDING: "yes, identical to rounding",
    Rung.LOOKS_SAME: "no, they only look the same",
    Rung.NEARLY_SAME: "no, nearly the same (within 1 %)",
    Rung.SIMILAR_SHAPE: "no, only their shapes are similar",
    Rung.DIFFERENT: "no, different",
}
# The same in a column of the table of seeds.
_SHORT = {
    Rung.IDENTICAL: "identical",
    Rung.IDENTICAL_TO_ROUNDING: "to rounding",
    Rung.LOOKS_SAME: "looks same",
    Rung.NEARLY_SAME: "nearly same",
    Rung.SIMILAR_SHAPE: "same shape",
    Rung.DIFFERENT: "different",
}
_SAME = (Rung.IDENTICAL, Rung.IDENTICAL_TO_ROUNDING)


def sameness_section(sameness: SamenessReport, note: str = "") -> PageSection:
    """Both directions with their numbers and the reason, then the counterfactuals, then all pairs.

    Args:
        note: whose gradients they are, where that might be asked.
    """
    directions = (("channels", sameness.across_channels), ("filters", sameness.across_filters))
    facts = [_direction(name, found) for name, found in directions]
    facts += [_counterfactual(found) for found in sameness.counterfactuals]
    pairs: list[Block] = [
        only_full(f"Pairs of {name}", _pairs(name, found)) for name, found in directions if found.pairs
    ]
    return PageSection("same", "Are the kernel gradients the same?", (Facts(tuple(facts)), *pairs), note=note)


def _direction(direction: str, found: Sameness) -> Fact:
    label = f"across {direction}"
    if found.verdict is None:
        return Fact(label, plain(found.reason or "only one plane: nothing to compare"))
    because = f", because {found.reason.rstrip('.')}" if found.reason else ""
    answer = Said(ANSWERS[found.verdict], Tone.GOOD if found.verdict in _SAME else Tone.OPEN)
    return Fact(label, (answer, Said(f"{because}; {_numbers(found)}")))


def _numbers(found: Sameness) -> str:
    total = sum(found.counts.values())
    parts = []
    if found.relative_difference is not None:
        parts.append(f"relative difference {between(found.relative_difference)}")
    if found.correlation is not None and not math.isnan(found.correlation[1]):
        parts.append(f"correlation up to {below_one(found.correlation[1])}")
    present = {rung: amount for rung, amount in found.counts.items() if amount}
    if len(present) > 1:
        parts.append("pairs: " + ", ".join(f"{grouped(amount)} {rung}" for rung, amount in present.items()))
    parts.append(f"{grouped(found.bit_equal_pairs)} of {counted(total, 'pair')} bit-equal")
    return "; ".join(parts)


def _pairs(direction: str, found: Sameness) -> Table:
    shared = "filter" if found.pairs[0].filter is not None else "channel"
    titles = (shared, "pair", "relative", "correlation", "max |difference|")
    columns = (*(Column(title, right=True) for title in titles), Column("bits"), Column("verdict"))
    rows = tuple(_pair_row(pair) for pair in found.pairs)
    return Table(f"pairs of {direction}", columns, rows, beyond=sum(found.counts.values()) - len(found.pairs))


def _pair_row(pair: ChannelPair) -> tuple[Text, ...]:
    shared = pair.channel if pair.filter is None else pair.filter
    return (
        plain(str(shared)),
        plain(f"{pair.pair[0]},{pair.pair[1]}"),
        exactly(number(pair.relative_difference), pair.relative_difference),
        exactly(below_one(pair.correlation), pair.correlation),
        exactly(scientific(pair.max_abs_difference), pair.max_abs_difference),
        plain("equal" if pair.bit_equal else "differ"),
        plain(str(pair.verdict)),
    )


def _counterfactual(found: Counterfactual) -> Fact:
    outcome = f"{found.verdict} across {found.across}"
    holds = found.verdict is found.expected
    judged = "as it must be" if holds else f"but it should be {found.expected}"
    told = Said(f"{outcome}, {judged}", Tone.PLAIN if holds else Tone.BAD)
    return Fact("if instead", (Said(f"{found.change}: "), told))


def seeds_section(seeds: Sequence[SeedResult]) -> tuple[PageSection, ...]:
    """A row for each seed, and what the seed changes and what it does not."""
    if not seeds:
        return ()
    columns = (
        Column("seed", right=True),
        Column("verdict"),
        Column("loss", right=True),
        *(column for name in ("channels", "filters") for column in (Column(name), Column("relative", right=True))),
    )
    table = Table("the same run with other weights", columns, tuple(_seed_row(result) for result in seeds))
    note = "relative: smallest to largest relative difference over all pairs"
    return (PageSection("seeds", "Seeds", (table, Sentence(plain(_seed_sentence(seeds)))), note=note),)


def _seed_row(result: SeedResult) -> tuple[Text, ...]:
    cells = [plain(str(result.seed)), verdict_said(result.verdict), exactly(words.number(result.loss, 6), result.loss)]
    for found in (result.across_channels, result.across_filters):
        cells.append(plain("one plane" if found.verdict is None else _SHORT[found.verdict]))
        cells.append(plain("" if found.relative_difference is None else between(found.relative_difference)))
    return tuple(cells)


def _seed_sentence(seeds: Sequence[SeedResult]) -> str:
    directions = (
        ("channels", Counter(result.across_channels.verdict for result in seeds)),
        ("filters", Counter(result.across_filters.verdict for result in seeds)),
    )
    sentences = [_seed_effect(name, verdicts) for name, verdicts in directions if set(verdicts) != {None}]
    return " ".join([*sentences, "The numbers themselves change with every seed."])


def _seed_effect(direction: str, verdicts: Counter[Rung | None]) -> str:
    if len(verdicts) == 1:
        return f"Across {direction} the verdict does not depend on the seed: {next(iter(verdicts))} for all."
    told = ", ".join(f"{rung} for {amount}" for rung, amount in verdicts.most_common())
    return f"Across {direction} the verdict changes with the seed: {told}."
