"""The diagnosis: behaviour first, then the formulas, with the certainty that the evidence carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

import numpy as np

from gradcheck_cli.diagnose import conditions
from gradcheck_cli.diagnose.behaviour import behaviour, rounded_too, single_precision, unexplained_shape
from gradcheck_cli.diagnose.causes import Cause, Structure, fitting, search, singles
from gradcheck_cli.diagnose.conditions import condition, settled
from gradcheck_cli.diagnose.factors import NONE, Factor
from gradcheck_cli.diagnose.observation import Comparison, Observation, gather
from gradcheck_cli.diagnose.sentences import either, finding, message_for
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import CATALOGUE, Problem
from gradcheck_cli.model import ConvSpec, Finding, GradientName
from gradcheck_cli.model.text import plural_of
from gradcheck_cli.numbers.digits import digits_case

# What a formula must meet to be proved: a second geometry with fresh data, and more entries than a wrong formula gives
# right by accident where numbers are small.
_GEOMETRIES_FOR_PROOF = 2
_ENTRIES_FOR_PROOF = 4
# Mistakes that explain a part of the geometries each: beyond three, what is left is not named but placed.
_PARTIAL_CAUSES = 3
# One in so many wrong geometries must be explained: on fewer, the smallest, several formulas agree by accident.
_PARTIAL_SHARE = 10
# Of several explanations that nothing tells apart: more in one sentence are not read.
_LISTED_TIES = 3
# Geometries that are computed, not asked: enough to tell the conditions apart, at no call of the user's code.
_DECIDING = 16


def diagnose(
    observations: Sequence[Observation], gradient: GradientName, words: Words | None = None
) -> tuple[Finding, ...]:
    """Name the mistakes that explain what a backward returned.

    Args:
        observations: calls on small integers in float64, fresh data each, as many geometries as possible; in the best
            of them N, C, F, s, p, H, W, kh and kw all differ. Refused geometries are left out.
        gradient: the one to look at.
        words: what the user's convention calls the arrays, for the fixes.

    Returns:
        Nothing where the gradient is right everywhere or no mistake explains it. A finding is proved only when its
        formula gives the user's numbers exactly on two geometries or more, agrees with every other observation, and
        no other mistake of the catalogue does.
    """
    words = words or Words()
    found = behaviour(observations, gradient, words)
    named = {item.id for item in found}
    evidence = gather(observations, gradient, words.layout)
    if not any(seen.wrong for seen in evidence):
        return tuple(found)
    rounded = single_precision(evidence, gradient, words)
    if any(item.certainty == "proved" for item in rounded):
        formulas = rounded
    else:
        searched = search(evidence, gradient)
        causes = _cheapest(searched.exact)
        follows = {identifier for cause in causes for identifier in cause.brings}
        found = [item for item in found if item.id not in follows]
        formulas = findings_of(causes, evidence, gradient, words) if causes else rounded
        formulas = formulas or _with_reservations(_cheapest(searched.rounded), evidence, gradient, words)
    formulas = formulas or unexplained_shape(evidence, gradient, words)
    return tuple(found + [item for item in formulas if item.id not in named])


def _with_reservations(
    rounded: list[Cause], evidence: Sequence[Comparison], gradient: GradientName, words: Words
) -> list[Finding]:
    """No formula explains all of it: float32 beside a mistake, or mistakes on some geometries."""
    if rounded:
        return [*findings_of(rounded, evidence, gradient, words), rounded_too(gradient, words)]
    return _partial(evidence, gradient, words)


def _cheapest(causes: Sequence[Cause]) -> list[Cause]:
    """The causes that assume least; among equals a named factor is believed before an unnamed constant.

    A mistake that yields is told where no other explains the same.
    """
    best = list(takewhile(lambda cause: cause.cost == causes[0].cost, causes))
    best = [cause for cause in best if not any(CATALOGUE[each].yields for each in cause.ids)] or best
    alike: dict[tuple[str, ...], list[Cause]] = {}
    for cause in best:
        alike.setdefault(tuple(sorted(cause.ids)), []).append(cause)
    return [_merged(group) for group in alike.values()]


def _merged(causes: Sequence[Cause]) -> Cause:
    """The first of several ways to make one mistake; of a mistake with many ways, all are told."""
    parts = causes[0].structure.parts
    labels = dict.fromkeys(cause.structure.parts[0][1].label for cause in causes if cause.structure.parts)
    if len(labels) < 2 or len(parts) != 1 or not parts[0][0].alone:
        return causes[0]
    label = " or ".join(list(labels)[:_LISTED_TIES]) + (" or ..." if len(labels) > _LISTED_TIES else "")
    ways = replace(causes[0].structure, parts=((parts[0][0], replace(parts[0][1], label=label, title="", fix="")),))
    return replace(causes[0], structure=ways)


def findings_of(
    causes: list[Cause], evidence: Sequence[Comparison], gradient: GradientName, words: Words
) -> list[Finding]:
    """A finding for every mistake of a cause; where several causes are left, one that names them all."""
    wrong = [seen for seen in evidence if seen.wrong]
    if len(causes) > 1:
        when = condition([(seen.spec, not seen.wrong) for seen in evidence])
        message = either(causes[:_LISTED_TIES], gradient, words)
        return [finding(causes[0].ids[0], gradient, message, words, certain=False, fails_when=when)]
    cause = causes[0]
    certain = enough(unambiguous(wrong, evidence)) and not cause.brings
    return [
        finding(
            identifier,
            gradient,
            _message(cause, identifier, wrong, gradient, words),
            words,
            certain=certain,
            fails_when=_shows_when(cause, identifier, evidence, gradient),
            fix=_own_fix(cause, identifier, words),
        )
        for identifier in cause.ids
    ]


def _own_fix(cause: Cause, identifier: str, words: Words) -> str:
    """Of a way that does something else than the usual one of its mistake; "" for the usual fix."""
    fixes = (way.fix for mistake, way in cause.structure.parts if mistake.id == identifier)
    return words.rename(next(fixes, ""))


def _message(cause: Cause, identifier: str, wrong: Sequence[Comparison], gradient: GradientName, words: Words) -> str:
    """Shown where this mistake changes the result, if possible with all others; told with those that do so there."""
    changing = [(seen, _at_work(cause, seen, gradient)) for seen in wrong]
    own = [seen for seen, parts in changing if identifier in parts]
    shown = clearest([seen for seen, parts in changing if len(parts) == len(cause.ids)] or own or wrong, cause.factor)
    return message_for(cause, identifier, shown, gradient, words, _at_work(cause, shown, gradient))


def _at_work(cause: Cause, seen: Comparison, gradient: GradientName) -> list[str]:
    """Those of the cause's mistakes that change something on this geometry by themselves."""
    return [part for part in cause.ids if not _harmless(cause, part, seen.problem, gradient)]


