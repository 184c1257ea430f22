"""A network in functions: one makes its parameters, one goes forward, one gives their gradients, one the loss.

`initialize(n_x, n_h, n_y)`, `forward(X, parameters)`, `cost(A2, Y)`, `backward(parameters, cache, X, Y)`: as courses
write it, with the parameters in a dict or one after the other. Judged is the whole: the gradients of the loss.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, ReturnedEntry, Sample
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
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.keyed import keyed_makings, letters_of
from gradcheck_cli.targets.functions.network_wiring import (
    Arrays,
    Handing,
    data_of,
    fitting_first,
    handed,
    initializes,
    layouts_of,
    output_of,
    sample_of,
    shapes_made,
)
from gradcheck_cli.targets.functions.plain import PlainFunction, call_by_name
from gradcheck_cli.targets.functions.reading import claimed, entries_of, owners, returned_names
from gradcheck_cli.targets.functions.slopes import is_slope
from gradcheck_cli.targets.functions.spelling import LOSS_WORDS, backwards_among, tokens
from gradcheck_cli.targets.functions.usual_losses import USUAL, OutputLoss


@dataclass(frozen=True)
class NetworkFunctions:
    """The functions of one network; all of them in one file, but for a loss that its gradients are of."""

    making: PlainFunction
    fore: PlainFunction
    loss: PlainFunction | OutputLoss
    back: PlainFunction


@dataclass(frozen=True)
class NetworkForm:
    """One network on one layout of its data.

    Attributes:
        functions: see there.
        shapes: of each parameter, on each set of sizes on which it can be made.
        data, target: the names of X and of Y, with what they are.
        matched: of a usual loss, the parameters whose gradients are its slopes.
    """

    functions: NetworkFunctions
    shapes: Mapping[str, tuple[tuple[int, ...], ...]]
    data: tuple[str, Proposal]
    target: tuple[str, Proposal]
    matched: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of the entries of all parameters, how many are in those whose gradients are slopes of a usual loss."""
        entries = {name: math.prod(shapes[0]) for name, shapes in self.shapes.items()}
        return sum(entries[name] for name in self.matched) / sum(entries.values())

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
        return f"{self.functions.fore.source}\n{getattr(self.functions.loss, 'source', '')}"

    @property
    def why(self) -> str:
        """Who does what."""
        named = self.functions
        if isinstance(named.loss, OutputLoss):
            return (
                f"{named.making.name} makes the parameters, {named.fore.name} gives the output; no loss stands in the "
                f"file: {named.back.name} is taken as the gradients of {named.loss.name}, whose slopes "
                f"{len(self.matched)} of its {len(self.shapes)} gradients are"
            )
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
        gradients, returned = self._read(back, values)
        return Ran(outputs, gradients, returned, mutated=mutated(values, given))

    def gradients(self, values: Values) -> Mapping[str, Array]:
        """What the backward gives, of whatever loss.

        Raises:
            Exception: whatever the user's code raises.
        """
        given = fresh(values)
        handing = self._handing(given).after(self._went_forward(given))
        return self._read(call_by_name(self.functions.back.call, handed(self.functions.back, handing)), values)[0]

    def _read(self, back: Any, values: Values) -> tuple[dict[str, Array], tuple[ReturnedEntry, ...]]:
        entries = entries_of(back, returned_names(self.functions.back.node))
        arrays: Arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        gradients, returned = claimed(owners(entries, {name: arrays[name] for name in self.shapes}), entries)
        # The gradients of activations, which many keep in the same dict, belong to nothing that is asked.
        return gradients, tuple(entry for entry in returned if entry.name)

    def _handing(self, given: Mapping[str, Any]) -> Handing:
        states = {name: given[name] for name in self.shapes}
        return Handing(self.functions.fore, states, (self.data[0], given[self.data[0]]), given[self.target[0]])

    def _went_forward(self, given: Mapping[str, Any]) -> Any:
        return call_by_name(self.functions.fore.call, handed(self.functions.fore, self._handing(given)))

    def _loss(self, handing: Handing) -> tuple[Array, ...]:
        loss = self.functions.loss
        if isinstance(loss, OutputLoss):
            (output,) = outputs_of([output_of(handing.result)])
            return (np.asarray(loss.of(None, output, handing.target)).reshape(()),)
        (array,) = outputs_of([call_by_name(loss.call, handed(loss, handing))])
        if array.size != 1:
            raise TypeError(f"{loss.name} gives {counted(array.size, 'number')} where a loss is expected")
        return (array.reshape(()),)


def network_forms(functions: Mapping[str, PlainFunction], fore: str, back: str) -> Iterator[NetworkForm]:
    """The layouts in which a network's functions hang together: those that run, the most gradients that fit first.

    Where no loss stands in the file and its backward is handed what its output is compared with, with the usual loss
    that most of its gradients are the slopes of; none where they are of none.

    Args:
        functions: of the file, by name.
        fore, back: those two that name each other.
    """
    makings = makings_of(functions, fore)
    losses = [functions[name] for name in _losses_of(back, functions)]
    for making in makings:
        for loss in losses:
            named = NetworkFunctions(making, functions[fore], loss, functions[back])
            yield from fitting_first(sorted(_on_each_layout(named), key=_has_several_where_binary))
    if not losses and Handing.target_name(functions[back]):
        found = list(_with_usual(makings, functions[fore], functions[back]))
        yield from sorted(found, key=lambda one: -one.share)[:1]


