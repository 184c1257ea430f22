"""How one length may be made of others: "d+1" with the constant, "4m" for four gates, "n+d" of two vectors in a row.

The axes of a choice are words of letters, as in `proposals`; what a letter stands for may become such a word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from string import ascii_lowercase

from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, shape_of

# Lengths of which none is another with 1 more, nor the sum, the double, the triple or four times of others.
LENGTHS: Mapping[str, int] = {letter: 4 * place + 3 for place, letter in enumerate(ascii_lowercase)}
# Gates side by side.
_FACTORS = (2, 3, 4)
# Intercepts, steps between classes; more are no slip of lengths that are told apart by 4.
_A_FEW = 3
# What is left or made of these: no length of anything else.
_MADE = frozenset(
    [one + other for one in LENGTHS.values() for other in (*LENGTHS.values(), 1)]
    + [one - other for one in LENGTHS.values() for other in (*LENGTHS.values(), 1)]
    + [factor * one for one in LENGTHS.values() for factor in _FACTORS]
)
# 275 MiB for an outer product of two. A length that a reshape says may be a product of others, and fit nothing.
_MOST_ENTRIES = 6_000
_LETTER = re.compile(r"[a-z]")


def words_of(choice: ProposalChoice) -> dict[str, int]:
    """The words of all axes, and their lengths."""
    words = dict.fromkeys(word for each in choice.values() for word in each.axes.split())
    return {word: shape_of(word, LENGTHS)[0] for word in words}


def is_small(choice: ProposalChoice) -> bool:
    """Has no array of it so many entries that a product of each with each of another fills the memory?"""
    return all(math.prod(shape_of(each.axes, LENGTHS)) <= _MOST_ENTRIES for each in choice.values())


def joined_at(choice: ProposalChoice, lengths: tuple[int, ...]) -> Iterator[ProposalChoice]:
    """Choices in which two lengths that did not fit are one, or one is made of others; the plainest first."""
    known = words_of(choice)
    left, right = ([word for word, own in known.items() if own == length] for length in lengths)
    for one, other in ((one, other) for one in left for other in right):
        yield from _equal(choice, one, other)
    for words, length in ((left, lengths[1]), (right, lengths[0])):
        for word in words:
            if length not in known.values():
                yield from _in_the_sum(choice, word, length, known)
                yield from _made(choice, word, length, known)
    if not left and not right:  # what is left of a vector, beside what is counted elsewhere
        yield from _longer_by(choice, abs(lengths[0] - lengths[1]), known)


def _longer_by(choice: ProposalChoice, more: int, known: Mapping[str, int]) -> Iterator[ProposalChoice]:
    """Choices in which an axis that is longer than another by a number is so by a few more: "d+1" becomes "d+2"."""
    for word in known if more <= _A_FEW else ():
        base, _, count = word.rpartition("+")
        if count.isdigit():
            yield _in_place_of(choice, word, f"{base}+{int(count) + more}")


def longer(choice: ProposalChoice, length: int) -> Iterator[ProposalChoice]:
    """Choices in which an axis of this length is one of those that are longer."""
    known = words_of(choice)
    for word in (word for word, own in known.items() if own == length):
        for other in (other for other, own in known.items() if own > length):
            yield from _equal(choice, word, other)


def with_gates(choice: ProposalChoice, most: int) -> Iterator[ProposalChoice]:
    """Choices in which one axis is so many times another, where none is yet: the first of a matrix, or its last."""
    words = words_of(choice)
    if any(word[0].isdigit() and not word.isdigit() for word in words):
        return
    letters = [word for word in words if _LETTER.fullmatch(word)]
    matrices = [each.axes.split() for each in choice.values() if len(each.axes.split()) > 1]
    ends = dict.fromkeys([axes[0] for axes in matrices] + [axes[-1] for axes in matrices])
    for word in (word for word in ends if word in letters):
        yield from (_with(choice, word, f"{most}{other}") for other in letters if other != word)


def one_longer(choice: ProposalChoice) -> Iterator[ProposalChoice]:
    """Choices in which a vector is by one longer than an axis of another argument, of which nothing was left before."""
    for name, each in choice.items():
        others = dict.fromkeys(word for key, other in choice.items() if key != name for word in other.axes.split())
        letters = [word for word in others if _LETTER.fullmatch(word)]
        if _LETTER.fullmatch(each.axes):
            wanted = [each.axes] if each.axes in letters else letters
            yield from ({**choice, name: replace(each, axes=f"{word}+1")} for word in wanted)


def _equal(choice: ProposalChoice, one: str, other: str) -> Iterator[ProposalChoice]:
    """A letter becomes what the other is; of two letters the first stays."""
    letters = [word for word in (one, other) if _LETTER.fullmatch(word)]
    if letters:
        left = max(letters)
        kept = other if left == one else one
        if left not in kept:
            yield _with(choice, left, kept)


def _in_the_sum(choice: ProposalChoice, word: str, length: int, known: Mapping[str, int]) -> Iterator[ProposalChoice]:
    """Of a sum, one of its letters becomes another with which it would have this length: a state comes back longer."""
    letters = {each: own for each, own in known.items() if _LETTER.fullmatch(each)}
    for part in (part for part in word.split("+") if "+" in word and part in letters):
        wanted = length - known[word] + letters[part]
        others = (other for other, own in letters.items() if own == wanted and other not in word.split("+"))
        for other in others:
            yield from _equal(choice, part, other)


def _made(choice: ProposalChoice, word: str, length: int, known: Mapping[str, int]) -> Iterator[ProposalChoice]:
    """A letter becomes what would have this length; or the letter that it is made of, what makes it so."""
    letters = {each: own for each, own in known.items() if _LETTER.fullmatch(each)}
    others = {each: own for each, own in letters.items() if each != word}
    if word in letters:
        yield from (
            _with(choice, word, f"{each}+{more}")
            for more in (1, 2)
            for each, own in others.items()
            if own + more == length
        )
        yield from (
            _with(choice, word, f"{factor}{each}")
            for each, own in others.items()
            for factor in _FACTORS
            if factor * own == length
        )
        yield from (
            _with(choice, word, f"{one}+{other}")
            for one, own in others.items()
            for other, also in others.items()
            if one < other and own + also == length
        )
    base, _, more = word.rpartition("+")
    if more.isdigit() and 0 < (now := length - known[word] + int(more)) <= _A_FEW:
        yield _in_place_of(choice, word, f"{base}+{now}")  # `beta, *cuts`: how many cuts there are is said elsewhere
    # What was left of a longer one is too short or too long: `w = params[:-1]`, `v = params[n:]`.
    yield from (
        _with(choice, each, f"{word}+{more}") for more in (1, 2) for each, own in others.items() if own - more == length
    )
    yield from (
        _with(choice, whole, f"{part}+{word}")
        for whole, own in others.items()
        for part, cut in known.items()
        if part != whole and own - cut == length
    )
    if word in letters and length and length not in _MADE:
        yield _with(choice, word, str(length))  # of an array of its module, which nobody hands over


def _with(choice: ProposalChoice, letter: str, word: str) -> ProposalChoice:
    """With a word in the place of a letter; the choice as it is where that cannot be written."""
    found = {
        name: replace(each, axes=" ".join(_put(axis, letter, word) for axis in each.axes.split()))
        for name, each in choice.items()
    }
    return choice if any("?" in each.axes for each in found.values()) else found


def _in_place_of(choice: ProposalChoice, word: str, other: str) -> ProposalChoice:
    """With a whole word in the place of another."""
    return {
        name: replace(each, axes=" ".join(other if axis == word else axis for axis in each.axes.split()))
        for name, each in choice.items()
    }


def _put(axis: str, letter: str, word: str) -> str:
    return "+".join(_put_in_part(part, letter, word) for part in axis.split("+"))


def _put_in_part(part: str, letter: str, word: str) -> str:
    """Twice four gates, or twice a sum, are no word: "?"."""
    factor = part.removesuffix(letter)
    if factor == part or (factor and not factor.isdigit()):
        return part
    return f"{factor}{word}" if not factor or _LETTER.fullmatch(word) else "?"
