"""What each parameter of a forward may be: as its name, its annotation and the code tell; every choice of these."""

from __future__ import annotations

import itertools
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import WITHOUT_UPSTREAM
from gradcheck_cli.targets.functions.form import Parameter, WrittenFunction
from gradcheck_cli.targets.functions.inputs.documented import as_documented, is_said_a_mask, is_said_frozen
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.inputs.flat import of_flat
from gradcheck_cli.targets.functions.inputs.labels import is_alone
from gradcheck_cli.targets.functions.inputs.module_lengths import module_length
from gradcheck_cli.targets.functions.inputs.parameters import (
    entries_read,
    gives_places,
    goes_through_steps,
    is_count,
    is_looked_up,
    is_sorted_by,
    names_of_a_row,
    number_of_names,
    rows_of_places,
    says_yes_or_no,
    settings,
    sizes_arrays,
    stands_in_arithmetic,
    words_compared,
    zipped,
)
from gradcheck_cli.targets.functions.inputs.products import axes_by_products
from gradcheck_cli.targets.functions.inputs.proposals import (
    REAL,
    Proposal,
    constant,
    is_bias_name,
    is_weight_name,
    learned,
    lengths,
    positive,
    proposals,
)
from gradcheck_cli.targets.functions.inputs.ranked import by_rank
from gradcheck_cli.targets.functions.inputs.single_numbers import beside_no_query, number_of
from gradcheck_cli.targets.functions.inputs.square_data import of_pairs
from gradcheck_cli.targets.functions.inputs.symmetric import is_symmetric
from gradcheck_cli.targets.functions.inputs.together import together
from gradcheck_cli.targets.functions.inputs.turned import in_pairs
from gradcheck_cli.targets.functions.inputs.unrolled import UNROLLED, is_unrolled, lengths_beside
from gradcheck_cli.targets.functions.inputs.words import words_looked_up
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import (
    ANGLE_WORDS,
    LOSS_WORDS,
    PREDICTED_WORDS,
    in_order,
    is_target,
    is_upstream,
    tokens,
    word_set,
)

IMAGE_WORDS = word_set("pool pooling maxpool avgpool spatial image images bn2d 2d upsample unpool")
# Embeddings that turn what they are given: nothing is looked up.
_OF_POSITIONS = word_set("rotary rope position positional")
# What is compared by a logarithm is a distribution: its rows sum to 1.
_LOGARITHMS = re.compile(r"\b(?:log|logsumexp|log_softmax|exp)\(")
TABLE_WORDS = word_set("embedding embed embeddings emb lookup gather")
# So many choices of likely parts come before those that are likely as a whole: where matrices fit, they hide less.
_LIKELIEST = 40


def choices(form: WrittenFunction, fixed: Mapping[str, Sequence[Proposal]]) -> Iterator[ProposalChoice]:
    """Every combination of what the parameters may be, those of the likeliest parts first; `fixed` are known.

    After the likeliest those come whose parts go together.
    """
    listed = options_of(form, fixed)
    ranked = by_rank([len(options) for options in listed])
    for places in itertools.chain(itertools.islice(ranked, _LIKELIEST), together(form.parameters, listed), ranked):
        choice = chosen(form, listed, places)
        if holds_data(choice):
            yield choice


def options_of(form: WrittenFunction, fixed: Mapping[str, Sequence[Proposal]]) -> list[Sequence[Proposal]]:
    """What each parameter may be: as its name tells, in the shapes that the code says first."""
    lengths, wide = _fixed_lengths(form), module_length(form)
    found = [
        fixed.get(item.name) or _unsaturated(form, item, _in_lengths(item, _options(form, item), lengths))
        for item in form.parameters
    ]
    found = [
        in_pairs(each, item, form.parameters, is_known=item.is_state or item.name in fixed)
        for item, each in zip(form.parameters, found, strict=True)
    ]
    found = [
        _as_wide(item, each, wide) if wide and item.name not in fixed else each
        for item, each in zip(form.parameters, found, strict=True)
    ]
    return [
        [replace(one, is_owed=False) for one in each] if item.is_data else each
        for item, each in zip(form.parameters, found, strict=True)
    ]


