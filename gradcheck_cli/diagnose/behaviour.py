"""Mistakes that are recognised by what happened, not by a formula: each says itself how it shows in a call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.diagnose.conditions import condition
from gradcheck_cli.diagnose.locate import locate
from gradcheck_cli.diagnose.observation import Comparison, Observation
from gradcheck_cli.diagnose.sentences import finding
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Behaviour, Sign, in_place_of, standing_for
from gradcheck_cli.model import Finding, GradientName
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF


def behaviour(observations: Sequence[Observation], gradient: GradientName, words: Words) -> list[Finding]:
    """The findings that need no formula, in the catalogue's order. Calls that did not end show none of them."""
    observations = [seen for seen in observations if not seen.error]
    found = []
    for mistake in CATALOGUE.values():
        shows = mistake.behaviour
        messages = [shows.said(seen, gradient) for seen in observations] if shows is not None else []
        first = next((message for message in messages if message), "")
        if shows is None or not first or (shows.in_every_call and not all(messages)):
            continue
        when = condition([(seen.case.spec, not said) for seen, said in zip(observations, messages, strict=True)])
        fix = _fix(shows, observations, gradient, words)
        found.append(finding(mistake.id, gradient, first, words, fails_when=when, fix=fix))
    return found


def _fix(shows: Behaviour, observations: Sequence[Observation], gradient: GradientName, words: Words) -> str:
    """The mistake's own mend for what was seen, in the user's words; "" for the usual one."""
    return words.rename(shows.fix(observations, gradient)) if shows.fix is not None else ""


def single_precision(evidence: Sequence[Comparison], gradient: GradientName, words: Words) -> list[Finding]:
    """Right but for float32 rounding on large integers: proved where every result is itself a float32 number."""
    wrong = [seen for seen in evidence if seen.wrong]
    if not wrong or not all(_within_float32(seen, gradient) for seen in wrong):
        return []
    proved = all(np.array_equal(seen.actual, seen.actual.astype(np.float32)) for seen in wrong)
    first = wrong[0]
    index = tuple(int(i) for i in np.argwhere(first.right != first.actual)[0])
    message = (
        f"grad_{gradient} is right to 24 bits only: {'it is' if proved else 'probably'} computed in float32, and "
        f"on {first.data} entry {list(index)} is {in_place_of(first.actual[index], first.right[index])}."
    )
    return [
        finding(
            standing_for(Sign.FLOAT32).id,
            gradient,
            message,
            words,
            certain=proved,
            fails_when="a sum needs more than 24 bits",
        )
    ]


def rounded_too(gradient: GradientName, words: Words) -> Finding:
    """Beside another mistake: large sums are off by no more than float32 rounding, small ones are not."""
    message = f"grad_{gradient} is probably computed in float32: large sums are off by no more than its rounding."
    when = "a sum needs more than 24 bits"
    return finding(standing_for(Sign.FLOAT32).id, gradient, message, words, certain=False, fails_when=when)


def _within_float32(seen: Comparison, gradient: GradientName) -> bool:
    if seen.actual.shape != seen.right.shape:
        return False
    gauge = seen.gauges.right(gradient)
    terms = seen.spec.terms + seen.problem.case.weight.size + 2
    error = np.abs(seen.actual - seen.right)
    large_enough = error.max() > terms * UNIT_ROUNDOFF["float64"] * float(gauge.max())
    return bool((error <= terms * UNIT_ROUNDOFF["float32"] * gauge).all()) and large_enough


def unexplained_shape(evidence: Sequence[Comparison], gradient: GradientName, words: Words) -> list[Finding]:
    """Another shape that no formula of the catalogue has."""
    odd = [seen for seen in evidence if seen.actual.shape != seen.right.shape]
    if not odd:
        return []
    when = condition([(seen.spec, seen.actual.shape == seen.right.shape) for seen in evidence])
    message = locate(odd[0].right, odd[0].actual, gradient, words.spatial)
    mistake = standing_for(Sign.OTHER_SHAPE)
    fix = "" if mistake.behaviour is None else _fix(mistake.behaviour, (), gradient, words)
    return [finding(mistake.id, gradient, message, words, fails_when=when, fix=fix)]
