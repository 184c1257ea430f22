"""Which edits give exactly the user's gradient: one, one times a factor, or two together, on every sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradcheck_cli.diagnose.edits.factors import NamedFactor, named
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.model import Array

if TYPE_CHECKING:
    from gradcheck_cli.model.recording import Ref
    from gradcheck_cli.oracles.graph.edits import Edit, Effect

# The stages of edits that are plain enough to be one of two.
_STAGES_OF_PAIRS = 2
# Not told in pairs: a value that is taken for another changes what every other edit does.
_ALONE = frozenset({"diagonal", "value", "given"})
# A cut times a factor is the same edge scaled: fitted, and named.
_SCALED = frozenset({"cut", "constant"})


@dataclass(frozen=True)
class EditCause:
    """Edits that together give the gradient.

    Attributes:
        edits: one or two.
        scale: of a cut, what its message is multiplied by instead; None for 0.
        times: what the whole gradient is multiplied by besides; None for 1.
        way: the use of the input, node and operand, by which alone they come to it; None for all of its uses.
    """

    edits: tuple[Edit, ...]
    scale: NamedFactor | None = None
    times: NamedFactor | None = None
    way: Ref | None = None


def single_causes(name: str, seen: Sequence[Observed]) -> Iterator[EditCause]:
    """The causes of one edit that hold on every sample: all of the first stage of edits that has any.

    Args:
        name: of a wrong gradient.
        seen: samples whose forwards do the same operations, each as often as its sizes have it, the first wrong.
    """
    generic, multiple = _is_generic(name, seen), all(is_multiple(name, each) for each in seen)
    for stage in range(seen[0].stages):
        found = [cause for cause in _of_stage(name, seen, stage) if generic or not _is_weak(cause)]
        found = [cause for cause in found if not multiple or cause.edits[0].kind != "message"]
        if found:
            yield from found
            return


# Of a quotient of two numbers, to be a whole one.
_WHOLE = 1e-6
# The smallest count, at most: rows of a sample are short.
_LARGEST_COUNT = 12
_WEAK = frozenset({"message", "weighed", "factor"})


def _is_generic(name: str, seen: Sequence[Observed]) -> bool:
    """Whether what is wrong is more than counts of one number: these agree with many an edit by chance."""
    return any(_has_real_numbers(each.difference(name), each.allowed(name)) for each in seen)


def is_multiple(name: str, seen: Observed) -> bool:
    """Whether it is the right one times a number: a rearrangement of equal entries gives that too, and says less."""
    actual, right = np.asarray(seen.gradients[name], np.float64), seen.editor.right[name]
    size = float(np.vdot(right, right))
    return size > 0 and seen.agrees(actual, right * (np.vdot(right, actual) / size), name)


def _has_real_numbers(difference: Array, allowed: float) -> bool:
    """One entry says nothing of it; of several, the quotients by the smallest are fractions where they are counts."""
    wrong = np.abs(difference[np.abs(difference) > allowed])
    if difference.size == 1 or not len(wrong):
        return len(wrong) == 1
    quotients = wrong / wrong.min()
    multiples = np.outer(np.arange(1, _LARGEST_COUNT + 1), quotients)
    return bool(np.all(np.any(np.abs(multiples - np.rint(multiples)) > _WHOLE, axis=1)))


def _is_weak(cause: EditCause) -> bool:
    """Of an edit of which there are many, so that one of them may agree with a few numbers by chance."""
    (edit,) = cause.edits
    return cause.way is not None or edit.kind in _WEAK or edit.turns not in (None, "every")


def _of_stage(name: str, seen: Sequence[Observed], stage: int) -> Iterator[EditCause]:
    for effect in seen[0].effects(stage):
        if name not in effect.added or not any(_of_one(name, [effect], seen[:1])):
            continue
        yield from _of_one(name, [effect, *_others(effect.edit, name, seen)], seen)


def _others(edit: Edit, name: str, seen: Sequence[Observed]) -> Iterator[Effect]:
    """The same edit on all but the first. Where it changes nothing, as a bound that no value reaches, the user must be
    right."""
    from gradcheck_cli.oracles.graph.edits import Effect

    for each in seen[1:]:
        there = each.edit_of(edit, seen[0])
        effect = None if there is None else each.effect(there)
        if effect is not None and name in effect.added:
            yield effect
        else:
            yield Effect(edit, {name: np.zeros_like(each.editor.right[name])})


def _of_one(name: str, effects: Sequence[Effect], seen: Sequence[Observed]) -> Iterator[EditCause]:
    edit = effects[0].edit
    pairs = list(zip(effects, seen, strict=True))
    if all(each.agrees(each.difference(name), effect.added[name], name) for effect, each in pairs):
        yield EditCause((edit,))
        return
    if edit.kind in _SCALED:
        scales = [1 - _quotient(each.difference(name), effect.added[name]) for effect, each in pairs]
        fits = all(
            each.agrees(each.difference(name), (1 - scale) * effect.added[name], name)
            for scale, (effect, each) in zip(scales, pairs, strict=True)
        )
        scale = named(scales, [each.lengths for each in seen]) if fits else None
        if scale is not None:
            yield EditCause((edit,), scale=scale)
            return
    if edit.kind == "diagonal":  # of those there are so many that a factor besides would agree by chance
        return
    times = _times([effect.added[name] + each.editor.right[name] for effect, each in pairs], name, seen)
    if times is not None:
        yield EditCause((edit,), times=times)
        return
    for way in effects[0].uses.get(name, ()):
        if all(
            each.agrees(each.difference(name), _by(way, effect, name, each, seen[0]), name) for effect, each in pairs
        ):
            yield EditCause((edit,), way=way)


def _by(way: Ref, effect: Effect, name: str, seen: Observed, first: Observed) -> Array | float:
    """What an edit adds by one of the uses of an input."""
    uses = effect.uses.get(name, {})
    there = seen.use_of(way, first)
    # Of an input that has one use here everything comes by it.
    return effect.added[name] if there is None or not uses else uses.get(there, 0.0)


def _times(edited: Sequence[Array], name: str, seen: Sequence[Observed]) -> NamedFactor | None:
    """The factor by which the user's gradient is a multiple of the edited one."""
    users = [np.asarray(each.gradients[name], np.float64) for each in seen]
    factors = [_quotient(user, array) for user, array in zip(users, edited, strict=True)]
    fits = all(
        each.agrees(user, factor * array, name)
        for each, user, factor, array in zip(seen, users, factors, edited, strict=True)
    )
    return named(factors, [each.lengths for each in seen]) if fits else None