def _shows_when(cause: Cause, identifier: str, evidence: Sequence[Comparison], gradient: GradientName) -> str:
    """Where this one of the cause's mistakes changes anything by itself; its formula tells it on any geometry."""
    if len(cause.ids) == 1:
        return condition([(seen.spec, not seen.wrong) for seen in evidence])
    results = [(seen.spec, _harmless(cause, identifier, seen.problem, gradient)) for seen in evidence]

    def harmless(spec: ConvSpec) -> bool:
        return _harmless(cause, identifier, Problem(digits_case(spec, 0)), gradient)

    return condition(settled(results, harmless, _DECIDING))


def _harmless(cause: Cause, identifier: str, problem: Problem, gradient: GradientName) -> bool:
    """Whether one of the cause's mistakes alone leaves the gradient as it should be."""
    formulas = [form.formula for mistake, form in cause.structure.parts if mistake.id == identifier]
    if not formulas:
        return cause.factor.value(problem.spec) == 1
    alone = problem.result_of(formulas[0])
    return alone is None or np.array_equal(alone, problem.right(gradient))


def unambiguous(wrong: Sequence[Comparison], evidence: Sequence[Comparison]) -> list[Comparison]:
    """Zeros where the right numbers are small come out of more than one formula; zeros everywhere are one."""
    if not any(np.any(seen.actual) for seen in evidence):
        return list(wrong)
    return [seen for seen in wrong if np.any(seen.actual) or seen.actual.shape != seen.right.shape]


def enough(wrong: Sequence[Comparison]) -> bool:
    """Two geometries and a handful of entries: a formula does not meet them by accident."""
    wrong = [seen for seen in wrong if seen.decisive]
    entries = sum(
        int((seen.actual != seen.right).sum()) if seen.actual.shape == seen.right.shape else seen.right.size
        for seen in wrong
    )
    return len({seen.spec for seen in wrong}) >= _GEOMETRIES_FOR_PROOF and entries >= _ENTRIES_FOR_PROOF


