"""The checks of a run as a part of the page: what each found, its rule, and the entry that is worst."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gradcheck_cli.model import GRADIENTS, Check, Verdict, Worst
from gradcheck_cli.report import words
from gradcheck_cli.report.numerals import as_exactly_as, distinct, grouped, number, subscript
from gradcheck_cli.report.page.blocks import (
    Block,
    Column,
    Facts,
    Folded,
    PageSection,
    Remark,
    Remarks,
    Said,
    Table,
    Text,
    Tone,
    fact,
    plain,
)
from gradcheck_cli.report.page.parts import exactly, verdict_said

# One equation holds for a whole gradient: where it does not, some entries are wrong, and nobody knows how many.
_UNCOUNTED = ("adjoint",)
_BAD = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.MISSING)


def checks_section(checks: Sequence[Check]) -> PageSection:
    """The checks that passed share a row by name; below them the rule of each that did not, or of all."""
    shown = [check for check in checks if check.verdict is not Verdict.NOT_APPLICABLE]
    hidden = [check for check in checks if check not in shown]
    names = dict.fromkeys(check.name for check in hidden)
    absent = [f"{name} {_gradients(check for check in hidden if check.name == name)}" for name in names]
    brief: list[Block] = [_check_table(_alike([_in_brief(check) for check in shown]), checks)]
    brief += [Facts((fact("n/a", "; ".join(absent)),))] if absent else []
    brief += _rules([check for check in shown if check.verdict in _BAD])
    full = (_check_table([[check] for check in checks], checks), *_rules(checks))
    return PageSection("checks", "Checks", (Folded("Every check", tuple(brief), full),))


def _check_table(groups: Sequence[Sequence[Check]], checks: Sequence[Check]) -> Table:
    columns = (
        Column(""),
        Column(""),
        Column("gradient"),
        Column("wrong / of", right=True),
        Column("of allowed", right=True),
        Column("", prose=True, spare=True),
    )
    return Table("checks", columns, tuple(_check_row(group, checks) for group in groups))


def _in_brief(check: Check) -> Check:
    """Of one that passed the rule is not told, so nothing is said in the words of the rule."""
    is_right = check.verdict is Verdict.PASS
    return replace(check, detail=words.without_gauge(check.detail)) if is_right else check


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


def _check_row(group: Sequence[Check], checks: Sequence[Check]) -> tuple[Text, ...]:
    amount = sum(check.mismatched for check in group)
    more = "+" if amount and group[0].name in _UNCOUNTED else ""
    wrong = f"{grouped(amount)}{more} / {grouped(sum(check.entries for check in group))}"
    telling = max(group, key=lambda check: -1.0 if check.worst is None else badness(check.worst.ratio))
    worst = plain("") if telling.worst is None else exactly(number(telling.worst.ratio), telling.worst.ratio)
    detail = plain(_detail(telling, checks))
    return verdict_said(telling.verdict), plain(telling.name), plain(_gradients(group)), plain(wrong), worst, detail


def _gradients(checks: Iterable[Check]) -> str:
    """What checks of one name are about."""
    gradients = list(dict.fromkeys(check.gradient for check in checks))
    return "all three" if sorted(gradients) == sorted(GRADIENTS) else ", ".join(gradients)


def _detail(check: Check, checks: Sequence[Check]) -> str:
    """What was found; of a check that could not decide, why it does not matter, where it does not."""
    verdicts = {(each.name, each.gradient): each.verdict for each in checks}
    decided = verdicts.get(("exact", check.gradient)) is Verdict.PASS
    failed = sorted({each.gradient for each in checks if each.verdict is Verdict.FAIL})
    if check.verdict is not Verdict.INCONCLUSIVE or not decided or not failed or check.gradient in failed:
        return check.detail
    wrong = ", ".join(f"grad_{name}" for name in failed)
    beside = f"it does not matter here: exact found grad_{check.gradient} right, and {wrong} is wrong"
    return f"{check.detail}; {beside}" if check.detail else beside


def badness(value: float) -> float:
    """How bad `value` is: NaN is worst."""
    return math.inf if math.isnan(value) else abs(value)


def _rules(checks: Sequence[Check]) -> list[Block]:
    """The rule of each and its worst entry, and once what the rules speak of."""
    if not checks:
        return []
    remarks = tuple(
        Remark(
            (Said(f"{group[0].name} {_gradients(group)}: "), Said(rule, Tone.SOFT)),
            worst_told(worst) if worst is not None else "",
        )
        for rule, worst, group in _by_rule(checks)
    )
    return [Remarks(remarks, words.gauge_explained(checks))]


def _by_rule(checks: Sequence[Check]) -> Iterator[tuple[str, Worst | None, list[Check]]]:
    """(rule, worst entry, its checks): checks of one name that have no such entry share their rule."""
    alike: dict[tuple[str, str, int], list[Check]] = {}
    for place, check in enumerate(checks):
        alike.setdefault((check.name, check.criterion, -1 if check.worst is None else place), []).append(check)
    for group in alike.values():
        yield group[0].criterion, group[0].worst, group


def worst_told(worst: Worst) -> str:
    """The entry that is furthest from what is allowed, in the one set of words for it."""
    expected, actual = distinct(worst.expected, worst.actual)
    return (
        f"worst at {subscript(worst.index)}: expected {expected}, actual {actual}, "
        f"difference {as_exactly_as(worst.difference, worst.expected)}, allowed {number(worst.allowed)}"
    )
