"""The forum's question on the screen: the two answers in plain words, and what changes with the seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from rich.text import Text

from gradcheck_cli.model import ChannelPair, Counterfactual, Rung, Sameness, SamenessReport, SeedResult
from gradcheck_cli.report import words
from gradcheck_cli.report.terminal_text import (
    RUNG_ANSWERS,
    RUNG_STYLES,
    Column,
    Screen,
    grouped,
    heading,
    number,
    scientific,
    styled,
)
from gradcheck_cli.report.words import count

_LABEL = len("across channels") + 2
_SHORT = {
    Rung.IDENTICAL: "identical",
    Rung.IDENTICAL_TO_ROUNDING: "to rounding",
    Rung.LOOKS_SAME: "looks same",
    Rung.NEARLY_SAME: "nearly same",
    Rung.SIMILAR_SHAPE: "same shape",
    Rung.DIFFERENT: "different",
}


def draw_sameness(screen: Screen, sameness: SamenessReport) -> list[Text]:
    """Both directions with their numbers and the reason, then the counterfactuals."""
    lines = heading(screen, "Are the kernel gradients the same?")
    for direction, found in (("channels", sameness.across_channels), ("filters", sameness.across_filters)):
        lines += _direction(screen, direction, found)
    for counterfactual in sameness.counterfactuals:
        lines += _counterfactual(screen, counterfactual)
    return lines


def _direction(screen: Screen, direction: str, found: Sameness) -> list[Text]:
    label = styled(f"across {direction}", "bold")
    if found.verdict is None:
        return screen.labelled(label, found.reason or "only one plane: nothing to compare", _LABEL)
    answer = styled(RUNG_ANSWERS[found.verdict], RUNG_STYLES.get(found.verdict, "yellow"))
    because = f", because {found.reason.rstrip('.')}" if found.reason else ""
    told = answer + screen.text(f"{because}; {_numbers(found)}")
    lines = screen.labelled(label, told, _LABEL)
    return lines + (_pairs(screen, found) if screen.verbosity > 0 else [])


def _numbers(found: Sameness) -> str:
    total = sum(found.counts.values())
    parts = []
    if found.relative_difference is not None:
        parts.append(f"relative difference {_range(found.relative_difference)}")
    if found.correlation is not None and not math.isnan(found.correlation[1]):
        parts.append(f"correlation up to {_correlation(found.correlation[1])}")
    present = {rung: amount for rung, amount in found.counts.items() if amount}
    if len(present) > 1:
        parts.append("pairs: " + ", ".join(f"{grouped(amount)} {rung}" for rung, amount in present.items()))
    parts.append(f"{grouped(found.bit_equal_pairs)} of {count(total, 'pair')} bit-equal")
    return "; ".join(parts)


def _correlation(value: float) -> str:
    """3 digits, or as many as it takes to stay below 1."""
    if math.isnan(value):
        return "none"
    shown = [f"{value:.{digits}f}" for digits in (3, 6, 9)]
    return next((text for text in shown if abs(float(text)) < 1), shown[0])


def _range(values: tuple[float, float]) -> str:
    """(0.18, 1.83) as "0.18 to 1.83"; one number where both are the same."""
    low, high = (f"{value:.3g}" for value in values)
    return low if low == high else f"{low} to {high}"


def _pairs(screen: Screen, found: Sameness) -> list[Text]:
    shared = "filter" if found.pairs and found.pairs[0].filter is not None else "channel"
    columns = [
        Column(shared, right=True),
        Column("pair", right=True),
        Column("relative", right=True),
        Column("correlation", right=True),
        Column("max |difference|", right=True),
        Column("bits"),
        Column("verdict"),
    ]
    rows = screen.table(columns, [_pair_row(pair) for pair in found.pairs]) if found.pairs else []
    hidden = sum(found.counts.values()) - len(found.pairs)
    return rows + ([styled(f"{grouped(hidden)} more pairs in the JSON's counts", "dim")] if hidden > 0 else [])


def _pair_row(pair: ChannelPair) -> tuple[str, ...]:
    shared = pair.channel if pair.filter is None else pair.filter
    return (
        str(shared),
        f"{pair.pair[0]},{pair.pair[1]}",
        number(pair.relative_difference),
        _correlation(pair.correlation),
        scientific(pair.max_abs_difference),
        "equal" if pair.bit_equal else "differ",
        str(pair.verdict),
    )


def _counterfactual(screen: Screen, found: Counterfactual) -> list[Text]:
    outcome = f"{found.verdict} across {found.across}"
    judged = "as it must be" if found.verdict is found.expected else f"but it should be {found.expected}"
    style = "" if found.verdict is found.expected else "bold red"
    sentence = Text.assemble(screen.text(f"{found.change}: "), screen.text(f"{outcome}, {judged}", style))
    return screen.labelled(styled("if instead", "bold"), sentence, _LABEL)


def draw_seeds(screen: Screen, seeds: Sequence[SeedResult]) -> list[Text]:
    """A row for each seed, and what the seed changes and what it does not."""
    if not seeds:
        return []
    lines = heading(screen, "Seeds", "relative: smallest to largest relative difference over all pairs")
    columns = [
        Column("seed", right=True),
        Column("verdict"),
        Column("loss", right=True),
        Column("channels"),
        Column("relative", right=True),
        Column("filters"),
        Column("relative", right=True),
    ]
    lines += screen.table(columns, [_seed_row(screen, result) for result in seeds])
    return lines + screen.wrap(_seed_sentence(seeds), screen.width)


def _seed_row(screen: Screen, result: SeedResult) -> tuple[str | Text, ...]:
    cells: list[str | Text] = [str(result.seed), screen.verdict(result.verdict), words.number(result.loss, 6)]
    for found in (result.across_channels, result.across_filters):
        cells.append("one plane" if found.verdict is None else _SHORT[found.verdict])
        cells.append("" if found.relative_difference is None else _range(found.relative_difference))
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