def _as_wide(item: Parameter, found: Sequence[Proposal], length: int) -> Sequence[Proposal]:
    """Rows of this length, and square weights of it, before any others."""
    if item.is_state or found[0].kind not in REAL:
        return found
    count = len(found[0].axes.split())
    is_weight = bool(set(tokens(item.name)) & _WEIGHTS) or _WEIGHT_NAMES.match(item.name) is not None
    axes = (f"{length} {length}",) if is_weight else (f"{length}",) if count == 1 else (f"n t {length}", f"n {length}")
    return [*(replace(found[0], axes=each) for each in axes), *found]


def _fixed_lengths(form: WrittenFunction) -> list[int]:
    """The lengths of what an object holds, where its constructor is told none of them: constants of a file."""
    held = [item for item in form.parameters if item.is_state and item.shapes[0]]
    if not held or any(len(item.shapes) < 2 or len(set(item.shapes)) > 1 for item in held):
        return []
    return sorted({length for item in held for length in item.shapes[0]} - {1}, reverse=True)


def _in_lengths(item: Parameter, found: Sequence[Proposal], lengths: Sequence[int]) -> Sequence[Proposal]:
    """Data in these lengths, a row or rows of them, before any others; whole numbers below these lengths."""
    if lengths and not item.is_state and found[0].kind == "index":
        rows = sorted(dict.fromkeys(each.axes for each in found if each.kind == "index" and each.axes), key=len)
        return [*(replace(found[0], axes=each, below=min(lengths)) for each in rows), *found]
    if not lengths or item.is_state or item.known is not None or found[0].kind not in REAL:
        return found
    before = " ".join(found[0].axes.split()[:-1])  # "n t" of a sequence, as its code goes through its steps
    forms = dict.fromkeys([f"{before} {{}}"] if before.count(" ") else []) | dict.fromkeys(("n {}", "{}", "{} 1"))
    axes = [form.format(length) for form in forms for length in lengths]
    return [*(replace(found[0], axes=each) for each in axes), *found]


def chosen(form: WrittenFunction, listed: Sequence[Sequence[Proposal]], places: Sequence[int]) -> dict[str, Proposal]:
    """The choice of these places."""
    taken = (options[place] for options, place in zip(listed, places, strict=True))
    return dict(zip((item.name for item in form.parameters), taken, strict=True))


def _options(form: WrittenFunction, item: Parameter) -> Sequence[Proposal]:
    if item.known is not None:
        return [item.known]
    if flat := of_flat(form.source, item.name, [other.name for other in form.parameters]):
        return flat
    keys = settings(form.source, item.name)
    if keys is not None:
        return [Proposal("constant", value=keys)]
    if looked_up := words_looked_up(form.source, item.name, [other.name for other in form.parameters]):
        return [Proposal("constant", value=value) for value in looked_up]
    if (compared := words_compared(form.source, item.name)) and not item.has_default:
        return [Proposal("constant", value=word) for word in compared]
    words = set(tokens(form.title)) | ({"loss"} if _gives_a_loss(form) else set())
    are_two = {"a", "b"} <= {other.name for other in form.parameters}
    found = proposals(
        "x" if is_alone(form, item) else item.name.upper() if are_two and item.name in "ab" else item.name,
        of_images=bool(words & IMAGE_WORDS),
        is_loss=bool(words & LOSS_WORDS) or (item.has_no_gradient and is_target(item.name)),
        looks_up=bool(words & TABLE_WORDS) and not words & _OF_POSITIONS,
        of_chances=bool(_LOGARITHMS.search(form.source)),
    )
    found = [*_of_ratings(form, item), *_of_both(form, item, found), *found]
    found = [*of_pairs(form, item.name), *_of_products(form, item, found), *found]
    is_scored = bool(set(tokens(item.name)) & PREDICTED_WORDS)  # of which a label chooses one
    names = [other.name for other in form.parameters]
    if found[0].kind in REAL and not is_scored and is_looked_up(form.source, item.name, names):
        found = [replace(found[0], axes=_TABLE), *found]
    if item.may_be_row and found[0].kind in REAL:  # last: a length of 1 hides what is summed or cut off
        found = [*found, replace(found[0], axes="1 d")]
    if found[0].kind in REAL and is_symmetric(form, item.name) and _is_handed_nothing(form):
        found = [*(Proposal("symmetric", axes) for axes in ("d d", "n n")), *found]
    if (number := number_of(form, item, found[0], _is_handed_nothing(form))) is not None:
        return [number]
    found = [*found, *beside_no_query(item, names, found[0])]
    others = [other.name for other in form.parameters if other is not item]
    found = as_documented(found, form.source, item.name, others)
    if item.is_state:
        return [state_of(item, 0), *_spread(item)]
    if not item.has_default and (places := rows_of_places(form.source, item.name)):
        return [Proposal("constant", value=places)]
    if found[0].kind in REAL and not is_target(item.name) and is_said_a_mask(form.source, item.name):
        found = [*(replace(each, kind="mask") for each in found if each.kind == found[0].kind), *found]
    if not item.has_default and (beside := lengths_beside(form.source, item.name, others)):
        return beside
    constants = () if item.has_default else _constants_of_a_layer(form.title, item.name)
    if not item.has_default and (row := _in_a_row(form, item, constants or [found[0].value])):
        return row
    if constants:
        return [Proposal("constant", value=value) for value in constants]
    return _by_use(form, item, found)


