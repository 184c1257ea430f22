"""Calls that did not end: what was raised, where, on which geometries. They are told of the call itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradcheck_cli.diagnose.code import Code
from gradcheck_cli.diagnose.lines import unpads_by_name
from gradcheck_cli.diagnose.mends import Raised, mend
from gradcheck_cli.diagnose.observation import Observation
from gradcheck_cli.diagnose.sentences import describe, finding
from gradcheck_cli.diagnose.summary import condition
from gradcheck_cli.diagnose.words import Words
from gradcheck_cli.model import CALL, Finding

_EXCEPTION = re.compile(r"(?:\w+\.)*\w*(?:Error|Exception|Exit|Interrupt|Warning|Iteration)\b")
# An array without entries, as numpy and torch write it; and an author's own assertion about the result's shape.
_EMPTY = re.compile(r"[(\[](\d+, ?)*0(, ?\d+)*,?[)\]]|size 0\b|existing size \(0\)|^AssertionError")
_TOLD = 3


def of_calls(observations: Sequence[Observation], words: Words, code: Code | None = None) -> list[Finding]:
    """The findings of the calls that raised or were stopped; none where every call ended.

    Args:
        observations: all calls on geometries that the target takes.
        words: what the user's convention calls the arrays.
        code: the user's file, for the names that a mend may speak of.
    """
    code = code or Code()
    stopped = [seen for seen in observations if seen.error]
    slices = _empty_slice(observations, words, code)
    if slices:
        stopped = [seen for seen in stopped if not _is_empty(seen, code)]
    ended = [seen for seen in observations if not seen.error]
    groups: dict[tuple[object, ...], list[Observation]] = {}
    for seen in stopped:
        groups.setdefault(_kind(seen), []).append(seen)
    most_first = sorted(groups.values(), key=lambda group: -len(group))[:_TOLD]
    return slices + [
        _stopped(group, ended, len({seen.case.spec for seen in observations}), words, code) for group in most_first
    ]


def _kind(seen: Observation) -> tuple[object, ...]:
    """What makes two errors the same: the exception, who raised it, the line."""
    return (seen.timed_out, seen.error_where, seen.error_line, _exception(seen.error) or seen.error)


def _exception(error: str) -> str:
    found = _EXCEPTION.match(error)
    return found[0] if found else ""


def _stopped(
    group: Sequence[Observation], ended: Sequence[Observation], tried: int, words: Words, code: Code
) -> Finding:
    """One finding for one kind of error; where another error came first, nothing is known of this one."""
    first = group[0]
    when = condition([(seen.case.spec, not seen.error) for seen in (*group, *ended)])
    if first.timed_out:
        message = f"No answer within {first.seconds:g} s ({describe(first.case.spec)})."
        return finding("too-slow", CALL, message, words, fails_when=when, line=first.error_line)
    message = (
        f"The {first.error_where or 'call'} {_raises(first.error)} {_on(group, tried)}: {first.error.rstrip('.')}."
    )
    fix = mend(Raised(first.error, first.error_line, code, words))
    return finding("crashes", CALL, message, words, fails_when=when, line=first.error_line, fix=fix)


def _raises(error: str) -> str:
    return "raises" if _exception(error) else "stops"


def _on(group: Sequence[Observation], tried: int) -> str:
    """ "on 3 of 29 geometries, first with x (2, 3, 8, 7), ..."."""
    count, spec = len({seen.case.spec for seen in group}), describe(group[0].case.spec)
    if tried == 1:
        return f"with {spec}"
    return f"on {'all' if count == tried else f'{count} of'} {tried} geometries, first with {spec}"


def _is_empty(seen: Observation, code: Code) -> bool:
    """An error of an empty array at padding 0: the slice stands on its line, or an empty shape in its words."""
    if not seen.error or seen.timed_out or min(seen.case.spec.padding) > 0:
        return False
    return seen.error_line in code.lines_that(unpads_by_name) or _EMPTY.search(seen.error) is not None


def _empty_slice(observations: Sequence[Observation], words: Words, code: Code) -> list[Finding]:
    """a[p:-p] that raises where p = 0: certain where the line that raised holds the slice, else probable."""
    stopped = [seen for seen in observations if _is_empty(seen, code)]
    ended = [seen for seen in observations if not seen.error]
    lines = code.lines_that(unpads_by_name)
    if not stopped or (code.source and not lines) or any(max(seen.case.spec.padding) == 0 for seen in ended):
        return []
    first = stopped[0]
    certain = first.error_line in lines and bool(ended)
    line = first.error_line if certain or len(lines) != 1 else lines[0]
    source = "a slice [p:-p] is empty there" if certain else "probably a slice [p:-p], which is empty there"
    message = f"The {first.error_where or 'call'} raises where padding = 0: {source} ({first.error.rstrip('.')})."
    when = condition([(seen.case.spec, not seen.error) for seen in (*stopped, *ended)])
    return [finding("unpad-empty", "input", message, words, certain=certain, fails_when=when, line=line)]
