"""What each function of a network is handed, by the names of its parameters: see `network`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter, WrittenFunction, as_array
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal, constant
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import entries_of, returned_names
from gradcheck_cli.targets.functions.spelling import PREDICTED_WORDS, is_cache, is_target, tokens, word_set

Arrays: TypeAlias = Mapping[str, Array]

# Of a function that makes parameters: what it does, and what it makes.
_MAKES = word_set("init initialize initialise initializer create make build random get setup xavier he new")
# One word is enough where it can mean nothing else.
_STARTS = word_set("initialize initialise initializer")
_PARAMETERS = word_set("param params parameters weight weights network net model layers")
# (letter of the number of outputs, how X lies, what Y is): courses have a sample in a column, most others in a row.
LAYOUTS = (
    ("1", "d n", Proposal("mask", "1 n")),
    ("c", "d n", Proposal("one-hot-columns", "c n")),
    ("c", "n d", Proposal("one-hot", "n c")),
    ("c", "n d", Proposal("index", "n", "c")),
    ("c", "d n", Proposal("index", "n", "c")),
    ("1", "n d", Proposal("mask", "n 1")),
    ("1", "d n", Proposal("mask", "n")),
    ("1", "n d", Proposal("mask", "n")),
)

# What the dict of all parameters is called.
_DICTS = word_set("parameters params param weights model theta network net layers p")
# What a constructor calls the lengths of all layers.
_LISTS = word_set("dims layers sizes layer dimensions shape architecture")
_OUTPUTS = word_set("al a2 a3 yhat pred preds prediction predictions output outputs out probs scores yp a")
# Of a network's parameter, a length: not a scale or a seed.
_LENGTHS = word_set("n x h y in input hidden out output size sizes dim dims nx nh ny d m k num units features classes")


@dataclass(frozen=True)
class Handing:
    """What there is to hand over.

    Attributes:
        fore: the forward, whose names count.
        states: the parameters, by name.
        data: X, by name.
        target: Y.
        result: what the forward returned; None before it did.
    """

    fore: PlainFunction
    states: Mapping[str, Any]
    data: tuple[str, Any]
    target: Any
    result: Any = None

    def after(self, result: Any) -> Handing:
        """The same once the forward has returned."""
        return replace(self, result=result)

    @staticmethod
    def dict_name(function: PlainFunction) -> str:
        """The parameter that is the dict of all parameters; "" for none."""
        return next((item.name for item in function.parameters() if item.name.lower() in _DICTS), "")

    @staticmethod
    def target_name(function: PlainFunction) -> str:
        """The parameter that the output is compared with; "" for none."""
        return next((item.name for item in function.parameters() if is_target(item.name)), "")

    def kept(self) -> Mapping[str, Any]:
        """What the forward returned, by name, and the entries of a dict among it."""
        result = self.result
        parts = list(result) if isinstance(result, tuple | list) else [result]
        names = returned_names(self.fore.node)
        found = dict(zip(names, parts, strict=True)) if len(names) == len(parts) else {}
        for part in parts:
            found |= {str(key): value for key, value in part.items()} if isinstance(part, Mapping) else {}
        return {name: value for name, value in found.items() if name}

    def cache(self) -> Any:
        """What the forward returned beside its output."""
        if isinstance(self.result, Mapping) or not isinstance(self.result, tuple | list):
            return self.result
        return self.result[1] if len(self.result) == 2 else tuple(self.result[1:])

    def output(self) -> Any:
        """The forward's output, as its target lies: samples may be columns inside and rows outside."""
        found = output_of(self.result)
        shape, wanted = np.shape(found), np.shape(self.target)
        return found.T if len(shape) == len(wanted) > 1 and shape != wanted and shape == wanted[::-1] else found

    def option(self, item: Parameter) -> Any:
        """What a parameter is handed.

        Raises:
            NotAFunctionError: nothing that there is has its name.
        """
        name = item.name
        if name == self.data[0]:
            return self.data[1]
        kept = self.kept() if self.result is not None else {}
        if name in self.states and name not in kept:  # the weights of an `output` are not what is given out
            return self.states[name]
        if self.result is not None and is_cache(name):
            return self.cache()
        if name in kept:
            return kept[name]
        if name.lower() in _DICTS:
            return dict(self.states)
        if is_target(name):
            return self.target
        if self.result is not None and set(tokens(name)) & (_OUTPUTS | PREDICTED_WORDS):
            return self.output()
        if len(name) == 1 and name.lower() == "x":
            return self.data[1]
        value = constant(tokens(name), None)
        if value is None:
            raise NotAFunctionError("run", f"nothing is known that {name} may be")
        return value


