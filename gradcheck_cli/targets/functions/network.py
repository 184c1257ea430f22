"""A network in functions: one makes its parameters, one goes forward, one gives their gradients, one the loss.

`initialize(n_x, n_h, n_y)`, `forward(X, parameters)`, `cost(A2, Y)`, `backward(parameters, cache, X, Y)`: as courses
write it, with the parameters in a dict or one after the other. Judged is the whole: the gradients of the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.form import (
    Parameter,
    Ran,
    Values,
    as_array,
    entry_of,
    fresh,
    in_backward,
    mutated,
    outputs_of,
)
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.network_wiring import Arrays, Handing, data_of, handed, sizes_of
from gradcheck_cli.targets.functions.pair import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import entries_of, owners, returned_names
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, backwards_among, tokens, word_set

# Of a function that makes parameters: what it does, and what it makes.
_MAKES = word_set("init initialize initialise initializer create make build random get setup xavier he")
_PARAMETERS = word_set("param params parameters weight weights network net model layers")
# (letter of the number of outputs, how X lies, what Y is): courses have a sample in a column, most others in a row.
_LAYOUTS = (
    ("1", "d n", Proposal("mask", "1 n")),
    ("c", "d n", Proposal("one-hot-columns", "c n")),
    ("c", "n d", Proposal("one-hot", "n c")),
    ("c", "n d", Proposal("index", "n", "c")),
    ("c", "d n", Proposal("index", "n", "c")),
    ("1", "n d", Proposal("mask", "n 1")),
    ("1", "d n", Proposal("mask", "n")),
    ("1", "n d", Proposal("mask", "n")),
)


@dataclass(frozen=True)
class NetworkFunctions:
    """The functions of one network; all of them in one file."""

    making: PlainFunction
    fore: PlainFunction
    loss: PlainFunction
    back: PlainFunction

    def parameters(self, letter: str, sizes: Mapping[str, int]) -> Mapping[str, Array] | None:
        """What the first makes, by name, for these lengths; None where it makes no arrays or cannot be called so."""
        chosen = sizes_of(self.making.parameters(), letter, sizes)
        if chosen is None:
            return None
        made = call_by_name(self.making.call, chosen)
        names = returned_names(self.making.node)
        entries = entries_of(made, names if isinstance(made, tuple) else [])
        arrays = {name: array for name, value in entries if name and (array := as_array(value)) is not None}
        return arrays if arrays and len(arrays) == len(entries) else None


@dataclass(frozen=True)
class NetworkForm:
    """One network on one layout of its data.

    Attributes:
        functions: see there.
        shapes: of each parameter, on each set of sizes on which it can be made.
        data, target: the names of X and of Y, with what they are.
    """

    functions: NetworkFunctions
    shapes: Mapping[str, tuple[tuple[int, ...], ...]]
    data: tuple[str, Proposal]
    target: tuple[str, Proposal]

    @property
    def kind(self) -> FunctionForm:
        """The gradients that its author wanted of a loss."""
        return "loss-pair"

    @property
    def title(self) -> str:
        """The forward's name."""
        return self.functions.fore.name

    @property
    def backward(self) -> str:
        """The backward's name."""
        return self.functions.back.name

    @property
    def source(self) -> str:
        """The texts of the forward and of the loss."""
        return f"{self.functions.fore.source}\n{self.functions.loss.source}"

    @property
    def why(self) -> str:
        """Who does what."""
        named = self.functions
        return (
            f"{named.making.name} makes the parameters, {named.fore.name} and {named.loss.name} give the loss, "
            f"{named.back.name} its gradients"
        )

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """X, Y, and each array that the network is made of."""
        states = (
            Parameter(name, is_state=True, shapes=shapes, numbers="small") for name, shapes in self.shapes.items()
        )
        return (Parameter(self.data[0], known=self.data[1]), Parameter(self.target[0], known=self.target[1]), *states)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The loss."""
        given = fresh(values)
        return self._loss(self._handing(given), self._went_forward(given), given)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Forward, loss, backward; it is handed no G, as the loss is the end."""
        del upstream
        given = fresh(values)
        handing, result = self._handing(given), self._went_forward(given)
        outputs = self._loss(handing, result, given)
        with in_backward(outputs):
            back = call_by_name(self.functions.back.call, handed(self.functions.back, handing.after(result)))
        entries = entries_of(back, returned_names(self.functions.back.node))
        arrays: Arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        found = owners(entries, {name: arrays[name] for name in self.shapes})
        gradients = {
            name: array
            for name, (_, value) in zip(found, entries, strict=True)
            if name and (array := as_array(value)) is not None
        }
        # The gradients of activations, which many keep in the same dict, belong to nothing that is asked.
        returned = tuple(entry_of(name, value) for name, (_, value) in zip(found, entries, strict=True) if name)
        return Ran(outputs, gradients, returned, mutated=mutated(values, given))

    def _handing(self, given: Mapping[str, Any]) -> Handing:
        states = {name: given[name] for name in self.shapes}
        return Handing(self.functions.fore, states, (self.data[0], given[self.data[0]]), given[self.target[0]])

    def _went_forward(self, given: Mapping[str, Any]) -> Any:
        return call_by_name(self.functions.fore.call, handed(self.functions.fore, self._handing(given)))

    def _loss(self, handing: Handing, result: Any, given: Mapping[str, Any]) -> tuple[Array, ...]:
        del given
        loss = call_by_name(self.functions.loss.call, handed(self.functions.loss, handing.after(result)))
        (array,) = outputs_of([loss])
        if array.size != 1:
            raise TypeError(f"{self.functions.loss.name} gives {array.size} numbers where a loss is expected")
        return (array.reshape(()),)


