"""Shapes that code asks for: each axis has its own length at first, and lengths that a call cannot join become one.

`x @ A @ x - b @ x` says of a vector, a matrix and a vector by what it raises that all four lengths are one; no names
are needed, and what is not asked for stays unequal.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice, drawn
from gradcheck_cli.targets.functions.inputs.fitting import Fitted, fitted
from gradcheck_cli.targets.functions.inputs.lengths_said import leaves_nothing, lengths_said, too_short
from gradcheck_cli.targets.functions.inputs.parameters import chosen_from, stands_in_arithmetic
from gradcheck_cli.targets.functions.inputs.proposals import REAL, SIZES, Proposal, is_bias_name
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.inputs.relations import (
    LENGTHS,
    is_small,
    joined_at,
    longer,
    one_longer,
    with_gates,
    words_of,
)
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.spelling import is_target
from gradcheck_cli.targets.functions.total_loss import ready_forms

# What they are called in a choice: letters of unequal lengths in both sets of sizes, but for the last two.
_CALLED = ("n", "d", "m", "t", "v", "c", "w")
# Numbers, vectors, matrices and stacks of them; an image has no room among these lengths.
_MOST_AXES = 3
# Ways to give each argument so many axes: enough for five that are each a vector or a matrix.
_MOST_WAYS = 120
# Calls for one of these ways: five arguments of two axes have nine lengths to join, and some are joined in vain.
_MOST_CALLS = 40
# Of this thread's own work, for all of them; and once more where gates are side by side.
_SECONDS = 1.5
# Of these, the best few: each that fits is tried with other settings too.
_MOST_FOUND = 6
# A number is as odd as so many other oddities.
_NUMBER = 10
# What may be put in the place of axes of other lengths.
_SHAPED = ("real", "small", "positive", "unit", "symmetric", "index", "mask", "one-hot", "one-hot-columns", "shares")
# Of labels, so many classes that every axis is longer.
_CLASSES = 2
# What is raised where a whole number is wanted: one of them, or an array of them.
_WHOLE = re.compile(
    r"indices must be integers|must be of integer|only integers, slices|cannot be interpreted as an integer"
    r"|only integer scalar arrays|only integer tensors|must be an integer|tensors used as indices must be"
)
# Slices by which a row of gates is taken apart, and calls that do it.
_GATES = re.compile(r"(\d) ?\* ?\w+(?: ?: ?(\]))?|(?:split|chunk)\((?:\w+, ?)?(\d)")
_MOST_GATES = 4


def joined(form: WrittenFunction, listed: Sequence[Sequence[Proposal]], seed: int) -> list[ProposalChoice]:
    """Choices on which the forward runs, the best first.

    On the best the backward gives the shapes of its arguments, what is handed no G gives one number, and few axes of
    one array are equally long.

    Args:
        listed: what each parameter may be, the likeliest first.
    """
    if any(options[0].kind == "length" for options in listed):  # it says a length of its own
        return []
    listed = [_as_counted_with(form, item.name, options) for item, options in zip(form.parameters, listed, strict=True)]
    kinds = [_kinds(item.name, options) for item, options in zip(form.parameters, listed, strict=True)]
    ways = list(itertools.islice(_ways(kinds, listed), _MOST_WAYS))
    found = list(_all_met(form, ways, seed, time.thread_time() + _SECONDS, ()))
    gates = _gates_in(form.source)
    if gates and not any(met.share == 1 for met in found):
        plain = [way for way in ways if all(each.axes or each.kind not in _SHAPED for each in way)]
        plain.sort(key=lambda way: sum(len(each.axes.split()) for each in way))
        found += _all_met(form, plain, seed, time.thread_time() + _SECONDS, gates)
    called = [(met, _called(met.choice)) for met in found]
    ranked = [((-met.share, not met.is_number, _oddness(one)), one) for met, one in called if one is not None]
    best = [choice for _, choice in sorted(ranked, key=lambda each: each[0])][:_MOST_FOUND]
    return [one for choice in best for one in _with_classes(choice)]


def _as_counted_with(form: WrittenFunction, name: str, options: Sequence[Proposal]) -> Sequence[Proposal]:
    """What is compared with and stands in a product or a difference is no place of a row, if it may be anything else.

    A place that is spread over a row would fit it by chance.
    """
    if not is_target(name) or not stands_in_arithmetic(form.source, name):
        return options
    return sorted(options, key=lambda each: each.kind == "index")


def _ways(kinds: Sequence[Sequence[Proposal]], listed: Sequence[Sequence[Proposal]]) -> Iterator[Sequence[Proposal]]:
    """One of the kinds for each parameter, the likeliest first; in turn with and without what may be left out."""
    left_out = [[each for each in options if each.kind == "keep"][:1] for options in listed]
    without = [keep or each for keep, each in zip(left_out, kinds, strict=True)]
    for together in itertools.zip_longest(_likeliest(kinds), _likeliest(without) if any(left_out) else ()):
        yield from (way for way in together if way is not None)


def _likeliest(kinds: Sequence[Sequence[Proposal]]) -> Iterator[Sequence[Proposal]]:
    ranked = by_rank([len(each) for each in kinds])
    first = itertools.chain(_biases_alike(kinds), itertools.islice(ranked, 1), _last_in_a_row(kinds))
    for places in itertools.chain(first, ranked):
        yield [each[place] for each, place in zip(kinds, places, strict=True)]


def _biases_alike(kinds: Sequence[Sequence[Proposal]]) -> Iterator[tuple[int, ...]]:
    """The likeliest of each parameter, with all biases columns or all rows: as many as there are, they lie alike."""
    for axes in ("? 1", "1 ?"):
        found = [next((place for place, each in enumerate(options) if each.axes == axes), 0) for options in kinds]
        if any(found):
            yield tuple(found)


def _last_in_a_row(kinds: Sequence[Sequence[Proposal]]) -> Iterator[tuple[int, ...]]:
    """With a number for each sample in the place of the last two or three: weights of rows, advantages, returns."""
    rows = [next((place for place, each in enumerate(options) if each.axes == "?"), 0) for options in kinds]
    asked = [number for number, options in enumerate(kinds) if options[0].axes]  # not what keeps its default
    for count in range(2, _MOST_AXES + 1):
        last = asked[-count:]
        if all(rows[number] for number in last):
            yield tuple(place if number in last else 0 for number, place in enumerate(rows))


def _with_classes(choice: ProposalChoice) -> Iterator[ProposalChoice]:
    """Whole numbers may be the places of a row of any array: of the longest axis first, as fewer leave rows out.

    What is called as labels are may be counted or measured as well.
    """
    letters = {letter for each in choice.values() for letter in each.axes if letter in SIZES[0]}
    whole = [name for name, each in choice.items() if each.kind == "index"]
    for letter in sorted(letters, key=lambda letter: -SIZES[0][letter]) if whole else ():
        yield {**choice, **{name: replace(choice[name], below=letter) for name in whole}}
    yield choice
    if whole:
        yield {**choice, **{name: replace(choice[name], kind="positive", is_owed=False) for name in whole}}


def _all_met(
    form: WrittenFunction, ways: Iterable[Sequence[Proposal]], seed: int, end: float, gates: Sequence[int]
) -> Iterator[_Met]:
    """What became of each way to give the arguments so many axes."""
    for way in ways:
        if time.thread_time() > end:
            return
        choice = _apart(form, way)
        met = None if choice is None else _met(form, choice, seed, gates)
        if met is not None:
            yield met


@dataclass(frozen=True)
class _Met:
    """What a choice became.

    Attributes:
        share: of the gradients, those that have the shape of their argument; 0 where the backward raised.
        is_number: it goes back from one number, or is handed a G.
        lengths: of what gives a number and its gradient in one, those in which a vector and its gradient differ: it may
            read no more of a longer vector, `cuts = theta[k:]`, and say by its gradient how long that is meant to be.
    """

    choice: ProposalChoice
    share: float
    is_number: bool
    lengths: tuple[int, ...] = ()


def _oddness(choice: ProposalChoice) -> int:
    """How many axes are as long as another one of their array, how many are made of others, and how many are numbers.

    A number hardly ever is what was meant: it fits what another length has left.
    """
    axes = [each.axes.split() for each in choice.values()]
    words = [word for each in axes for word in each]
    squares = sum(len(each) - len(set(each)) for each in axes)
    return squares + sum(len(word) > 1 for word in words) + _NUMBER * sum(word.isdigit() for word in words)


def _kinds(name: str, options: Sequence[Proposal]) -> Sequence[Proposal]:
    """Of the proposals for one parameter the first of each number of axes, and what has no axes at all as it is.

    A bias of two axes is a column or a row: spread over the samples, as another length would say that it is not.
    """
    words = options[0].axes.split()
    if len(options) == 1 or options[0].kind not in _SHAPED or (words and all(word.isdigit() for word in words)):
        return options[:1]  # also what an object was made with
    firsts: dict[int, Proposal] = {}
    for each in options:
        count = len(each.axes.split())
        if each.kind in _SHAPED and count <= _MOST_AXES:
            firsts.setdefault(count, each)
    if options[0].kind != "index":
        for count in (1, 2):
            firsts.setdefault(count, replace(options[0], axes=""))
    found = {count: [" ".join("?" * count)] for count in firsts}
    if is_bias_name(name) and 2 in found:
        found[2] = ["? 1", "1 ?"]
    return [replace(each, axes=axes) for count, each in firsts.items() for axes in found[count]]


def _apart(form: WrittenFunction, options: Sequence[Proposal]) -> ProposalChoice | None:
    """With a letter of its own for each axis; None where there are too many."""
    letters = iter(LENGTHS)
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


def _met(form: WrittenFunction, choice: ProposalChoice, seed: int, gates: Sequence[int]) -> _Met | None:
    """With the lengths joined for which the calls ask, the forward's before the backward's.

    Where only the forward ends, the first on which it does; None where it ends on none.
    """
    waiting, tried, best = [choice], set[str](), None
    for _ in range(_MOST_CALLS):
        waiting = list(itertools.dropwhile(lambda each: repr(each) in tried or not is_small(each), waiting))
        if not waiting:
            break
        now = waiting.pop(0)
        tried.add(repr(now))
        met, error = _called_on(form, now, seed)
        if met is not None and error is None and not met.lengths:
            return met
        best = best or met
        waiting[:0] = _closer(now, error, gates, form.source) if met is None or error else joined_at(now, met.lengths)
    return best


def _called_on(form: WrittenFunction, choice: ProposalChoice, seed: int) -> tuple[_Met | None, BaseException | None]:
    """What the forward and the backward did; None where the forward did not end."""
    ready, outputs, fit = form, tuple[Array, ...](), Fitted(0.0)
    try:
        sample = drawn(choice, LENGTHS, seed)
        ready = next(ready_forms(form, sample))
        outputs = ready.forward(sample.values)
        fit = fitted(ready, sample, outputs)
        error = fit.error
    except Exception as raised:  # whatever the user's code raises
        error = raised
    is_bare = form.kind == "loss" or (isinstance(ready, PairForm) and ready.is_bare)
    lengths = fit.lengths if ready.kind == "loss" else ()
    met = _Met(choice, fit.share, not is_bare or sum(out.size for out in outputs) == 1, lengths)
    return (met if outputs else None), error


def _closer(
    choice: ProposalChoice, error: BaseException | None, gates: Sequence[int], source: str
) -> list[ProposalChoice]:
    """Choices in which what was raised is mended; none where nobody knows how.

    Args:
        gates: how many times another an axis may be.
        source: the text of the forward.
    """
    if error is None:
        return []
    if _WHOLE.search(str(error)):
        return list(_with_whole_numbers(choice, chosen_from(source)))
    if short := too_short(error):
        return list(longer(choice, short))
    if leaves_nothing(error):
        return list(one_longer(choice))
    lengths = lengths_said(error)
    found = list(joined_at(choice, (lengths[0], lengths[1]))) if len(lengths) == 2 else []
    return found or [each for most in gates for each in with_gates(choice, most)]


def _with_whole_numbers(choice: ProposalChoice, tables: Container[str]) -> Iterator[ProposalChoice]:
    """With whole numbers in the place of one of its arrays, the last first: data come before what is looked up.

    Args:
        tables: of which rows are chosen; they choose none.
    """
    for name in reversed(list(choice)):
        if choice[name].kind in REAL and name not in tables:
            yield {**choice, name: replace(choice[name], kind="index", below=_CLASSES)}


def _gates_in(source: str) -> list[int]:
    """Into how many parts a row is taken apart by `z[H:2*H]`, `z[3*H:]`, `split(z, 4)`; nothing where it is not."""
    said = [int(count or parts) + bool(last) for count, last, parts in _GATES.findall(source)]
    return [most] if said and 2 <= (most := max(said)) <= _MOST_GATES else []


def _called(choice: ProposalChoice) -> ProposalChoice | None:
    """In the letters of every other choice."""
    used = list(dict.fromkeys(letter for word in words_of(choice) for letter in word if letter in LENGTHS))
    if len(used) > len(_CALLED):
        return None
    names = str.maketrans(dict(zip(used, _CALLED, strict=False)))
    return {name: replace(each, axes=each.axes.translate(names)) for name, each in choice.items()}
