"""Sides of a forward's branches that no sample took: `np.maximum(margin - d, 0)` is 0 wherever rows lie far apart.

Code in numpy has no graph that tells its branches. That a side is never taken is asked by its text: with the other one
put in the place of a comparison, or of a maximum, the outputs are the same on all samples. Where other values of a
sample are found on which they are not, the target is asked about these too.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np

from gradcheck_cli.diagnose import Code
from gradcheck_cli.diagnose.scope import span
from gradcheck_cli.model import Array, Sample
from gradcheck_cli.model.syntax import called, identifier
from gradcheck_cli.targets.contract import TextEdit
from gradcheck_cli.trials.clips import NEAR
from gradcheck_cli.trials.function_trial import FunctionTrial
from gradcheck_cli.trials.functions import FunctionSession

# Of a thread that waits for the target: a forward on small arrays takes a millisecond, and each side a few of them.
SECONDS = 1.5
# Comparisons and maxima of a file; one with more of them is seldom asked in its first.
MOST_PLACES = 30
# Further samples: each costs a derivative of the forward.
MOST_FURTHER = 3
# By how much what is differentiated is multiplied: to near 0, far from it, and on the other side.
_FACTORS = {
    "is 8 times as small": 0.125,
    "is 64 times as small": 2.0**-6,
    "is 8 times as large": 8.0,
    "has the other sign": -1.0,
}
# What is left of the distance between two arrays: with normal numbers this is far below 1 for rows of any usual length.
_CLOSER = 2.0**-4
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_EXTREMA = ("maximum", "minimum", "fmax", "fmin", "max", "min")
# What is asked of lengths chooses no side by numbers.
_OF_SHAPES = frozenset(("shape", "ndim", "size", "len", "range"))


@dataclass(frozen=True)
class Branch:
    """A place in the text where one of two things counts: what stands there with only the one, and with the other."""

    text: str
    line: int
    sides: tuple[TextEdit, TextEdit]


def untaken(session: FunctionSession, trials: Sequence[FunctionTrial], code: Code) -> list[FunctionTrial]:
    """Further trials, on which a side is taken that none of these takes; at most `MOST_FURTHER`."""
    usual = [trial for trial in trials if trial.outputs and trial.first and not trial.exact]
    end = time.perf_counter() + SECONDS
    found: list[FunctionTrial] = []
    others = _OtherValues(session, usual)
    for branch in islice(branches(code), MOST_PLACES) if usual else ():
        if time.perf_counter() > end or session.is_late or len(found) == MOST_FURTHER:
            break
        # What another branch led to may be new here too.
        side = _only_side(session, branch, [*usual, *(trial for trial in found if trial.outputs)])
        across = None if side is None else _across(others, side)
        if across is not None:
            found.append(session.further(*across))
    return found


def branches(code: Code) -> Iterator[Branch]:
    """The comparisons of numbers and the maxima of a file; not those that a loop ends by, or that ask for lengths."""
    tree = code.tree
    loops = (node.test for node in ast.walk(tree) if isinstance(node, ast.While)) if tree is not None else ()
    ends = {id(inner) for test in loops for inner in ast.walk(test)}
    for node in ast.walk(tree) if tree is not None else ():
        texts = None if id(node) in ends or not isinstance(node, ast.expr) else _sides(node)
        if texts is not None and isinstance(node, ast.expr) and not _is_of_shapes(node):
            one, other = (TextEdit(*span(node), text) for text in texts)
            yield Branch(ast.unparse(node), node.lineno, (one, other))


def _sides(node: ast.expr) -> tuple[str, str] | None:
    text = ast.unparse(node)
    if isinstance(node, ast.Compare):
        is_of_numbers = all(isinstance(op, _ORDERED) for op in node.ops) and len(node.ops) == 1
        return (f"(({text}) * 0 != 0)", f"(({text}) * 0 == 0)") if is_of_numbers else None
    if not isinstance(node, ast.Call) or called(node) not in _EXTREMA or len(node.args) != 2 or node.keywords:
        return None
    if any(map(_is_guard, node.args)):
        return None
    one, other = (f"({ast.unparse(each)})" for each in node.args)
    return f"({one} + 0 * {other})", f"({other} + 0 * {one})"


def _is_guard(node: ast.expr) -> bool:
    """A tiny number, which only keeps what is divided by, or a logarithm, from 0."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int | float) and 0 < abs(value) <= NEAR


