"""Combinations of what is likely, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def by_rank(lengths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every tuple of places below these lengths, those of a small sum first."""

    def summing(total: int, left: Sequence[int]) -> Iterator[tuple[int, ...]]:
        if not left:
            if total == 0:
                yield ()
            return
        for place in range(min(total, left[0] - 1) + 1):
            yield from ((place, *rest) for rest in summing(total - place, left[1:]))

    for total in range(sum(length - 1 for length in lengths) + 1):
        yield from summing(total, lengths)