def whole_factor(name: str, seen: Sequence[Observed]) -> NamedFactor | None:
    """The factor by which the gradient is a multiple of the right one on every sample."""
    return _times([each.editor.right[name] for each in seen], name, seen)


def _quotient(one: Array, other: Array) -> float:
    """The factor k for which k * other is nearest to one."""
    weight = float(np.vdot(other, other))
    return float(np.vdot(other, one)) / weight if weight else float("nan")


def pairs_of_causes(name: str, seen: Sequence[Observed]) -> Iterator[EditCause]:
    """The causes of two edits that hold on every sample.

    Where neither edit lies before the other their effects add up: two that do are found by one projection of all.
    """
    first = seen[0]
    effects = [
        effect
        for stage in range(_STAGES_OF_PAIRS)
        for effect in first.effects(stage)
        if name in effect.added and effect.edit.kind not in _ALONE
    ]
    if not effects:
        return
    added = np.stack([effect.added[name].ravel() for effect in effects])
    wanted = first.difference(name).ravel()
    for one, other in _sums(added, wanted, first.allowed(name)):
        edits = (effects[one].edit, effects[other].edit)
        if all(_together(edits, name, each, first) for each in seen):
            yield EditCause(edits)


def nested_pairs(name: str, seen: Sequence[Observed]) -> Iterator[EditCause]:
    """The causes of two edits of which one lies before the other, so that it changes what the other does."""
    first = seen[0]
    plain = [effect.edit for effect in first.effects(0) if effect.edit.kind in _LINEAR]
    for edit in plain[:_MOST_OUTER]:
        if first.is_tired:
            return
        editor = first.editor.on_top_of([edit])
        rest = np.asarray(first.gradients[name], np.float64) - editor.right[name]
        for other in plain:
            if other.node > edit.node or other == edit:
                continue
            effect = editor.effect(other)
            if effect is None or name not in effect.added or not first.agrees(rest, effect.added[name], name):
                continue
            if all(_together((edit, other), name, each, first) for each in seen):
                yield EditCause((edit, other))


# Edits that a derivative stays linear with, and plain enough to be one of two.
_LINEAR = frozenset({"cut", "constant", "own", "setting"})
# Each is a graph of its own, on which all others are tried.
_MOST_OUTER = 40


def _together(edits: tuple[Edit, Edit], name: str, seen: Observed, first: Observed) -> bool:
    there = [found for edit in edits if (found := seen.edit_of(edit, first)) is not None]
    gradients = seen.editor.gradients(there) if len(there) == len(edits) else None
    return gradients is not None and seen.agrees(gradients[name], seen.gradients[name], name)


def _sums(added: Array, wanted: Array, allowed: float) -> Iterator[tuple[int, int]]:
    """The rows whose sum is `wanted`: by a projection first, where all sums are one sorted search."""
    direction = np.random.default_rng(0).standard_normal(wanted.size)
    heights, target = added @ direction, float(wanted @ direction)
    slack = allowed * float(np.abs(direction).sum()) * 4
    order = np.argsort(heights)
    low = np.searchsorted(heights[order], target - heights - slack, "left")
    high = np.searchsorted(heights[order], target - heights + slack, "right")
    for one in range(len(heights)):
        for other in order[low[one] : high[one]]:
            if one < other and np.all(np.abs(added[one] + added[other] - wanted) <= 4 * allowed):
                yield one, int(other)