def handed(function: PlainFunction, handing: Handing) -> dict[str, Any]:
    """What a function is handed: for each parameter that has no default.

    Raises:
        NotAFunctionError: nothing that there is has the name of one.
    """
    return {item.name: handing.option(item) for item in function.parameters() if not item.has_default}


def output_of(result: Any) -> Any:
    """The output of a forward: the first of what it returns that is an array, before any cache; else the last.

    Of a cache that is all that it returns, the last that was put into it.
    """
    if isinstance(result, Mapping):
        return next((value for value in reversed(list(result.values())) if as_array(value) is not None), result)
    parts = list(result) if isinstance(result, tuple | list) else [result]
    is_first = len(parts) < 3 and as_array(parts[0]) is not None
    return parts[0] if is_first else parts[-1]


def data_of(fore: PlainFunction, states: Mapping[str, Any], axes: str) -> tuple[str, Proposal]:
    """X: the one parameter of the forward that is none of the network's.

    Raises:
        NotAFunctionError: there are several, or none.
    """
    held = {*states, Handing.dict_name(fore)}
    found = [item.name for item in fore.parameters() if item.name not in held and not item.has_default]
    if len(found) != 1:
        raise NotAFunctionError("run", f"{fore.name} takes {counted(len(found), 'thing')} beside its parameters")
    return found[0], Proposal("real", axes, is_owed=False)


def sizes_of(wanted: Sequence[Parameter], letter: str, sizes: Mapping[str, int]) -> dict[str, Any] | None:
    """What a constructor is handed for its lengths: input, hidden, output; None where they are none.

    Args:
        letter: of the number of outputs, or "1".
    """
    ends = int(letter) if letter.isdigit() else sizes[letter]
    needed = [item.name for item in wanted if not item.has_default]
    if not needed:  # lengths of its own would not be those of the data
        own = [item.name for item in wanted if type(item.default) is int and set(tokens(item.name)) & _LENGTHS]
        needed = own if len(own) > 1 and len(own) == len(wanted) else []
    if not needed:
        return {}
    if len(needed) == 1 and set(tokens(needed[0])) & _LISTS - {"dim"}:
        return {needed[0]: [sizes["d"], sizes["m"], sizes["t"], ends]}
    if not all(set(tokens(name)) & _LENGTHS for name in needed):
        return None
    inner = [sizes["m"], sizes["t"]][: max(0, len(needed) - 2)]
    lengths = [sizes["d"], *inner, ends][: len(needed)]
    return dict(zip(needed, lengths, strict=True)) if len(lengths) == len(needed) else None


def initializes(name: str) -> bool:
    """Is a function called as one that makes parameters?"""
    words = set(tokens(name))
    return bool(words & _MAKES and words & _PARAMETERS) or bool(words & _STARTS)


def layouts_of(making: PlainFunction) -> Iterator[tuple[str, Proposal, list[Arrays]]]:
    """(axes of X, what Y is, what it makes for each set of sizes, by name) of each layout for which it makes anything.

    A length that is written into it, as 10 for ten digits, is the number of outputs as well.
    """
    written: list[int] = []
    for letter, axes, target in LAYOUTS:
        made = _made_for(making, letter)
        if made is not None:
            yield axes, target, made
            written = written or [length for length in _lengths(made[0]) & _lengths(made[-1]) if length > 1]
    for length in written:
        made = _made_for(making, str(length))
        for letter, axes, target in LAYOUTS:
            if letter == "c" and made is not None:
                below = length if target.below == "c" else target.below
                yield axes, replace(target, axes=target.axes.replace("c", str(length)), below=below), made