def network_forms(functions: Mapping[str, PlainFunction], fore: str, back: str) -> Iterator[NetworkForm]:
    """The layouts in which a network's functions hang together: those that run, the most gradients that fit first.

    Args:
        functions: of the file, by name.
        fore, back: those two that name each other.
    """
    for making in (functions[name] for name in functions if _makes_parameters(name)):
        for loss in (functions[name] for name in functions if _is_loss(name, functions)):
            named = NetworkFunctions(making, functions[fore], loss, functions[back])
            yield from sorted(_running(named), key=_misfits)


def _makes_parameters(name: str) -> bool:
    words = set(tokens(name))
    return bool(words & _MAKES) and bool(words & _PARAMETERS)


def _is_loss(name: str, functions: Mapping[str, PlainFunction]) -> bool:
    return bool(set(tokens(name)) & LOSS_WORDS) and name not in backwards_among(functions)


def _running(named: NetworkFunctions) -> Iterator[NetworkForm]:
    for letter, axes, target in _LAYOUTS:
        try:
            made = [named.parameters(letter, sizes) for sizes in SIZES]
            if made[0] is None or not _takes(named.fore, made[0]):
                return
            shapes = {name: tuple(each[name].shape for each in made if each) for name in made[0]}
            form = NetworkForm(named, shapes, data_of(named.fore, shapes, axes), (_target_name(named), target))
            if _misfits(form) < len(shapes):
                yield form
        except Exception:  # whatever the user's code raises on a layout that it is not meant for
            continue


def _takes(fore: PlainFunction, states: Mapping[str, Array]) -> bool:
    """Is all that is made handed to the forward, in one dict or one by one?"""
    names = {item.name for item in fore.parameters()}
    return set(states) <= names or Handing.dict_name(fore) != ""


def _target_name(named: NetworkFunctions) -> str:
    return Handing.target_name(named.loss) or Handing.target_name(named.back)


def _misfits(form: NetworkForm) -> int:
    """How many gradients have another shape than their parameter, on a draw of its own.

    Raises:
        Exception: whatever the user's code raises.
    """
    from gradcheck_cli.targets.functions.inputs.drawing import drawn
    from gradcheck_cli.targets.functions.inputs.options import chosen, options_of

    listed = options_of(form, {})
    sample = drawn(chosen(form, listed, [0] * len(listed)), SIZES[0], 0)
    ran = form.run(sample.values, ())
    fitting = sum(array.shape == sample.array(name).shape for name, array in ran.gradients.items())
    is_none = not ran.gradients or not np.isfinite(ran.outputs[0])
    return len(form.shapes) if is_none else len(ran.gradients) - fitting
