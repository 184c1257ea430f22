"""Calls that did not end: what was raised, where, on which geometries. They are told of the call itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.conditions import condition
from gradcheck_cli.diagnose.mends import Raised, mend
from gradcheck_cli.diagnose.observation import Observation
from gradcheck_cli.diagnose.sentences import finding
from gradcheck_cli.diagnose.unused import unused_option
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.mistakes import Sign, describe, standing_for
from gradcheck_cli.mistakes.source import unpads_by_name
from gradcheck_cli.model import CALL, ConvSpec, Finding

_EXCEPTION = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\b")
# An array without entries, as numpy and torch write it; and an author's own assertion about the result's shape.
_EMPTY = re.compile(r"[(\[](\d+, ?)*0(, ?\d+)*,?[)\]]|size 0\b|existing size \(0\)|^AssertionError")
# Kinds of errors: the commonest are told, as the rest goes with them as a rule.
_TOLD = 3


@dataclass(frozen=True)
class _Calls:
    """What `of_calls` is given; `ended` are those that returned."""

    all: Sequence[Observation]
    words: Words
    code: Code
    refused: frozenset[ConvSpec]

    @property
    def ended(self) -> list[Observation]:
        return [seen for seen in self.all if not seen.error]

    @property
    def tried(self) -> int:
        """Geometries."""
        return len({seen.case.spec for seen in self.all})

    def at(self, seen: Observation, found: Finding) -> Finding:
        """The finding, with the place where a call raised."""
        if seen.error_line is None:
            return found
        return found.at(self.code.place(seen.error_line, self.code.raising(seen.error_line, seen.error_columns)))

    def condition(self, wrong: Sequence[Observation], right: Sequence[Observation]) -> str:
        """When it happens, as far as it is known to happen or not."""
        known = [*((seen.case.spec, False) for seen in wrong), *((seen.case.spec, True) for seen in right)]
        return condition(known, refused=self.refused)


def of_calls(
    observations: Sequence[Observation],
    words: Words,
    code: Code | None = None,
    refused: frozenset[ConvSpec] = frozenset(),
) -> list[Finding]:
    """The findings of the calls that raised or were stopped; none where every call ended.

    Args:
        observations: all calls on geometries that the target takes.
        words: what the user's convention calls the arrays.
        code: the user's file, for the names that a mend may speak of.
        refused: geometries that the target does not take; no condition needs to be known there.
    """
    calls = _Calls(observations, words, code or Code(), refused)
    stopped = [seen for seen in observations if seen.error]
    slices = _empty_slice(calls)
    if slices:
        stopped = [seen for seen in stopped if not is_empty_slice(seen, calls.code)]
    groups: dict[tuple[object, ...], list[Observation]] = {}
    for seen in stopped:
        groups.setdefault(_kind(seen), []).append(seen)
    most_first = sorted(groups.values(), key=lambda group: -len(group))[:_TOLD]
    return slices + [_stopped(calls, group) for group in most_first]


def _kind(seen: Observation) -> tuple[object, ...]:
    """What makes two errors one finding: who raised it on which line; the exception where no line is known."""
    return (seen.timed_out, seen.error_where, seen.error_line or _exception(seen.error) or seen.error)


def _exception(error: str) -> str:
    found = _EXCEPTION.match(error)
    return found[0] if found else ""


def _stopped(calls: _Calls, group: Sequence[Observation]) -> Finding:
    """One finding for one kind of error; where another error came first, nothing is known of this one."""
    names = Counter(_exception(seen.error) for seen in group)
    usual = names.most_common(1)[0][0]
    first = next(seen for seen in group if _exception(seen.error) == usual)

    when = calls.condition(group, calls.ended)
    if first.timed_out:
        message = f"No answer within {first.seconds:g} s ({describe(first.case.spec)})."
        fix = "" if calls.ended else "Probably a loop never ends: look at what it waits for. Or raise --timeout."
        return calls.at(
            first, finding(standing_for(Sign.NO_ANSWER).id, CALL, message, calls.words, fails_when=when, fix=fix)
        )
    also = "".join(f"; elsewhere {name}" for name in names if name not in (usual, ""))
    what = f"The {first.error_where or 'call'} {_raises(first.error)} {_on(group, first, calls.tried)}"
    message = f"{what}: {first.error.rstrip('.')}{also}."
    fix = unused_option(calls.code, first.error_line, when)
    fix = fix or mend(Raised(first.error, first.error_line, calls.code))
    return calls.at(first, finding(standing_for(Sign.RAISED).id, CALL, message, calls.words, fails_when=when, fix=fix))


def _raises(error: str) -> str:
    return "raises" if _exception(error) else "stops"


def _on(group: Sequence[Observation], first: Observation, tried: int) -> str:
    """ "on 3 of 29 geometries, first with x (2, 3, 8, 7), ..."."""
    count, spec = len({seen.case.spec for seen in group}), describe(first.case.spec)
    if tried == 1:
        return f"with {spec}"
    return f"on {'all' if count == tried else f'{count} of'} {tried} geometries, first with {spec}"


def _is_padded_everywhere(spec: ConvSpec) -> bool:
    return min(*spec.padding, *spec.padding_after) > 0


def is_empty_slice(seen: Observation, code: Code) -> bool:
    """An error of an empty array at padding 0: the slice stands on its line, or an empty shape in its words."""
    if not seen.error or seen.timed_out or _is_padded_everywhere(seen.case.spec):
        return False
    return seen.error_line in code.lines_that(unpads_by_name) or _EMPTY.search(seen.error) is not None


def _empty_slice(calls: _Calls) -> list[Finding]:
    """a[p:-p] that raises where p = 0: certain where the line that raised holds the slice, else probable."""
    code, ended = calls.code, calls.ended
    stopped = [seen for seen in calls.all if is_empty_slice(seen, code)]
    lines = code.lines_that(unpads_by_name)
    if not stopped or (code.source and not lines) or any(not seen.case.spec.is_padded for seen in ended):
        return []
    first = stopped[0]
    certain = first.error_line in lines and bool(ended)
    source = "a slice [p:-p] is empty there" if certain else "probably a slice [p:-p], which is empty there"
    where = "padding = 0" if first.case.spec.is_symmetric else "nothing is added on a side"
    raised = first.error.rstrip(".") + (f"; line {first.error_line}" if first.error_line and not certain else "")
    message = f"The {first.error_where or 'call'} raises where {where}: {source} ({raised})."
    # What raised on this very line for another reason got as far, and its slice was not empty.
    reached = [seen for seen in calls.all if seen.error_line == first.error_line and not is_empty_slice(seen, code)]
    when = calls.condition(stopped, [*ended, *(seen for seen in reached if seen.error)])
    identifier = standing_for(Sign.EMPTY_SLICE).id
    found = finding(identifier, "input", message, calls.words, certain=certain, fails_when=when)
    if not certain or first.error_line is None:
        return [found]
    return [found.at(code.place(first.error_line, code.columns_that(first.error_line, unpads_by_name)))]