def makings_of(functions: Mapping[str, PlainFunction], fore: str) -> list[PlainFunction]:
    """What makes the parameters of a forward: functions of the file, else the keys that it counts."""
    own = [functions[name] for name in functions if initializes(name)]
    return own or list(keyed_makings(functions[fore].source, Handing.dict_name(functions[fore])))


def network_forward(functions: Mapping[str, PlainFunction], fore: str) -> str:
    """What goes forward in a file of networks: the function itself; of a loss, the only other one that reads keys.

    A backward may have more words in common with its loss.
    """
    if not _is_loss(fore, functions):
        return fore
    others = [name for name in functions if not _is_loss(name, functions) and name not in backwards_among(functions)]
    found = [name for name in others if reads_keys(functions[name])]
    return found[0] if len(found) == 1 else fore


def reads_keys(fore: PlainFunction) -> bool:
    """Does a forward count the keys of the dict of its parameters, or number them?"""
    return bool(letters_of(fore.source, Handing.dict_name(fore))[0])


def _with_usual(makings: Sequence[PlainFunction], fore: PlainFunction, back: PlainFunction) -> Iterator[NetworkForm]:
    """Each layout with each usual loss that any of its gradients are the slopes of; up to one that all are of."""
    for making in makings:
        for base in _on_each_layout(NetworkFunctions(making, fore, USUAL[0], back)):
            with suppress(Exception):  # whatever the user's code raises on a layout that it is not meant for
                calls = _calls(base)
                for loss in USUAL:
                    form = replace(base, functions=replace(base.functions, loss=loss))
                    matched = _matched(form, calls)
                    if matched:
                        yield replace(form, matched=matched)
                    if len(matched) == len(form.shapes):
                        return


def _calls(form: NetworkForm) -> list[tuple[Sample, Mapping[str, Array]]]:
    """A sample of each set of sizes, on one of which two means may be the same, with its gradients.

    Raises:
        Exception: whatever the user's code raises.
    """
    samples = [sample_of(form, number) for number in range(len(SIZES))]
    return [(sample, form.gradients(sample.values)) for sample in samples]


def _matched(form: NetworkForm, calls: Sequence[tuple[Sample, Mapping[str, Array]]]) -> tuple[str, ...]:
    """The parameters whose gradients are slopes of its loss on all samples.

    Raises:
        Exception: whatever the loss raises.
    """

    def is_matched(sample: Sample, gradients: Mapping[str, Array], name: str) -> bool:
        gradient = gradients.get(name)
        fits = gradient is not None and gradient.shape == sample.array(name).shape
        return fits and gradient is not None and is_slope(form, sample, name, gradient)

    try:
        return tuple(name for name in form.shapes if all(is_matched(*call, name) for call in calls))
    except (ValueError, TypeError, ArithmeticError):  # its target is of another shape than the output
        return ()


def _losses_of(back: str, functions: Mapping[str, PlainFunction]) -> list[str]:
    """The losses of the file, those first whose names say what the backward's says, as `with_regularization`."""

    def unlike(name: str) -> int:
        return len(set(tokens(name)) ^ set(tokens(back)))

    return sorted((name for name in functions if _is_loss(name, functions)), key=unlike)


def _is_loss(name: str, functions: Mapping[str, PlainFunction]) -> bool:
    return bool(set(tokens(name)) & LOSS_WORDS) and name not in backwards_among(functions)


def _on_each_layout(named: NetworkFunctions) -> Iterator[NetworkForm]:
    for axes, target, made in layouts_of(named.making):
        if not _takes(named.fore, made[0]):
            return
        shapes = shapes_made(made)
        with suppress(NotAFunctionError):
            yield NetworkForm(named, shapes, data_of(named.fore, shapes, axes), (_target_name(named), target))


def _has_several_where_binary(form: NetworkForm) -> bool:
    """Has it several outputs, where its loss is one of two classes, which uses 1 - y?

    A mean over all entries is off by their number then from gradients that are right for one output.
    """
    loss = form.functions.loss
    name = "" if isinstance(loss, OutputLoss) else Handing.target_name(loss)
    is_binary = bool(name) and re.search(rf"\b1(?:\.0?)?\s*-\s*{re.escape(name)}\b", form.source) is not None
    return is_binary and form.target[1].kind != "mask"


def _takes(fore: PlainFunction, states: Mapping[str, Array]) -> bool:
    """Is all that is made handed to the forward, in one dict or one by one?"""
    names = {item.name for item in fore.parameters()}
    return set(states) <= names or Handing.dict_name(fore) != ""


def _target_name(named: NetworkFunctions) -> str:
    own = "" if isinstance(named.loss, OutputLoss) else Handing.target_name(named.loss)
    return own or Handing.target_name(named.back)
