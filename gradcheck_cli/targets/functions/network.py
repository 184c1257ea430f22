"""A network in functions: one makes its parameters, one goes forward, one gives their gradients, one the loss.

`initialize(n_x, n_h, n_y)`, `forward(X, parameters)`, `cost(A2, Y)`, `backward(parameters, cache, X, Y)`: as courses
write it, with the parameters in a dict or one after the other. Judged is the whole: the gradients of the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    fresh,
    in_backward,
    mutated,
    outputs_of,
)
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.network_wiring import (
    Arrays,
    Handing,
    data_of,
    fitting_first,
    handed,
    initializes,
    layouts_of,
    shapes_made,
)
from gradcheck_cli.targets.functions.pair import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import claimed, entries_of, owners, returned_names
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, backwards_among, tokens


@dataclass(frozen=True)
class NetworkFunctions:
    """The functions of one network; all of them in one file."""

    making: PlainFunction
    fore: PlainFunction
    loss: PlainFunction
    back: PlainFunction


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
        return self._loss(self._handing(given).after(self._went_forward(given)))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Forward, loss, backward; it is handed no G, as the loss is the end."""
        del upstream
        given = fresh(values)
        handing = self._handing(given).after(self._went_forward(given))
        outputs = self._loss(handing)
        with in_backward(outputs):
            back = call_by_name(self.functions.back.call, handed(self.functions.back, handing))
        entries = entries_of(back, returned_names(self.functions.back.node))
        arrays: Arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        found = owners(entries, {name: arrays[name] for name in self.shapes})
        gradients, returned = claimed(found, entries)
        # The gradients of activations, which many keep in the same dict, belong to nothing that is asked.
        named = tuple(entry for entry in returned if entry.name)
        return Ran(outputs, gradients, named, mutated=mutated(values, given))

    def _handing(self, given: Mapping[str, Any]) -> Handing:
        states = {name: given[name] for name in self.shapes}
        return Handing(self.functions.fore, states, (self.data[0], given[self.data[0]]), given[self.target[0]])

    def _went_forward(self, given: Mapping[str, Any]) -> Any:
        return call_by_name(self.functions.fore.call, handed(self.functions.fore, self._handing(given)))

    def _loss(self, handing: Handing) -> tuple[Array, ...]:
        loss = call_by_name(self.functions.loss.call, handed(self.functions.loss, handing))
        (array,) = outputs_of([loss])
        if array.size != 1:
            raise TypeError(
                f"{self.functions.loss.name} gives {counted(array.size, 'number')} where a loss is expected"
            )
        return (array.reshape(()),)


def network_forms(functions: Mapping[str, PlainFunction], fore: str, back: str) -> Iterator[NetworkForm]:
    """The layouts in which a network's functions hang together: those that run, the most gradients that fit first.

    Args:
        functions: of the file, by name.
        fore, back: those two that name each other.
    """
    for making in (functions[name] for name in functions if initializes(name)):
        for loss in (functions[name] for name in functions if _is_loss(name, functions)):
            named = NetworkFunctions(making, functions[fore], loss, functions[back])
            yield from fitting_first(_on_each_layout(named))


def _is_loss(name: str, functions: Mapping[str, PlainFunction]) -> bool:
    return bool(set(tokens(name)) & LOSS_WORDS) and name not in backwards_among(functions)


def _on_each_layout(named: NetworkFunctions) -> Iterator[NetworkForm]:
    for axes, target, made in layouts_of(named.making):
        if not _takes(named.fore, made[0]):
            return
        shapes = shapes_made(made)
        with suppress(NotAFunctionError):
            yield NetworkForm(named, shapes, data_of(named.fore, shapes, axes), (_target_name(named), target))


def _takes(fore: PlainFunction, states: Mapping[str, Array]) -> bool:
    """Is all that is made handed to the forward, in one dict or one by one?"""
    names = {item.name for item in fore.parameters()}
    return set(states) <= names or Handing.dict_name(fore) != ""


def _target_name(named: NetworkFunctions) -> str:
    return Handing.target_name(named.loss) or Handing.target_name(named.back)
