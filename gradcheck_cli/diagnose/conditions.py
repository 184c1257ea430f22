"""Conditions on a geometry ("padding = 0"): which of them agree with what was seen, and what would tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import combinations
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Size
from gradcheck_cli.model.errors import GeometryError

Result = tuple[ConvSpec, bool]
Predicate = Callable[[ConvSpec], bool]


def _more(name: str, count: int, spec: ConvSpec) -> bool:
    return int(getattr(spec, name)) > count


def _no_multiple(name: str, count: int, spec: ConvSpec) -> bool:
    return int(getattr(spec, name)) % count > 0


def _sides(spec: ConvSpec) -> tuple[Size, Size]:
    """The padding of the rows (above, below) and of the columns (left, right)."""
    (top, left), (bottom, right) = spec.padding, spec.padding_after
    return (top, bottom), (left, right)


def _in_blocks(name: str, words: str) -> tuple[tuple[str, str, Predicate], ...]:
    """Code that handles channels in blocks is wrong past the first, or where the last is not full."""
    more = [(f"{words} > {k}", f"{words} <= {k}", partial(_more, name, k)) for k in (2, 3, 4, 8, 16, 32)]
    rest = [
        (f"{words} are no multiple of {k}", f"{words} are a multiple of {k}", partial(_no_multiple, name, k))
        for k in (2, 4, 8)
    ]
    return (*more, *rest)


# (phrase when it holds, phrase when it does not, test). The order decides between conditions that nothing tells apart.
CONDITIONS: tuple[tuple[str, str, Predicate], ...] = (
    ("batch > 1", "batch = 1", lambda spec: spec.batch > 1),
    ("padding = 0", "padding > 0", lambda spec: not spec.is_padded),
    (
        "padding differs between the sides",
        "padding is the same on both sides",
        lambda spec: not spec.is_symmetric,
    ),
    ("stride > 1", "stride = 1", lambda spec: max(spec.stride) > 1),
    ("a remainder is left over", "no remainder is left over", lambda spec: max(spec.remainder) > 0),
    ("dilation > 1", "dilation = 1", lambda spec: max(spec.dilation) > 1),
    ("groups > 1", "groups = 1", lambda spec: spec.groups > 1),
    ("in channels > 1", "in channels = 1", lambda spec: spec.in_channels > 1),
    ("out channels > 1", "out channels = 1", lambda spec: spec.out_channels > 1),
    ("the kernel is larger than 1x1", "the kernel is 1x1", lambda spec: spec.kernel_size != (1, 1)),
    (
        "the kernel is not square",
        "the kernel is square",
        lambda spec: spec.kernel_size[0] != spec.kernel_size[1],
    ),
    ("the image is not square", "the image is square", lambda spec: spec.height != spec.width),
    (
        "the kernel has an even side",
        "the kernel has odd sides",
        lambda spec: any(side % 2 == 0 for side in spec.kernel_size),
    ),
    ("padding differs from 1", "padding = 1", lambda spec: _sides(spec) != ((1, 1), (1, 1))),
    (
        "padding differs from (kernel - 1) / 2",
        "padding = (kernel - 1) / 2",
        lambda spec: any(2 * p != e - 1 for sides, e in zip(_sides(spec), spec.extent, strict=True) for p in sides),
    ),
    (
        "stride or padding differ between rows and columns",
        "stride and padding are the same for rows and columns",
        lambda spec: spec.stride[0] != spec.stride[1] or _sides(spec)[0] != _sides(spec)[1],
    ),
    ("in and out channels differ", "in and out channels agree", lambda spec: spec.in_channels != spec.out_channels),
    ("there is more than one output", "there is one output", lambda spec: spec.output_size != (1, 1)),
    ("there is more than one row of outputs", "there is one row of outputs", lambda spec: spec.output_size[0] > 1),
    (
        "there is more than one column of outputs",
        "there is one column of outputs",
        lambda spec: spec.output_size[1] > 1,
    ),
    ("the output is not square", "the output is square", lambda spec: spec.output_size[0] != spec.output_size[1]),
    (
        "the image is wider than high",
        "the image is not wider than high",
        lambda spec: spec.width > spec.height,
    ),
    (
        "the image is higher than wide",
        "the image is not higher than wide",
        lambda spec: spec.height > spec.width,
    ),
    (
        "the output is wider than high",
        "the output is not wider than high",
        lambda spec: spec.output_size[1] > spec.output_size[0],
    ),
    (
        "the output is higher than wide",
        "the output is not higher than wide",
        lambda spec: spec.output_size[0] > spec.output_size[1],
    ),
    (
        "the kernel is wider than high",
        "the kernel is not wider than high",
        lambda spec: spec.kernel_size[1] > spec.kernel_size[0],
    ),
    (
        "the kernel is higher than wide",
        "the kernel is not higher than wide",
        lambda spec: spec.kernel_size[0] > spec.kernel_size[1],
    ),
    (
        "stride differs between rows and columns",
        "stride is the same for rows and columns",
        lambda spec: spec.stride[0] != spec.stride[1],
    ),
    (
        "padding differs between rows and columns",
        "padding is the same for rows and columns",
        lambda spec: _sides(spec)[0] != _sides(spec)[1],
    ),
    (
        "padding = 0 on a side",
        "padding > 0 on every side",
        lambda spec: min(*spec.padding, *spec.padding_after) == 0,
    ),
    ("padding of the rows = 0", "padding of the rows > 0", lambda spec: _sides(spec)[0] == (0, 0)),
    ("padding of the columns = 0", "padding of the columns > 0", lambda spec: _sides(spec)[1] == (0, 0)),
    ("in channels > out channels", "in channels <= out channels", lambda spec: spec.in_channels > spec.out_channels),
    ("in channels < out channels", "in channels >= out channels", lambda spec: spec.in_channels < spec.out_channels),
    *_in_blocks("in_channels", "in channels"),
    *_in_blocks("out_channels", "out channels"),
)

# Both senses of each row, one after the other, as in the rows of `truths`.
_SENSES = tuple(phrase for yes, no, _ in CONDITIONS for phrase in (yes, no))
_PLACES = {phrase: place for place, phrase in enumerate(_SENSES)}
# Geometries that mixtures are made of, and how many products the largest of them may have: each is asked of the user's
# code, which may be seven nested loops.
_MIXED = 16
_LARGEST = 50_000
# So many geometries that are alike to all fitting conditions are refused before their kind counts as refused.
_REFUSALS_OF_A_KIND = 2


@dataclass(frozen=True)
class Condition:
    """One row of the table, or two of them joined."""

    first: int
    second: int | None = None
    both: bool = True

    @property
    def phrase(self) -> str:
        """ "padding = 0", "batch > 1 and stride > 1"."""
        first = _SENSES[self.first]
        if self.second is None:
            return first
        return f"{first} {'and' if self.both else 'or'} {_SENSES[self.second]}"

    def over(self, table: Array) -> Array:
        """Whether it holds, for each column of `truths`."""
        one: Array = table[self.first]
        if self.second is None:
            return one
        other: Array = table[self.second]
        return np.logical_and(one, other) if self.both else np.logical_or(one, other)

    def holds(self, spec: ConvSpec) -> bool:
        """Whether it holds on one geometry."""
        return bool(self.over(truths((spec,)))[0])


def parsed(phrase: str) -> Condition | None:
    """The condition that a phrase stands for; None where it is about something else than the geometry."""
    if phrase in _PLACES:
        return Condition(_PLACES[phrase])
    for word, both in ((" and ", True), (" or ", False)):
        for first, place in _PLACES.items():
            if phrase.startswith(first + word) and phrase.removeprefix(first + word) in _PLACES:
                return Condition(place, _PLACES[phrase.removeprefix(first + word)], both)
    return None


@lru_cache(maxsize=64)
def truths(specs: tuple[ConvSpec, ...]) -> Array:
    """(rows of the table, geometries): whether each row holds on each geometry."""
    holds = np.array([_column(spec) for spec in specs], dtype=bool).reshape(len(specs), len(CONDITIONS)).T
    return np.stack([holds, ~holds], axis=1).reshape(len(_SENSES), len(specs))


@lru_cache(maxsize=2**14)
def _column(spec: ConvSpec) -> tuple[bool, ...]:
    """Each row's test on one geometry; the same ones come again with every answer."""
    return tuple(test(spec) for _, _, test in CONDITIONS)