def _is_handed_nothing(form: WrittenFunction) -> bool:
    """No gradient of outputs: of a loss, or of one number."""
    if isinstance(form, PairForm):
        return not any(is_upstream(item.name) for item in form.back.parameters())
    return form.kind in WITHOUT_UPSTREAM


def _by_use(form: WrittenFunction, item: Parameter, found: Sequence[Proposal]) -> Sequence[Proposal]:
    """As the code uses it, before what its name tells."""
    if not item.has_default and (count := number_of_names(form.source, item.name)) > 1 and found[0].kind in REAL:
        alone = replace(found[0], axes=str(count))
        return [alone, positive(alone), replace(alone, axes=f"{count} n"), *found]
    count, is_whole = entries_read(form.source, item.name)
    if count and not item.has_default and found[0].kind in REAL:
        alone = replace(found[0], axes=str(count))
        return [alone, *found] if is_whole else [*found, alone]
    if not item.has_default and lengths(item.name):
        return [*lengths(item.name), *found]
    if not item.has_default and found[0].kind in REAL and goes_through_steps(form.source, item.name):
        return [replace(found[0], axes="n t d"), *found]
    if not item.has_default and is_target(item.name) and _is_of_one_row(form, item):
        return [Proposal("real", is_owed=False), *found]
    if not item.has_default and found[0].kind in (*REAL, "index", "constant") and zipped(form.source, item.name):
        # Side by side what is longer is cut off, and nobody sees it.
        parts = names_of_a_row(form.source, item.name)
        return [*(replace(each, axes=f"{_ROW} {parts}" if parts else _ROW) for each in _of_each_kind(found)), *found]
    if not item.has_default and found[0].kind in REAL and gives_places(form.source, item.name):
        return [*(Proposal("constant", value=places) for places in _PLACES), *found]
    if not item.has_default and found[0].kind in REAL and is_sorted_by(form.source, item.name):
        return [replace(found[0], axes="n"), *found]
    if not item.has_default and found[0].kind in (*REAL, "index") and says_yes_or_no(form.source, item.name):
        return [*(Proposal("index", axes, 2) for axes in ("n", "n 1", "")), *found]
    if not item.has_default and found[0].kind in (*REAL, "constant") and sizes_arrays(form.source, item.name):
        return [*(Proposal("length", below=letter) for letter in "dn"), *found]
    if not item.has_default and is_unrolled(form.source, item.name):
        return [Proposal("real", UNROLLED), *found]
    if not item.has_default and is_count(form.source, item.name) and found[0].kind in (*REAL, "constant"):
        is_lessened = re.search(rf"\b{re.escape(item.name)}\s*-\s*1\b", form.source)
        return [*(Proposal("constant", value=each) for each in sorted(_WHOLE, reverse=is_lessened is not None)), *found]
    if not item.has_default and item.is_returned and type(found[0].value) is float:  # `lam` of "d/d lam"
        return [*learned(found[0].value)[:-1], *found]
    if not item.has_default:
        return _numbers(item) or (_undifferentiated(form, item, found) if item.has_no_gradient else found)
    if item.is_returned and type(item.default) is float:
        return learned(item.default)
    if item.default is None and (numbers := _numbers(item)):  # `slope: float | None = None`
        return [*numbers, Proposal("keep")]
    if item.default is None and found[0].kind in ("real", "mask", "index"):  # as `bias=None`: with it more is seen
        return [*found[: None if found[0].kind == "mask" else _OPTIONAL], Proposal("keep")]
    return [Proposal("keep")]


