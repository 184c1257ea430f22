"""Two functions, a forward and its backward, in numpy or torch operations: what is handed on from one to the other."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.averaged import averages_over_columns, without_the_mean
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    as_array,
    fresh,
    in_backward,
    is_listed,
    mutated,
    outputs_of,
)
from gradcheck_cli.targets.functions.in_place import overwritten
from gradcheck_cli.targets.functions.jacobians import fitting_arguments, of_jacobian, weighed
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import (
    claimed,
    counts_with,
    entries_of,
    named_gradients,
    owners,
    rejoined,
    returned_names,
    unstacked,
)
from gradcheck_cli.targets.functions.spelling import (
    ANGLE_WORDS,
    COUNT_WORDS,
    argument_called,
    belongs_to,
    counts_data,
    derived_argument,
    is_cache,
    is_upstream,
    looks_like_gradient,
    shape_called,
    tokens,
)
from gradcheck_cli.targets.functions.upstreams import guessed_upstreams, upstreams_named

# What a parameter of a backward is given: G of an output, what the forward kept, an argument of the forward, or an
# entry of what the forward returned; the shape of an argument, or one of its lengths; all arguments in a list; what a
# setting is that the forward has by the same name, with a default.
UPSTREAM, CACHE, ARGUMENT, RESULT, SHAPE, LENGTH = "upstream", "cache", "argument", "result", "shape", "length"
INPUTS, SETTING = "inputs", "setting"
Meaning = tuple[str, Any]
# What is derived by, in words.
_BY = re.compile(r"\b(?:w\.?r\.?t\.?|with respect to|par rapport à|nach|rispetto a|respecto a) (?:the )?(\w+)")
_OF_THE_MEAN = (
    "its samples are columns, and the gradients of the parameters are those of their mean: times their number"
)


@dataclass(frozen=True)
class Wiring:
    """How a pair hangs together.

    Attributes:
        outputs: the places of the outputs in what the forward returns; None where it returns one array.
        meanings: what each parameter of the backward is given.
        bare: the backward gives the derivative of each entry, without a G: it is multiplied by G here.
        is_loss: the forward gives one number, and the backward its gradients.
    """

    outputs: tuple[int, ...] | None
    meanings: Mapping[str, Meaning]
    bare: bool = False
    is_loss: bool = False


@dataclass(frozen=True)
class PairForm:
    """A forward and a backward; `wiring` is None until the forward has run once.

    `is_of_result`: its file hands the backward what the forward gave, as the derivative of each entry in terms of it.
    `others`: the backward with another meaning of what it gives.
    """

    fore: PlainFunction
    back: PlainFunction
    wiring: Wiring | None = None
    is_of_result: bool = False
    others: tuple[PlainFunction, ...] = ()

    @property
    def kind(self) -> FunctionForm:
        """Two functions."""
        return "loss-pair" if self.wiring is not None and self.wiring.is_loss else "pair"

    @property
    def title(self) -> str:
        """The forward's name."""
        return self.fore.name

    @property
    def backward(self) -> str:
        """The backward's name."""
        return self.back.name

    @property
    def is_bare(self) -> bool:
        """Is the backward handed no G, and gives the derivative of each entry, or of a loss?"""
        return self.wiring is not None and self.wiring.bare

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the forward."""
        found = self.fore.parameters()
        names = [item.name for item in found]
        returned = {belongs_to(name, names) for name in returned_names(self.back.node)}
        tables = {name for name in names if set(tokens(name)) & ANGLE_WORDS} - named_gradients(self.back.node, names)
        return tuple(
            replace(item, is_returned=item.name in returned, has_no_gradient=item.name in tables) for item in found
        )

    @property
    def source(self) -> str:
        """The forward's text."""
        return self.fore.source

    @property
    def why(self) -> str:
        """The pair, and what the backward is handed."""
        if self.wiring is None:
            return f"{self.back.name} is taken as the backward of {self.fore.name}"
        given = ", ".join(f"{name} = {_in_words(meaning)}" for name, meaning in self.wiring.meanings.items())
        is_entrywise = self.is_bare and not self.wiring.is_loss
        bare = "; it gives the derivative of each entry, which is multiplied by dE/dO" if is_entrywise else ""
        mean = f"; {_OF_THE_MEAN}" if self._is_averaged else ""
        meant = "".join(f"; {each.meaning}" for each in (self.fore, self.back) if each.meaning)
        said = f"{self.back.name} is taken as the backward of {self.fore.name}, called with ({given})"
        return f"{said}{bare}{mean}{meant}"

    @property
    def has_lengths(self) -> bool:
        """Is the backward handed a number of rows or columns, of an array that only a guess can name?"""
        return self.wiring is not None and any(kind == LENGTH for kind, _ in self.wiring.meanings.values())

    @property
    def _is_averaged(self) -> bool:
        """Only what is handed a G: a loss divides by the number of samples itself, and is judged with that."""
        return not self.is_bare and averages_over_columns(self.back.source)

    def wirings(self, values: Values) -> Iterator[PairForm]:
        """The ways in which it may hang together, the likeliest first, told by one call of the forward.

        Raises:
            NotAFunctionError: the forward gives no array.
            Exception: whatever the forward raises.
        """
        result = call_by_name(self.fore.call, fresh(values))
        wanted = [item.name for item in self.back.parameters() if not item.has_default]
        if self.is_of_result and len(wanted) == 1 and as_array(result) is not None:
            yield replace(self, wiring=Wiring(None, {wanted[0]: (RESULT, None)}, bare=True))
        for wiring in _wirings(self.fore, self.back, result, list(values)):
            for back in (self.back, *self.others):
                yield replace(self, back=back, others=(), wiring=wiring)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs, as the wiring has them."""
        return self._outputs(call_by_name(self.fore.call, fresh(values)))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """The forward, then the backward with what the forward left."""
        assert self.wiring is not None
        given = fresh(values)
        result = call_by_name(self.fore.call, given)
        outputs = tuple(array.copy() for array in self._outputs(result))
        after_forward = fresh(given)
        grads = [grad.reshape(out.shape).copy() for grad, out in zip(upstream, outputs, strict=False)]
        sources = {UPSTREAM: grads, ARGUMENT: given}
        handed = {name: _handed(meaning, sources, result) for name, meaning in self.wiring.meanings.items()}
        handed |= self._same_settings(given, handed)
        with in_backward(outputs):
            back = call_by_name(self.back.call, handed)
        meant = overwritten(self.fore.call)
        changed = tuple(name for name in mutated(values, after_forward) if name not in meant)
        changed = changed or mutated(after_forward, given)
        kept = all(np.array_equal(now, then.reshape(now.shape)) for now, then in zip(grads, upstream, strict=False))
        changed += () if kept else ("grad_output",)
        return self._read(back, values, outputs, changed, upstream)

    def _same_settings(self, given: Mapping[str, Any], handed: Mapping[str, Any]) -> dict[str, Any]:
        """What both may be given by the same name, as a slope: it was at its default when they were wired."""
        own = {item.name for item in self.back.parameters()} - handed.keys()
        return {name: value for name, value in given.items() if name in own and not isinstance(value, np.ndarray)}

    def _read(
        self, back: Any, values: Values, outputs: tuple[Array, ...], changed: tuple[str, ...], upstream: Sequence[Array]
    ) -> Ran:
        assert self.wiring is not None
        arguments = self._judged(float_arrays(values))
        entries = rejoined(unstacked(entries_of(back, self.returned(list(arguments))), arguments), arguments)
        is_named = any(name and belongs_to(name, list(arguments)) for name, _ in entries)
        owed = fitting_arguments(entries, upstream[0], arguments) if self.is_bare and not is_named else arguments
        gradients, returned = claimed(owners(entries, owed), entries)
        if self.is_bare:
            returned = tuple(of_jacobian(entry, upstream[0], arguments) for entry in returned)
            gradients = {name: weighed(array, upstream[0], arguments[name]) for name, array in gradients.items()}
        if self._is_averaged:
            gradients = without_the_mean(gradients, arguments, outputs[0])
        return Ran(outputs, gradients, returned, mutated=changed)

    def _judged(self, arguments: dict[str, Array]) -> dict[str, Array]:
        """Those that what is returned may be a gradient of."""
        return arguments

    def returned(self, arguments: Sequence[str]) -> list[str]:
        """What the backward calls what it gives; else the argument that its own name says, as grad_w's, or its text."""
        names = returned_names(self.back.node, flat=True)
        says_nothing = len(names) == 1 and not belongs_to(names[0], arguments)
        by = derived_argument(self.back.name, arguments) or self._said(arguments) if says_nothing else ""
        return [by] if by else names

    def _said(self, arguments: Sequence[str]) -> str:
        """The only argument of which the backward says that it is the derivative: "grad w.r.t. y"; "" for none."""
        said = {name for name in _BY.findall(self.back.source) if name in arguments}
        return said.pop() if len(said) == 1 else ""

    def _outputs(self, result: Any) -> tuple[Array, ...]:
        if self.wiring is None or self.wiring.outputs is None:
            return outputs_of([result])
        return outputs_of([result[place] for place in self.wiring.outputs])


