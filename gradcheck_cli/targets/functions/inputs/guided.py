"""A search among proposals that is led by how far the code came: the farther, the sooner its neighbours are tried.

Where a call raises, the instruction at which it stood is known. What goes on from the choice that came farthest needs
as many tries as there are proposals for each parameter, and not their product.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TypeAlias

from gradcheck_cli.targets.functions.inputs.proposals import Proposal

Reached: TypeAlias = tuple[int, ...]
"""How far a call came; the larger, the farther. The forward ends at `FORWARD_ENDED`."""
# More lines than any forward has.
FORWARD_ENDED = 1_000_000
# Calls: as many as there are neighbours on the way to some ten steps.
MOST = 1_500
# What names do not tell: rows of a batch, images, matrices of any two lengths, rows that are spread over columns.
UNEQUAL = (
    *("n t d", "n g t d", "n c h w", "n t"),
    *("n d", "d m", "m d", "n m", "m n", "d n", "t d", "v d"),
    *("n 1", "d 1", "1 d", "n", "d", "t", "m", "c"),
)
# On these a lost transpose does not raise.
SQUARE = ("d d", "n d d", "t t", "1", "")
# Whole numbers, one of them larger than every length; a factor.
_ANY_NUMBER = (2, 12, 0.5, True)


def guided(
    options: Sequence[Sequence[Proposal]],
    attempt: Callable[[tuple[int, ...]], Reached | None],
    end: float,
    most: int = MOST,
) -> Iterator[tuple[int, ...]]:
    """The choices on which `attempt` succeeds, as they are found.

    Args:
        options: for each parameter what it may be.
        attempt: tries a choice, a place in each list; None where it fits, else how far it came.
        end: of `time.thread_time`.
        most: how many choices are tried.
    """
    start = (0,) * len(options)
    count = itertools.count()
    waiting: list[tuple[Reached, int, int, int, tuple[int, ...]]] = [((), 0, 0, next(count), start)]
    tried: set[tuple[int, ...]] = set()
    while waiting and len(tried) < most and time.thread_time() < end:
        before, changes, _, _, choice = heapq.heappop(waiting)
        if choice in tried:
            continue
        tried.add(choice)
        progress = attempt(choice)
        if progress is None:
            yield choice
            continue
        # The farthest first, as a heap gives the smallest; what one further change makes of it before two.
        rank = (*(-step for step in progress), 1)
        changes = changes + 1 if rank == before else 1
        for other in _neighbours(choice, options):
            if other not in tried:  # it may wait already, with less hope
                heapq.heappush(waiting, (rank, changes, sum(other), next(count), other))


def _neighbours(choice: tuple[int, ...], options: Sequence[Sequence[Proposal]]) -> Iterator[tuple[int, ...]]:
    for place, proposals in enumerate(options):
        for number in range(len(proposals)):
            if number != choice[place]:
                yield (*choice[:place], number, *choice[place + 1 :])


def progress_of(error: BaseException, file: str) -> Reached:
    """Where a call stood in the user's file when it raised: the instruction of each frame, the outermost first."""
    found: list[int] = []
    frame: TracebackType | None = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == file:
            found.append(frame.tb_lasti)
        frame = frame.tb_next
    return tuple(found)


def further(proposals: Sequence[Proposal], shapes: Sequence[str]) -> list[Proposal]:
    """What a parameter may be besides what its name tells, arrays in these shapes."""
    kinds = {proposal.kind for proposal in proposals}
    if kinds == {"keep"}:
        return list(proposals)
    more = [Proposal("real", axes, is_owed=proposals[-1].is_owed) for axes in shapes]
    if "index" in kinds:
        more = [Proposal("index", axes, below) for axes in ("n", "n t", "t", "") for below in ("v", "d", "n", 2)]
    elif "constant" in kinds:
        more = [*(Proposal("constant", value=value) for value in _ANY_NUMBER), *more]
    return [*proposals, *(proposal for proposal in more if proposal not in proposals)]