def _is_of_one_row(form: WrittenFunction, item: Parameter) -> bool:
    """Is it a number beside rows that are gone through side by side: `(dot(x, beta) - y) ** 2`?"""
    others = [other.name for other in form.parameters if other is not item]
    is_number = stands_in_arithmetic(form.source, item.name) and not zipped(form.source, item.name)
    return is_number and any(zipped(form.source, name) for name in others)


def _gives_a_loss(form: WrittenFunction) -> bool:
    """Is it handed no G, or called what a loss is called where a pair returns it: `return cost, cache`?"""
    names = returned_names(form.fore.node, form.fore.source) if isinstance(form, PairForm) else []
    return form.kind in WITHOUT_UPSTREAM or bool(LOSS_WORDS & set(tokens("".join(names[:1]))))


def _unsaturated(form: WrittenFunction, item: Parameter, found: Sequence[Proposal]) -> Sequence[Proposal]:
    """The weights of layer upon layer, whose logarithm is taken in the end, in small numbers."""
    weights = [other.name for other in form.parameters if is_weight_name(other.name)]
    if len(weights) < 2 or not _gives_a_loss(form) or not (is_weight_name(item.name) or is_bias_name(item.name)):
        return found
    return [replace(each, kind="small") if each.kind == "real" else each for each in found]


def _of_each_kind(found: Sequence[Proposal]) -> list[Proposal]:
    """The first array of each kind, numbers before labels."""
    kinds = {each.kind: each for each in reversed(found) if each.kind in (*REAL, "index")}
    return sorted(kinds.values(), key=lambda each: (each.kind == "index", found.index(each)))


def _of_both(form: WrittenFunction, item: Parameter, found: Sequence[Proposal]) -> list[Proposal]:
    """The weights of a cell that puts its state and its input beside each other: as many rows, or columns, as both."""
    is_weight = found[0].kind in REAL and bool(set(tokens(item.name)) & _WEIGHTS) and not item.is_state
    if not is_weight or not _BESIDE.search(form.source):
        return []
    axes = [one.format(gates) for gates in ("4m", "m", "3m", "2m") for one in ("m+d {}", "{} m+d")]
    return [replace(found[0], axes=each) for each in axes]


def _of_products(form: WrittenFunction, item: Parameter, found: Sequence[Proposal]) -> list[Proposal]:
    """As the matrix products of the code tell its axes; not of a loss, whose last product gives what its labels are."""
    if form.kind != "pair" or set(tokens(form.title)) & LOSS_WORDS:
        return []
    axes = axes_by_products(form.source, [other.name for other in form.parameters]).get(item.name, "")
    return [replace(found[0], axes=axes)] if axes and found[0].kind in REAL and not item.is_state else []


def _of_ratings(form: WrittenFunction, item: Parameter) -> list[Proposal]:
    """Ratings of so many items by so many users, and beside them R: whether there is one."""
    counts = {proposal.below for other in form.parameters for proposal in lengths(other.name)}
    if not {"n", "m"} <= counts or (not is_target(item.name) and item.name not in _RATED):
        return []
    return [Proposal("mask" if item.name in _RATED else "real", "n m", is_owed=False)]


def _spread(item: Parameter) -> list[Proposal]:
    """A number that an object begins with, as a gamma of 1.0, which its first update makes a row of numbers of."""
    return [Proposal(item.numbers, axes) for axes in _ROWS] if item.shapes[0] == () else []


def _numbers(item: Parameter) -> Sequence[Proposal]:
    """What is annotated as a plain number, by its name; () where it is not."""
    usual = _ANNOTATED.get(_OR_NONE.sub("", item.annotation.strip("'\"")))
    if usual is None:
        return ()
    named = constant(tokens(item.name), usual[0])
    values = dict.fromkeys([named if type(named) is type(usual[0]) else usual[0], *usual])
    return [Proposal("constant", value=value) for value in values]


