"""Which known word a misspelt one stands for. Standard library only, and only what is truly near."""

from __future__ import annotations

from collections.abc import Iterable

# One slip of the keyboard in every three letters: "nwhc" is "nhwc", "tolerence" "tolerance", "nofile" no "broken".
LETTERS_PER_SLIP = 3
# Who leaves the end away has typed at least this much: "conv_back" for "conv_backward".
BEGINNING = 4


def nearest(word: str, words: Iterable[str], most: int = 1) -> list[str]:
    """Those of `words` that `word` may be a slip of, the nearest first; [] where none is truly near.

    A slip is a letter that is wrong, missing or too many, or two letters in the other's place. A beginning of a word
    is near too, after those.
    """
    known = list(dict.fromkeys(words))
    counted = sorted((slips(word.lower(), other.lower()), other) for other in known)
    near = [other for count, other in counted if count <= max(len(word), len(other)) // LETTERS_PER_SLIP]
    begun = [other for other in known if len(word) >= BEGINNING and other.lower().startswith(word.lower())]
    return list(dict.fromkeys([*near, *begun]))[:most]


def did_you_mean(word: str, words: Iterable[str]) -> str | None:
    """A sentence that offers the nearest of `words`, or None where none is near."""
    found = nearest(word, words)
    return f"did you mean {found[0]!r}?" if found else None


def slips(one: str, other: str) -> int:
    """How many slips of the keyboard make one word of the other, each letter being touched once."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, there in enumerate(other, 1):
            count = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != there))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == there:
                count = min(count, earlier[j - 2] + 1)
            row.append(count)
    return row[-1]