def float_arrays(values: Values) -> dict[str, Array]:
    """The arguments that a gradient may be owed for."""
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray) and value.dtype.kind in "fc"}


def _handed(meaning: Meaning, sources: Mapping[str, Any], result: Any) -> Any:
    kind, which = meaning
    if kind == INPUTS:
        return list(sources[ARGUMENT].values())
    if kind == SETTING:
        return sources[ARGUMENT].get(*which)
    if kind in (CACHE, RESULT):
        return result if which is None else result[which]
    if kind == LENGTH:
        name, axes = which
        return math.prod(np.shape(sources[ARGUMENT][name])[axes])
    return np.shape(sources[ARGUMENT][which]) if kind == SHAPE else sources[kind][which]


def _in_words(meaning: Meaning) -> str:
    kind, which = meaning
    words = {UPSTREAM: "dE/dO", CACHE: "what the forward kept", ARGUMENT: str(which), SHAPE: f"the shape of {which}"}
    if kind == INPUTS:
        return "all arguments"
    if kind == SETTING:
        return str(which[0])
    if kind == LENGTH:
        return f"the {_LENGTHS[which[1].start, which[1].stop]} of {which[0]}"
    return words.get(kind) or (f"output {which + 1}" if which else "the output")


# As in the gradients that graphs register by the name of an operation: gradient(grad, outputs, inputs).
_ALL_INPUTS = ("inputs", "ins", "args", "arguments", "operands", "parents")
# What is likely of three parameters that may be two things each. More that run prove less: one of them runs by chance.
_MOST_MEANINGS = 8
# Two lengths, each of three of either of two arrays.
_MOST_OF_LENGTHS = 36
# The slice of a shape -> what the product of its lengths is. The number of samples first.
_LENGTHS = {(None, 1): "rows", (-1, None): "columns", (None, None): "size"}