def fitting(results: Sequence[Result]) -> list[Condition]:
    """The conditions that hold exactly where it is wrong: rows of the table, where none does pairs of them.

    Args:
        results: geometry and whether the gradient is right there.

    Returns:
        Nothing where it is never or always wrong.
    """
    wrong: Array = np.array([not right for _, right in results], dtype=bool)
    if not wrong.any() or wrong.all():
        return []
    table = truths(tuple(spec for spec, _ in results))
    alone = [Condition(int(place)) for place in np.flatnonzero((table == wrong).all(axis=1))]
    return alone or [*_pairs(table, wrong, both=True), *_pairs(table, wrong, both=False)]


def _pairs(table: Array, wrong: Array, *, both: bool) -> Iterator[Condition]:
    """Joined by "and", each row holds wherever it is wrong; joined by "or", nowhere else."""
    can = (table | ~wrong).all(axis=1) if both else (wrong | ~table).all(axis=1)
    useful = [int(place) for place in np.flatnonzero(can & table.any(axis=1) & ~table.all(axis=1))]
    for first, second in combinations(useful, 2):
        found = Condition(first, second, both)
        if np.array_equal(found.over(table), wrong):
            yield found


def deciding(results: Sequence[Result], avoid: frozenset[ConvSpec] = frozenset()) -> ConvSpec | None:
    """A geometry on which the fitting conditions disagree, about half against half; None where none tells them apart.

    Args:
        results: see `fitting`.
        avoid: geometries that were refused; where two of one kind were, the others of that kind are not asked.
    """
    rivals = fitting(results)
    pool, votes = _open(rivals, results, avoid)
    if not pool:
        return None
    return pool[int(np.argmin(np.abs(2 * votes.sum(axis=1) - len(rivals))))]


