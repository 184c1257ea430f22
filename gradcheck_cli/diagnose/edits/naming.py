"""The mistake in a gradient of a recorded forward: the plainest edit that gives exactly the user's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradcheck_cli.diagnose.edits.causes import (
    EditCause,
    is_multiple,
    nested_pairs,
    pairs_of_causes,
    single_causes,
    whole_factor,
)
from gradcheck_cli.diagnose.edits.clauses import clause_of, factor_sign
from gradcheck_cli.diagnose.edits.drawing import forward_graph
from gradcheck_cli.diagnose.edits.graph_words import GraphWords
from gradcheck_cli.diagnose.edits.observed import GraphView, Observed
from gradcheck_cli.diagnose.edits.ranking import cost
from gradcheck_cli.mistakes import Sign, standing_for
from gradcheck_cli.model import CodePlace, Finding
from gradcheck_cli.model.recording import SourcePlace

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.editor import Editor

# Samples on which a cause must hold besides the first: what agrees by its sizes alone falls on the first of them.
_MOST_OTHERS = 3


def findings_of_edits(name: str, seen: Sequence[Observed], file: str | None = None) -> tuple[Finding, ...]:
    """What is wrong with one gradient, proved where it holds on samples of different sizes, else probable.

    Args:
        name: of the gradient, an input of the recordings.
        seen: calls of one backward.
        file: where the lines of its findings are counted; a place in another is told in words. None: wherever it is.

    Returns:
        One finding, two for two mistakes together; none where the gradient is right or no edit explains it.
    """
    mine = _comparable(name, seen)
    if not mine:
        return ()
    if all(not np.any(each.gradients[name]) for each in mine):
        return (_finding(Sign.ABSENT, name, f"grad_{name} is 0 everywhere, and the output depends on {name}.", mine),)
    times = whole_factor(name, mine)
    if times is not None:
        text = f"grad_{name} is the right one times {times.words}."
        return (_finding(factor_sign(times), name, text, mine),)
    for search, views in _SEARCHES:
        asked: list[Observed] = []
        for view in views:
            calls = [each.seen_as(view) for each in mine]
            cause = None if calls[0] in asked else _plainest(name, search, calls)
            if cause is not None:
                return _findings(name, cause, calls, file)
            asked.append(calls[0])
    return _by_sizes(name, mine)


def _by_sizes(name: str, mine: Sequence[Observed]) -> tuple[Finding, ...]:
    """What is a multiple of the right gradient on every call, by a number that its sizes or settings change."""
    times = whole_factor(name, mine[:1]) if all(is_multiple(name, each) for each in mine) else None
    if times is None:
        return ()
    text = f"grad_{name} is the right one times {times.words} where it was asked first, and times others elsewhere."
    return (_finding(factor_sign(times), name, text, mine),)


EditSearch: TypeAlias = Callable[[str, Sequence[Observed]], Iterator[EditCause]]
_SEARCHES: tuple[tuple[EditSearch, tuple[GraphView, ...]], ...] = (
    (single_causes, ("as it ran", "written out", "every path")),
    (pairs_of_causes, ("written out", "every path")),
    (nested_pairs, ("written out", "every path")),
)


def _comparable(name: str, seen: Sequence[Observed]) -> list[Observed]:
    """A call where the gradient is wrong, then others whose forward does the same operations, other sizes first."""
    from gradcheck_cli.oracles.graph.edits import same_operations
    from gradcheck_cli.oracles.graph.turns import Turns, same_turns

    given = [each for each in seen if name in each.gradients and name in each.editor.right]
    given = [each for each in given if np.shape(each.gradients[name]) == each.editor.right[name].shape]
    given = [each for each in given if np.isfinite(each.gradients[name]).all()]
    wrong = [each for each in given if each.is_wrong(name)]
    if not wrong:
        return []
    first = wrong[0]
    others = [
        each
        for each in given
        if each is not first
        and (
            same_operations(first.recording, each.recording)
            or same_turns(Turns(first.recording), Turns(each.recording))
        )
    ]
    others.sort(key=lambda each: _sizes(each) == _sizes(first))
    return [first, *others[:_MOST_OTHERS]]


def _sizes(seen: Observed) -> list[tuple[int, ...]]:
    return [np.shape(value) for value in seen.values.values()]


def _plainest(name: str, search: EditSearch, seen: Sequence[Observed]) -> EditCause | None:
    found = list(search(name, seen))
    return min(found, key=lambda cause: cost(cause, seen[0].editor)) if found else None


def _findings(name: str, cause: EditCause, seen: Sequence[Observed], file: str | None) -> tuple[Finding, ...]:
    editor = seen[0].editor
    words = GraphWords(editor.chain.recording)
    clauses = [clause_of(edit, cause, editor, name) for edit in cause.edits]
    shown = [clause.place if _is_quoted(clause.place, editor, file) else None for clause in clauses]
    # One place is quoted beside the finding; of several each stands with its part of the sentence.
    texts = [
        clause.text if place is not None and len(clauses) == 1 else f"{clause.text}{words.where(clause.place)}"
        for clause, place in zip(clauses, shown, strict=True)
    ]
    text = f"grad_{name} is exactly what comes out when {', and '.join(texts)}"
    text += "." if cause.times is None else f", times {cause.times.words}."
    findings: dict[Sign, Finding] = {}
    graph = forward_graph(editor, cause.edits)
    for clause, place in zip(clauses, shown, strict=True):
        found = _finding(clause.sign, name, text, seen)
        found = found if place is None else found.at(_of_forward(name, place))
        # Two mistakes that are told together are drawn together, once.
        findings.setdefault(clause.sign, found if findings else replace(found, graph=graph))
    if cause.times is not None:
        sign = factor_sign(cause.times)
        findings.setdefault(sign, _finding(sign, name, text, seen))
    return tuple(findings.values())


def _is_quoted(place: SourcePlace | None, editor: Editor, file: str | None) -> bool:
    """The line of a known layer's composition is none of the user's."""
    return place is not None and not editor.chain.recording.layer and file in (None, place.file)


def _of_forward(name: str, place: SourcePlace) -> CodePlace:
    """The place with a word on what it is: nobody is to mend a forward that is right."""
    code = place.code or CodePlace(place.line)
    return replace(code, evidence=f"What grad_{name} gets wrong is the way back through this line of the forward.")


def _finding(sign: Sign, name: str, text: str, seen: Sequence[Observed]) -> Finding:
    mistake = standing_for(sign)
    is_proved = any(_sizes(each) != _sizes(seen[0]) and each.is_wrong(name) for each in seen[1:])
    return Finding(mistake.id, name, "proved" if is_proved else "probable", text, mistake.fix_of_function)