def _wirings(fore: PlainFunction, back: PlainFunction, result: Any, given: Sequence[str]) -> Iterator[Wiring]:
    several = isinstance(result, tuple | list) and not is_listed(result)
    parts = list(result) if several else [result]
    names = returned_names(fore.node, fore.source)
    names = names if len(names) == len(parts) else [""] * len(parts)
    wanted = list(back.parameters())
    names = _with_output_named(names, [item.name for item in wanted if not item.has_default], given, back.node)
    if as_array(parts[0]) is None:
        raise NotAFunctionError("run", f"{fore.name} gives a {type(parts[0]).__name__} where an array is expected")
    own = {item.name: item for item in fore.parameters()}  # a `delta` that the forward takes too is no gradient
    settings: dict[str, Meaning] = {
        item.name: (SETTING, (item.name, own[item.name].default))
        for item in wanted
        if not item.has_default and item.name not in (*given, *names) and item.name in own
    }
    wanted = [item for item in wanted if item.name not in settings]
    upstreams = upstreams_named([item.name for item in wanted if item.name not in own], names)
    for grads in [upstreams] if upstreams else guessed_upstreams(wanted, given, several):
        rest = [item for item in wanted if item.name not in grads]
        for meanings in _meanings(rest, parts, names, given, several):
            used = {which for kind, which in meanings.values() if kind == CACHE and which is not None}
            outputs = tuple(place for place in range(len(parts)) if place not in used)[: max(1, len(grads))]
            handed = {name: (UPSTREAM, place) for place, name in enumerate(grads)} | meanings | settings
            ordered = {item.name: handed[item.name] for item in back.parameters() if item.name in handed}
            is_loss = not grads and np.shape(parts[outputs[0]]) == ()
            yield Wiring(outputs if several else None, ordered, bare=not grads, is_loss=is_loss)