def _open(
    rivals: Sequence[Condition], results: Sequence[Result], refused: frozenset[ConvSpec]
) -> tuple[list[ConvSpec], Array]:
    """The geometries that can be asked and on which the rivals disagree, and which of them hold there (a row each)."""
    pool = _new(results, refused)
    if len(rivals) < 2 or not pool:
        return [], np.zeros((0, len(rivals)), dtype=bool)
    votes = _votes(rivals, pool)
    dead = Counter(row.tobytes() for row in _votes(rivals, tuple(refused)))
    kept = [
        place
        for place, row in enumerate(votes)
        if row.any() and not row.all() and dead[row.tobytes()] < _REFUSALS_OF_A_KIND
    ]
    return [pool[place] for place in kept], votes[kept]


def _votes(rivals: Sequence[Condition], specs: tuple[ConvSpec, ...]) -> Array:
    table = truths(specs)
    return np.ascontiguousarray(np.array([rival.over(table) for rival in rivals], dtype=bool).T)


def settled(results: Sequence[Result], right: Predicate, most: int) -> list[Result]:
    """The results, and those of the geometries that tell the fitting conditions apart, at most so many.

    Args:
        results: see `fitting`.
        right: answers for a further geometry.
    """
    found = list(results)
    while len(found) < len(results) + most:
        spec = deciding(found)
        if spec is None:
            break
        found.append((spec, right(spec)))
    return found


def confirming(results: Sequence[Result], avoid: frozenset[ConvSpec], count: int) -> list[ConvSpec]:
    """Fresh geometries on which the condition that is left can fail: in turn where it holds and where it does not."""
    found = fitting(results)[:1]
    pool = _new(results, avoid)
    if not found or not pool:
        return []
    holds = found[0].over(truths(pool))
    sides = [[spec for spec, held in zip(pool, holds, strict=True) if held == side] for side in (True, False)]
    turns = [side[(number * len(side)) // count] for number in range(count) for side in sides if side]
    return list(dict.fromkeys(turns))[:count]


def _new(results: Sequence[Result], avoid: frozenset[ConvSpec]) -> tuple[ConvSpec, ...]:
    asked = {spec for spec, _ in results} | avoid
    return tuple(spec for spec in mixtures(tuple(spec for spec, _ in results)) if spec not in asked)


@lru_cache(maxsize=64)
def mixtures(specs: tuple[ConvSpec, ...]) -> tuple[ConvSpec, ...]:
    """Geometries like the given ones but for one thing, which is as in another of them; the cheapest first.

    What a target takes one by one it most likely takes together, so these can be asked.
    """
    chosen = sorted(dict.fromkeys(specs), key=_cost)[:_MIXED]
    found: dict[ConvSpec, None] = {}
    for spec in chosen:
        for change in _changes(specs):
            try:
                found.setdefault(replace(spec, **change))
            except GeometryError:
                continue
    return tuple(sorted((spec for spec in found if _cost(spec) <= _LARGEST), key=_cost))


def _changes(specs: Sequence[ConvSpec]) -> list[dict[str, Any]]:
    """Every value that one of the geometries has, thing by thing; the image also turned, square, or as the kernel."""
    sizes = {(spec.height, spec.width) for spec in specs}
    sizes |= {(width, height) for height, width in sizes} | {(height, height) for height, _ in sizes}
    sizes |= {spec.kernel_size for spec in specs}
    changes: list[dict[str, Any]] = [{"height": height, "width": width} for height, width in sorted(sizes)]
    margins = sorted({(spec.padding, spec.extra_after) for spec in specs})
    changes += [{"padding": padding, "extra_after": extra} for padding, extra in margins]
    for name in ("batch", "in_channels", "out_channels", "kernel_size", "stride", "dilation"):
        changes += [{name: value} for value in sorted({getattr(spec, name) for spec in specs})]
    return changes


def _cost(spec: ConvSpec) -> int:
    """Products of one gradient."""
    return spec.terms * spec.out_channels * spec.in_channels // spec.groups * spec.kernel_size[0] * spec.kernel_size[1]


def condition(
    results: Sequence[Result], elsewhere: Sequence[Result] = (), refused: frozenset[ConvSpec] = frozenset()
) -> str:
    """The condition under which it is wrong ("padding = 0"), true of every result.

    Args:
        results: geometry and whether the gradient is right there.
        elsewhere: further results, of geometries unlike any that would be asked: the condition holds there too.
        refused: geometries that cannot be asked.

    Returns:
        "" where it is never wrong, always wrong, or no condition (or pair of them) agrees with all results; also where
        several do that differ on a geometry which was not asked: one of them would be a guess.
    """
    found = fitting([*results, *elsewhere])
    return found[0].phrase if found and not _open(found, results, refused)[0] else ""