def _in_a_row(form: WrittenFunction, item: Parameter, usual: Sequence[object]) -> Sequence[Proposal]:
    """Whole numbers in a tuple, of a size that the code takes apart: one for each axis; () where it is none."""
    count = number_of_names(form.source, item.name)
    whole = [*(value for value in usual if type(value) is int), 1]
    if len(whole) < 2 or count < 2:
        return ()
    if set(tokens(item.name)) & _OF_OUTPUTS:  # a larger one may not fit the data, of any sizes
        whole = []
    return [Proposal("constant", value=(value,) * count) for value in dict.fromkeys(whole or (1,))]


def _undifferentiated(form: WrittenFunction, item: Parameter, found: Sequence[Proposal]) -> Sequence[Proposal]:
    """Of what no gradient is ever returned: a plain number is likelier than an array that a gradient is forgotten of.

    Tables that were computed before, and what its author calls frozen, are arrays, and no gradient is owed for them.
    """
    if found[0].kind not in ("real", "positive"):
        return found
    if set(tokens(item.name)) & _TABLES or is_said_frozen(form.source, item.name):
        return [replace(proposal, is_owed=False) for proposal in found]
    named = constant(tokens(item.name), None)
    values = dict.fromkeys([*([] if named is None else [named]), 0.5, 2])
    return [*(Proposal("constant", value=value) for value in values), *found]


# Of a row of at least three, each at most once: what was chosen may be out.
_PLACES = ((1, 2, 0), (2, 0))
# Sides of windows and numbers of groups. At 1 nothing of what they do is seen; of J - 1 steps, not at 2 either.
_WHOLE = (2, 3)
# Rows of which whole numbers choose some.
_TABLE = "v d"
# Arrays in the place of None, before it is left out; a mask is either of one axis more or less or of none.
_OPTIONAL = 4
_WEIGHT_NAMES = re.compile(r"^[Ww]_?[A-Za-z]{0,4}\d?$")
_WEIGHTS = word_set("w weight weights wf wi wo wc wg wz wr wh kernel")
_BESIDE = re.compile(r"\b(?:hstack|vstack|concatenate|concat|cat|column_stack|row_stack|r_|c_)\b")
_RATED = in_order("R r rated")
_OF_OUTPUTS = word_set("out output outputs target")
# Long enough for both sides of a branch.
_ROW = "2v"
# One for each feature; one for each sample would be a gradient that was never summed.
_ROWS = ("d", "m", "1 d", "1 m")
# Annotation -> values to try, the likeliest first.
_ANNOTATED: Mapping[str, tuple[object, ...]] = {"int": (2, 1, 12), "float": (0.5, 2.0), "bool": (False, True)}
# What is said around the annotation of what may be left out.
_OR_NONE = re.compile(r"^(?:typing\.)?Optional\[|\]$|\s*\|\s*None$|^None\s*\|\s*")
# What a forward looks angles or positions up in.
_TABLES = ANGLE_WORDS | word_set("rope rotary table tables slopes positions pe mask masks")


def _constants_of_a_layer(title: str, name: str) -> Sequence[object]:
    """What a known layer says of a constant of this very name: G is the number of groups of a group norm."""
    from gradcheck_cli.layers.known.inputs import setting_values  # 35 files, which most targets do not need

    return setting_values(title, name)


def holds_data(choice: ProposalChoice) -> bool:
    """Is there an array of real numbers among what is handed in?"""
    return any(proposal.kind in REAL or isinstance(proposal.value, np.ndarray) for proposal in choice.values())


def is_said(item: Parameter, fixed: Container[str]) -> bool:
    """Is a parameter no guess: held by an object, known, or given by the user?"""
    return item.is_state or item.known is not None or item.name in fixed


def state_of(item: Parameter, number: int) -> Proposal:
    """A weight of an object, as its constructor shaped it."""
    return Proposal(item.numbers, " ".join(map(str, item.shapes[number])), is_owed=not item.is_data)


def for_sizes(form: WrittenFunction, choice: ProposalChoice, number: int) -> ProposalChoice:
    """The same choice, with what an object holds as it is made for other sizes.

    What runs in another shape than its constructor gave it has letters of its own.
    """
    states = {item.name: item for item in form.parameters if item.is_state}
    made = {name for name, item in states.items() if choice[name] == state_of(item, 0)}
    return {name: state_of(states[name], number) if name in made else proposal for name, proposal in choice.items()}