def _with_output_named(
    names: Sequence[str], needed: Sequence[str], given: Sequence[str], back: ast.AST | None
) -> list[str]:
    """The names of the outputs; one without a name is what the backward calls as a count may be called, and is none.

    So `n` of `(g - n * (n * g).sum(1, keepdims=True)) / norm`, beside `return v / norm, norm`; and `p` beside `dp`.
    """
    left = [name for name in needed if name not in (*names, *given)]
    graded = [name for name in left if any(belongs_to(other, [name]) == name for other in left if other != name)]
    if len(graded) == 1 and list(names) == [""]:
        return graded
    left = [name for name in left if not is_upstream(name) and not looks_like_gradient(name)]
    is_known = len(left) != 1 or list(names).count("") != 1 or set(tokens(left[0])) - COUNT_WORDS
    return list(names) if is_known or counts_with(back, left[0]) else [name or left[0] for name in names]


def _meanings(
    rest: Sequence[Parameter], parts: Sequence[Any], names: Sequence[str], given: Sequence[str], several: bool
) -> Iterator[dict[str, Meaning]]:
    """Each way to hand the rest of the parameters something."""
    choices: list[list[tuple[str, Meaning]]] = []
    for place, item in enumerate(rest):
        options = list(_options(item, place, parts, names, given, several))
        if not options:
            if item.has_default:
                continue
            return
        choices.append([(item.name, option) for option in options])
    of_lengths = any(kind == LENGTH for options in choices for _, (kind, _) in options)
    most = _MOST_OF_LENGTHS if of_lengths else _MOST_MEANINGS
    for chosen in itertools.islice(itertools.product(*choices), most):
        yield dict(chosen)


def _options(
    item: Parameter, place: int, parts: Sequence[Any], names: Sequence[str], given: Sequence[str], several: bool
) -> Iterator[Meaning]:
    # What both are handed by the name of a cache, `ctx`, where what the forward kept has a name of its own.
    is_own = bool(names[-1]) and item.name not in names
    if item.name in given and (is_own or not (is_cache(item.name) and several)):
        yield ARGUMENT, item.name
        return
    if item.name in names:
        if is_cache(item.name) and several:
            yield CACHE, names.index(item.name)
            return
        yield RESULT, names.index(item.name) if several else None
        return
    if is_cache(item.name) and several:
        yield CACHE, len(parts) - 1
        return
    if item.name.lower() in _ALL_INPUTS:
        yield INPUTS, None
    shaped = shape_called(item.name, given)
    argument = argument_called(item.name, given)
    if shaped:
        yield SHAPE, shaped
    elif not argument and not item.has_default and counts_data(item.name):
        yield from ((LENGTH, (name, slice(*part))) for name in given for part in _LENGTHS)
        return
    elif argument:
        yield ARGUMENT, argument
    elif item.has_default:
        return
    elif several:
        yield CACHE, len(parts) - 1
        yield from ((CACHE, number) for number in range(1, len(parts) - 1))
    if item.name.lower() in ("y", "a", "out", "output", "s", "sig", "t", "activation", "h", "z_out", "o", "p", "probs"):
        yield RESULT, 0 if several else None
        yield from ((ARGUMENT, name) for name in given[place : place + 1])
    else:
        yield from ((ARGUMENT, name) for name in given[place : place + 1])
        yield RESULT, 0 if several else None
