"""Which conditions on a geometry ("padding = 0") agree with what was seen, and what would tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np

from gradcheck_cli.diagnose.pool import attacks, mirrored, mixtures, with_sizes
from gradcheck_cli.diagnose.table import BlockSize, Condition, axis_of, speaking, truths
from gradcheck_cli.layers.geometries import products
from gradcheck_cli.model import Array, ConvSpec

Result = tuple[ConvSpec, bool]
Known = tuple[Sequence[Result], frozenset[ConvSpec]]
# So many geometries that are alike to all fitting conditions are refused before their kind counts as refused.
_REFUSALS_OF_A_KIND = 2
# Where a condition can fail it is asked so often, on each side of it.
CONFIRMING = 3
# "Either this or that" holds nearly everywhere: where few geometries are right, some such pair fits by accident.
_RIGHT_FOR_EITHER = 8


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
    specs = tuple(spec for spec, _ in results)
    table, spoken = truths(specs), speaking(specs)
    alone = [Condition(int(place)) for place in np.flatnonzero((table == wrong).all(axis=1) & spoken)]
    return alone or [*_pairs(table, wrong, spoken, both=True), *_pairs(table, wrong, spoken, both=False)]


def _pairs(table: Array, wrong: Array, spoken: Array, *, both: bool) -> Iterator[Condition]:
    """Joined by "and", each row holds wherever it is wrong; joined by "or", nowhere else."""
    can = (table | ~wrong).all(axis=1) if both else (wrong | ~table).all(axis=1)
    if not both and (~wrong).sum() < _RIGHT_FOR_EITHER:
        return
    useful = np.flatnonzero(can & spoken & table.any(axis=1) & ~table.all(axis=1))
    for _, group in groupby(useful.tolist(), axis_of):
        # Not "out channels > 8 and rows of outputs > 4": with so many sizes, some such pair fits anything.
        places = list(group)
        found = [
            pair for number in range(len(places)) for pair in _pairs_with(table, wrong, places[number:], both=both)
        ]
        # Among those that nothing tells apart: "> 8 and no multiple of 8" before "> 7 and no multiple of 8".
        yield from sorted(found, key=lambda condition: len({number for _, number in condition.blocks}))


def _pairs_with(table: Array, wrong: Array, places: Sequence[int], *, both: bool) -> list[Condition]:
    """The first of these rows with each of the others, where the two hold exactly where it is wrong."""
    first, others = table[places[0]], table[list(places[1:])]
    joined = others & first if both else others | first
    fits = np.flatnonzero((joined == wrong).all(axis=1))
    return [Condition(places[0], places[1 + place], both) for place in fits.tolist()]


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
    is_open = len(rivals) > 1
    pool = _new(results, refused, [block for rival in rivals for block in rival.blocks]) if is_open else ()
    if not pool:
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


def settled(results: Sequence[Result], right: Callable[[ConvSpec], bool], most: int) -> list[Result]:
    """The results, and those of the geometries that tell the fitting conditions apart, or refute the one that is left.

    Args:
        results: see `fitting`.
        right: answers for a further geometry.
        most: how many further ones are asked; a round that was begun is asked to its end.
    """
    found = list(results)

    def ask(specs: Sequence[ConvSpec]) -> bool:
        found.extend([(spec, right(spec)) for spec in specs])
        return len(found) < len(results) + most

    settle(lambda: (tuple(found), frozenset()), ask)
    return found


def settle(known: Callable[[], Known], ask: Callable[[Sequence[ConvSpec]], bool]) -> None:
    """Ask about one geometry that decides, or several that may refute what is left, look again, and so on.

    It ends where the condition that is left stood the attempt to refute it.

    Args:
        known: the results up to now, and what is not to be asked; see `deciding`.
        ask: asks about these geometries, so that `known` knows more afterwards; False where no more can be asked.
    """
    going = True
    while going:
        results, avoid = known()
        spec = deciding(results, avoid)
        if spec is not None:
            going = ask([spec])
            continue
        going = ask(confirming(results, avoid, CONFIRMING))
        going = going and fitting(results)[:1] != fitting(known()[0])[:1]


def confirming(results: Sequence[Result], avoid: frozenset[ConvSpec], count: int) -> list[ConvSpec]:
    """Fresh geometries on which the condition that is left can fail: in turn where it holds and where it does not.

    Of two conditions joined, each is also asked without the other, `count` times: that both count is to be shown. A
    condition on a size is asked beside the size, at its multiples and beside these, twice as often.
    """
    found = fitting(results)[:1]
    pool = _new(results, avoid) if found else ()
    if not pool:
        return []
    table = truths(pool)
    parts = [found[0].over(table), *(part.over(table) for part in found[0].parts)]
    kinds: dict[tuple[bool, ...], list[ConvSpec]] = {}
    for place, spec in enumerate(pool):
        kinds.setdefault(tuple(bool(part[place]) for part in parts), []).append(spec)
    sides = sorted(kinds.values(), key=len)
    turns = [side[(number * len(side)) // count] for number in range(count) for side in sides]
    most = count * max(1, len(sides) - 1)
    wrong = tuple(spec for spec, right in results if not right)
    # Code that takes one side for the other is wrong one way round, and wrong otherwise or raises the other way round.
    turned = mirrored(wrong) if found[0].is_lopsided else ()
    beside = [spec for spec in (*turned, *attacks(wrong, found[0].blocks)) if spec not in _asked(results, avoid)]
    return [*list(dict.fromkeys(turns))[:most], *[spec for spec in beside if spec not in turns][: 2 * count]]


def _asked(results: Sequence[Result], avoid: frozenset[ConvSpec]) -> frozenset[ConvSpec]:
    return avoid | {spec for spec, _ in results}


def _new(
    results: Sequence[Result], avoid: frozenset[ConvSpec], blocks: Sequence[tuple[BlockSize, int]] = ()
) -> tuple[ConvSpec, ...]:
    asked, specs = _asked(results, avoid), tuple(spec for spec, _ in results)
    # Code for square kernels raises on others, or spreads one row over several without a word: of no interest here.
    right = tuple(spec for spec, is_right in results if is_right)
    pool = dict.fromkeys([*mixtures(specs, right or None), *with_sizes(specs, blocks)])
    return tuple(sorted((spec for spec in pool if spec not in asked), key=products))


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
    if not any(right for _, right in results):
        # Only what made an example smaller was right: of one size after the other, so all of them look like the reason.
        found = [one for one in found if not one.blocks]
    return found[0].phrase if found and not _open(found, results, refused)[0] else ""