def _made_for(making: PlainFunction, letter: str) -> list[Arrays] | None:
    """What it makes for each set of sizes; None where it cannot be called so."""
    try:
        return [_made(making, letter, sizes) for sizes in SIZES]
    except Exception:  # whatever the user's code raises on lengths that it is not meant for
        return None


def _lengths(made: Arrays) -> set[int]:
    return {length for array in made.values() for length in array.shape}


def _made(making: PlainFunction, letter: str, sizes: Mapping[str, int]) -> Arrays:
    """What it makes.

    Raises:
        NotAFunctionError: it makes no arrays, or wants something else than lengths.
        Exception: whatever it raises.
    """
    chosen = sizes_of(making.parameters(), letter, sizes)
    if chosen is None:
        raise NotAFunctionError("build", f"{making.name} wants more than lengths")
    made = call_by_name(making.call, chosen)
    names = returned_names(making.node)
    entries = entries_of(made, names if isinstance(made, tuple) else [])
    arrays = {name: array for name, value in entries if name and (array := as_array(value)) is not None}
    if not arrays or len(arrays) < len(entries):
        raise NotAFunctionError("build", f"{making.name} makes no arrays with names")
    return arrays


def shapes_made(made: Sequence[Arrays]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """The shapes of each, in the order of the sizes."""
    return {name: tuple(each[name].shape for each in made) for name in made[0]}


def known_parameters(
    own: Iterable[Parameter], shapes: Mapping[str, tuple[tuple[int, ...], ...]], known: Mapping[str, Proposal]
) -> tuple[Parameter, ...]:
    """The parameters of a form, with what is known of them: those that its file makes, and its data."""
    return tuple(
        Parameter(item.name, is_state=True, shapes=shapes[item.name], numbers="small")
        if item.name in shapes
        else replace(item, known=known.get(item.name))
        for item in own
    )


class MadeForm(WrittenFunction, Protocol):
    """A form whose parameters its file makes."""

    @property
    def shapes(self) -> Mapping[str, object]:
        """Of each of these."""


Made = TypeVar("Made", bound=MadeForm)


def fitting_first(forms: Iterable[Made]) -> Iterator[Made]:
    """Those that run, the most gradients that fit their parameters first; none on which nothing fits."""
    counted: list[tuple[int, Made]] = []
    for form in forms:
        with suppress(Exception):  # whatever the user's code raises on a layout that it is not meant for
            counted.append((_misfits(form), form))
    yield from (form for count, form in sorted(counted, key=lambda each: each[0]) if count < len(form.shapes))


def sample_of(form: WrittenFunction, number: int = 0) -> Sample:
    """A draw of a form whose arguments are all known, on one set of sizes."""
    from gradcheck_cli.targets.functions.inputs.drawing import drawn
    from gradcheck_cli.targets.functions.inputs.options import chosen, options_of, state_of

    listed = options_of(form, {})
    choice = chosen(form, listed, [0] * len(listed))
    states = {item.name: state_of(item, number) for item in form.parameters if item.is_state}
    return drawn({**choice, **states}, SIZES[number], 0)


def _misfits(form: MadeForm) -> int:
    """How many gradients have another shape than their parameter, on a draw of its own; all where there is none.

    Raises:
        Exception: whatever the user's code raises.
    """
    sample = sample_of(form)
    ran = form.run(sample.values, ())
    fitting = sum(
        array.shape == sample.array(name).shape for name, array in ran.gradients.items() if name in form.shapes
    )
    is_none = not ran.gradients or not np.isfinite(ran.outputs[0]).all()
    return len(form.shapes) if is_none else len(ran.gradients) - fitting