def clearest(wrong: Sequence[Comparison], factor: Factor = NONE) -> Comparison:
    """The observation to quote: round factors first, then different sizes, then small arrays."""

    def rank(seen: Comparison) -> tuple[bool, int, int]:
        value = abs(factor.value(seen.spec))
        round_number = _round(value.numerator) and _round(value.denominator) and (value != 1 or not factor.name)
        return (not round_number, -len({*seen.spec.x_shape, *seen.spec.weight_shape}), seen.right.size)

    return min(wrong, key=rank)


def _round(number: int) -> bool:
    """A power of two: a quotient by it has few digits."""
    return number & (number - 1) == 0


def _partial(evidence: Sequence[Comparison], gradient: GradientName, words: Words) -> list[Finding]:
    """No cause explains everything: those that explain a kind of geometries exactly, most first, never as proved."""
    wrong = [seen for seen in evidence if seen.wrong]
    explained = [
        (structure, _explained(structure, wrong)) for structure in singles(gradient, evidence) if structure.parts
    ]
    found: list[Finding] = []
    left = set(range(len(wrong)))
    while len(found) < _PARTIAL_CAUSES:
        explained = [
            (structure, places)
            for structure, places in explained
            if enough(unambiguous(_at(wrong, places & left), evidence)) and _PARTIAL_SHARE * len(places) >= len(wrong)
        ]
        structure, places = max(explained, key=lambda item: len(item[1] & left), default=(None, set()))
        if structure is None:
            break
        rivals = [other for other, same in explained if same & left == places & left]
        explained = [(other, same) for other, same in explained if other not in rivals]
        coherent = [rival for rival in rivals if _coherent(rival, places, wrong, evidence)]
        if coherent:
            found.append(partly(coherent, _at(wrong, places & left), evidence, gradient, words))
        # Also where it is not told: what explains fewer of the same geometries is no better.
        left -= places
    return found


def partly(
    structures: Sequence[Structure],
    seen: Sequence[Comparison],
    evidence: Sequence[Comparison],
    gradient: GradientName,
    words: Words,
) -> Finding:
    """What one formula, or several that give the same there, explain of the wrong observations."""
    causes = _cheapest([Cause(structure, NONE) for structure in structures])
    identifier, wrong = causes[0].ids[0], sum(other.wrong for other in evidence)
    if len(causes) == 1:
        message = message_for(causes[0], identifier, clearest(seen), gradient, words)
    else:
        message = either(causes[:_LISTED_TIES], gradient, words)
    share = (
        f"all {wrong} geometries where it is wrong"
        if len(seen) == wrong > 1
        else f"{len(seen)} of {wrong} wrong {plural_of('geometry') if wrong > 1 else 'geometry'}"
    )
    when = condition([(item.spec, not any(item is one for one in seen)) for item in evidence])
    fix = _own_fix(causes[0], identifier, words) if len(causes) == 1 else ""
    return finding(identifier, gradient, f"On {share} {message}", words, certain=False, fails_when=when, fix=fix)


def _coherent(
    structure: Structure, places: set[int], wrong: Sequence[Comparison], evidence: Sequence[Comparison]
) -> bool:
    """Whether a formula may be told for a part of the observations: what it explains is a kind of geometries.

    Where it explains all that is wrong, it may give something else where the user is right, if the two kinds can be
    told apart: code that branches. Otherwise it must give the truth there too, or it would be no mistake of this code.
    """
    if len(places) == len(wrong):
        return bool(conditions.fitting([(seen.spec, not seen.wrong) for seen in evidence])) or len(wrong) == len(
            evidence
        )
    kinds = conditions.fitting([(seen.spec, place not in places) for place, seen in enumerate(wrong)])
    return bool(kinds) and all(seen.wrong or _fits(structure, seen) for seen in evidence)


def _at(wrong: Sequence[Comparison], places: set[int]) -> list[Comparison]:
    return [wrong[place] for place in sorted(places)]


def _explained(structure: Structure, wrong: Sequence[Comparison]) -> set[int]:
    return {place for place, seen in enumerate(wrong) if _fits(structure, seen) and _says_why(structure, seen)}


def _says_why(structure: Structure, seen: Comparison) -> bool:
    """Whether the formula speaks of an entry that is wrong: what may hold any number explains nothing."""
    result = seen.problem.result_of(structure.formula)
    if result is None or not np.isnan(result).any():
        return True
    return bool((seen.actual != seen.right)[~np.isnan(result)].any())


def _fits(structure: Structure, seen: Comparison) -> bool:
    return bool(fitting(structure, seen, (NONE,), fit=False))
