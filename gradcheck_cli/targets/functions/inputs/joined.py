"""Shapes that code asks for: each axis has its own length at first, and lengths that a call cannot join become one.

`x @ A @ x - b @ x` says of a vector, a matrix and a vector by what it raises that all four lengths are one; no names
are needed, and what is not asked for stays unequal.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, drawn
from gradcheck_cli.targets.functions.inputs.fitting import fitted
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.total_loss import with_totals

# Lengths that are no sum and no product of two others of a call, small enough for loops.
_LENGTHS: Mapping[str, int] = dict(
    zip("abcdefghijklmno", (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53), strict=True)
)
# What they are called in a choice: letters of unequal lengths in both sets of sizes, but for the last two.
_CALLED = ("n", "d", "m", "t", "v", "c", "w")
# Numbers, vectors, matrices and stacks of them; an image has no room among these lengths.
_MOST_AXES = 3
# Ways to give each argument so many axes: enough for five that are each a vector or a matrix.
_MOST_WAYS = 120
# Of these, the best few: each that fits is tried with other settings too.
_MOST_FOUND = 6
# What may be put in the place of axes of other lengths.
_SHAPED = ("real", "small", "positive", "unit", "index", "mask", "one-hot", "shares")
# Of labels, so many classes that every axis is longer.
_CLASSES = 2

_SHAPE = r"\(([\d, ]*)\)"
# What numpy and torch say of two lengths that do not fit.
_LENGTHS_SAID = tuple(
    map(
        re.compile,
        (
            r"size (\d+) is different from (\d+)",
            r"not aligned: (\d+) \(dim \d+\) != (\d+)",
            r"has size (\d+) and the array at index \d+ has size (\d+)",
            r"cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)",
            r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\)",
            r"boolean index did not match .* size of axis is (\d+) but size of corresponding boolean axis is (\d+)",
        ),
    )
)
# And of two shapes, whose last axes lie above each other.
_SHAPES_SAID = tuple(
    map(re.compile, (rf"together with shapes {_SHAPE} {_SHAPE}", rf"from shape {_SHAPE} into shape {_SHAPE}"))
)


def joined(form: WrittenFunction, listed: Sequence[Sequence[Proposal]], seed: int, end: float) -> list[ProposalChoice]:
    """Choices on which the forward runs, the best first.

    On the best the backward runs too, what is handed no G gives one number, and few axes of one array are equally long.

    Args:
        listed: what each parameter may be, the likeliest first.
        end: of `time.thread_time`.
    """
    if any(options[0].kind == "length" for options in listed):  # it says a length of its own
        return []
    kinds = [_kinds(options) for options in listed]
    found: list[tuple[tuple[bool, bool, int], ProposalChoice]] = []
    for places in itertools.islice(by_rank([len(each) for each in kinds]), _MOST_WAYS):
        if time.thread_time() > end:
            break
        choice = _apart(form, [each[place] for each, place in zip(kinds, places, strict=True)])
        met = None if choice is None else _met(form, choice, seed)
        called = None if met is None else _called(met.choice)
        if met is not None and called is not None:
            found.append(((not met.ended, not met.is_number, _squares(called)), called))
    return [choice for _, choice in sorted(found, key=lambda each: each[0])][:_MOST_FOUND]


@dataclass(frozen=True)
class _Met:
    """What a choice became.

    Attributes:
        ended: the backward did.
        is_number: it goes back from one number, or is handed a G.
    """

    choice: ProposalChoice
    ended: bool
    is_number: bool


def _squares(choice: ProposalChoice) -> int:
    """How many axes are as long as another one of their array."""
    axes = [each.axes.split() for each in choice.values()]
    return sum(len(each) - len(set(each)) for each in axes)


def _kinds(options: Sequence[Proposal]) -> Sequence[Proposal]:
    """Of the proposals for one parameter the first of each number of axes, and what has no axes at all as it is."""
    if options[0].kind not in _SHAPED:
        return options[:1]
    firsts: dict[int, Proposal] = {}
    for each in options:
        count = len(each.axes.split())
        if each.kind in _SHAPED and count <= _MOST_AXES and "+" not in each.axes:
            firsts.setdefault(count, each)
    if options[0].kind != "index":
        for count in (1, 2):
            firsts.setdefault(count, replace(options[0], axes=""))
    return [replace(each, axes=" ".join("?" * count)) for count, each in firsts.items()]


def _apart(form: WrittenFunction, options: Sequence[Proposal]) -> ProposalChoice | None:
    """With a letter of its own for each axis; None where there are too many."""
    letters = iter(_LENGTHS)
    try:
        return {
            item.name: replace(
                each,
                axes=" ".join(next(letters) if axis == "?" else axis for axis in each.axes.split()),
                below=_CLASSES if each.kind == "index" else each.below,
            )
            for item, each in zip(form.parameters, options, strict=True)
        }
    except (StopIteration, RuntimeError):
        return None


def _met(form: WrittenFunction, choice: ProposalChoice, seed: int) -> _Met | None:
    """With the lengths made one that the calls ask for, the forward's before the backward's.

    None where the forward raises for another reason.
    """
    for _ in _LENGTHS:
        sample = drawn(choice, _LENGTHS, seed)
        ready, outputs = form, tuple[Array, ...]()
        error: BaseException | None = None
        try:
            ready = next(with_totals(form, sample)) if isinstance(form, PairForm) and form.wiring is None else form
            outputs = ready.forward(sample.values)
            error = fitted(ready, sample, outputs).error
        except Exception as raised:  # whatever the user's code raises
            error = raised
        closer = None if error is None else _closer(choice, error)
        if closer is None:
            is_bare = isinstance(ready, PairForm) and ready.is_bare
            met = _Met(choice, error is None, not is_bare or sum(out.size for out in outputs) == 1)
            return met if outputs else None
        choice = closer
    return None


def _closer(choice: ProposalChoice, error: BaseException) -> ProposalChoice | None:
    """The choice with the two lengths made one that do not fit; None where the error is about something else."""
    axes = [_axis_of(length, choice) for length in lengths_said(str(error))]
    if not all(axes) or all(axis.isdigit() for axis in axes) or not axes:
        return None
    return _with_one(choice, *sorted(axes))  # what is given as a number stays


def _axis_of(length: int, choice: ProposalChoice) -> str:
    """The axis of a choice that is so long; "" where none is."""
    used = {axis for each in choice.values() for axis in each.axes.split()}
    letter = next((letter for letter, own in _LENGTHS.items() if own == length and letter in used), "")
    return letter or (str(length) if str(length) in used else "")


def lengths_said(text: str) -> tuple[int, ...]:
    """The two lengths that an exception says do not fit; () where it says none."""
    for pattern in _LENGTHS_SAID:
        if found := pattern.search(text):
            return int(found[1]), int(found[2])
    for pattern in _SHAPES_SAID:
        if found := pattern.search(text):
            one, other = ([int(length) for length in each.split(",") if length.strip()] for each in found.groups())
            pairs = zip(reversed(one), reversed(other), strict=False)
            return next(((left, right) for left, right in pairs if left != right and 1 not in (left, right)), ())
    return ()


def _with_one(choice: ProposalChoice, kept: str, left: str) -> ProposalChoice:
    return {
        name: replace(each, axes=" ".join(kept if axis == left else axis for axis in each.axes.split()))
        for name, each in choice.items()
    }


def _called(choice: ProposalChoice) -> ProposalChoice | None:
    """In the letters of every other choice."""
    used = list(dict.fromkeys(letter for each in choice.values() for letter in each.axes.split() if letter in _LENGTHS))
    if len(used) > len(_CALLED):
        return None
    names = dict(zip(used, _CALLED, strict=False))
    return {
        name: replace(each, axes=" ".join(names.get(axis, axis) for axis in each.axes.split()))
        for name, each in choice.items()
    }