def _is_of_shapes(node: ast.expr) -> bool:
    inner = [*ast.walk(node)]
    return bool(set(map(identifier, inner)) & _OF_SHAPES) or any(
        isinstance(each, ast.Constant) and isinstance(each.value, str) for each in inner
    )


def _only_side(session: FunctionSession, branch: Branch, trials: Sequence[FunctionTrial]) -> TextEdit | None:
    """The edit that puts the only side that any of the trials takes; None where both count, or none does."""
    same = [side for side in branch.sides if _is_same_on_all(session, side, trials)]
    if len(same) != 1:  # both: the forward does not come by
        return None
    return same[0]


def _is_same_on_all(session: FunctionSession, side: TextEdit, trials: Sequence[FunctionTrial]) -> bool:
    try:
        if not session.client.edit([side]):
            return False
        return all(_are_same(session, trial.sample, trial.outputs) for trial in trials)
    finally:
        session.client.edit(())


def _are_same(session: FunctionSession, sample: Sample, outputs: Sequence[Array]) -> bool:
    outcome = session.client.outputs(sample)
    return outcome.ended and all(
        np.array_equal(one, other, equal_nan=True) for one, other in zip(outcome.outputs, outputs, strict=False)
    )


@dataclass(frozen=True)
class _OtherValues:
    """Other values of the first sample: the same for every branch."""

    session: FunctionSession
    trials: Sequence[FunctionTrial]

    @cached_property
    def finite(self) -> list[tuple[Sample, str, Sequence[Array]]]:
        """Those with finite outputs: the sample, what is other in words, and these outputs, of the code as it is."""
        asked = ((sample, words, self.session.client.outputs(sample)) for words, sample in moved(self.trials[0].sample))
        return [
            (sample, words, plain.outputs)
            for sample, words, plain in asked
            if plain.ended and all(np.isfinite(part).all() for part in plain.outputs)
        ]


def _across(others: _OtherValues, side: TextEdit) -> tuple[Sample, str] | None:
    """Other values of the first sample, on which the other side counts, and what they are in words; None for none."""
    session, asked = others.session, others.finite
    try:
        if not session.client.edit([side]):
            return None
        return next((each[:2] for each in asked if not _are_same(session, each[0], each[2])), None)
    finally:
        session.client.edit(())


def moved(sample: Sample) -> Iterator[tuple[str, Sample]]:
    """(In words, sample): all that is differentiated moved in one way, then each of it alone.

    What lies between 0 and 1 stays: it may be a probability; and what is positive stays so.
    """
    arrays = {name: sample.array(name) for name in sample.differentiated}
    free = [name for name, array in arrays.items() if array.size and not (array.min() >= 0 and array.max() <= 1)]
    for one, other in pairwise(free):
        if arrays[one].shape == arrays[other].shape and arrays[one].ndim:
            near = arrays[one] + _CLOSER * (arrays[other] - arrays[one])
            yield f"{other} is near {one}", sample.replacing(other, near)
    for names in (free, *([name] for name in free)) if len(free) > 1 else (free,):
        for words, factor in _FACTORS.items():
            turned = [name for name in names if factor > 0 or arrays[name].min() <= 0]
            changed = sample
            for name in turned:
                changed = changed.replacing(name, factor * arrays[name])
            if turned:
                yield f"{' and '.join(turned)} {words}", changed
