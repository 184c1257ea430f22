"""Where does it hold and where not? One clause that agrees with every result, or an admission that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcheck_cli.diagnose.conditions import Result, condition
from gradcheck_cli.diagnose.kinds import stands_for
from gradcheck_cli.diagnose.table import Condition, parsed
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import CALL, ConvSpec, Finding


def summarise_geometries(
    results: Sequence[Result], elsewhere: Sequence[Result] = (), refused: frozenset[ConvSpec] = frozenset()
) -> str:
    """Where a backward holds and where not, in one clause that agrees with every result.

    Args:
        results: geometry and whether the gradient is right there; refused geometries left out.
        elsewhere: results that are not counted, and must agree too: those of the smallest example.
        refused: geometries that the target does not take.

    Returns:
        "right on all 24 geometries", "right, except when padding = 0", "right only when stride = 1",
        "wrong on 5 of 24 geometries; no single condition", ...
    """
    total, failed = len(results), sum(not right for _, right in results)
    if total == 0:
        return "no geometry was compared"
    if failed == 0:
        return f"right on all {total} geometries" if total > 1 else "right on the one geometry compared"
    if failed == total:
        return f"wrong on all {total} geometries" if total > 1 else "wrong on the one geometry compared"
    phrase = condition(results, elsewhere, refused)
    if not phrase:
        return f"wrong on {failed} of {total} geometries; no single condition"
    found = parsed(phrase)
    if 2 * failed > total and found is not None:
        return f"right only when {found.negated.phrase} (wrong on {failed} of {total} geometries)"
    return f"right, except when {phrase} (wrong on {failed} of {total} geometries)"


def with_conditions_that_hold(
    findings: Sequence[Finding],
    results: Sequence[Result],
    elsewhere: Sequence[Result] = (),
    refused: frozenset[ConvSpec] = frozenset(),
) -> list[Finding]:
    """The findings of one gradient, without the conditions that some result contradicts.

    Where the gradient is right no condition may hold, and where it is wrong one of them must. A single finding has
    the condition that fits all results, if there is one.

    Args:
        findings: the named mistakes that together explain the gradient.
        results: geometry and whether the gradient is right there.
        elsewhere: those of the smallest example.
        refused: geometries that the target does not take.
    """
    stated = [parsed(finding.fails_when) for finding in findings]
    if len(findings) == 1 and findings[0].certainty == "proved" and (stated[0] or not findings[0].fails_when):
        return [replace(findings[0], fails_when=condition(results, elsewhere, refused))]
    known = [*results, *elsewhere]
    uncovered = None not in stated and any(not right and not _any_holds(stated, spec) for spec, right in known)
    proved = all(finding.certainty == "proved" for finding in findings)
    good = [spec for spec, right in known if right]
    return [
        replace(finding, fails_when="")
        # What explains a part of what is wrong says when that part shows, and not when it fails.
        if found and (any(map(found.holds, good)) or (uncovered and (proved or finding.certainty == "probable")))
        else finding
        for finding, found in zip(findings, stated, strict=True)
    ]


def with_condition_in_words(finding: Finding, raised: Sequence[ConvSpec], words: Words) -> Finding:
    """The finding with its condition as it is said of this kind of arrays.

    Of a wrong gradient, nothing is known where the call raised: where that was seen without the condition, it is told.

    Args:
        raised: geometries on which a call did not end.
    """
    condition, when = parsed(finding.fails_when), words.retold(finding.fails_when)
    of_numbers = finding.gradient != CALL and not stands_for(finding.id, Sign.EMPTY_SLICE)
    if condition is not None and of_numbers and not all(map(condition.holds, raised)):
        when += ", where the call ends"
    return replace(finding, fails_when=when)


def _any_holds(stated: Sequence[Condition | None], spec: ConvSpec) -> bool:
    return any(found is not None and found.holds(spec) for found in stated)
