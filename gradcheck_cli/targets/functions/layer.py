"""An object with a forward and a backward; its gradients are returned, kept in attributes, or seen in an update."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, Sample, syntax
from gradcheck_cli.targets.functions.averaged import OF_THE_MEAN, method_averages, without_the_mean
from gradcheck_cli.targets.functions.constructing import makings
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    fresh,
    in_backward,
    mutated,
)
from gradcheck_cli.targets.functions.hyperparameters import Slope, as_arguments, by_the_numbers, slopes_named
from gradcheck_cli.targets.functions.inputs.documented import is_said_frozen
from gradcheck_cli.targets.functions.inputs.drawing import normal_arrays
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, ProposalKind
from gradcheck_cli.targets.functions.keyed import keys_returned
from gradcheck_cli.targets.functions.left_open import fillings, left_open
from gradcheck_cli.targets.functions.making import Making
from gradcheck_cli.targets.functions.methods import RATE, Methods, method_names
from gradcheck_cli.targets.functions.node_functions import node_methods
from gradcheck_cli.targets.functions.pair import float_arrays
from gradcheck_cli.targets.functions.reading import by_place, claimed, entries_of, owners
from gradcheck_cli.targets.functions.spelling import belongs_to, is_target
from gradcheck_cli.targets.functions.state import (
    HeldParameter,
    held,
    kept_by_shape,
    kept_for_input,
    kept_gradients,
    mirrored,
    parameters,
    switches_of,
)
from gradcheck_cli.targets.functions.tensors import tensors

_OF_ITS_OWN = "what the forward is handed is data: the gradients are those of what the object holds"
# More matrices than this are several layers, or an attention.
_FEW = 2


@dataclass(frozen=True, eq=False)
class _Before:
    """What an object held when its backward was called: its parameters by name, and everything by path."""

    parameters: Mapping[str, Array]
    left: Mapping[str, Array]


@dataclass(frozen=True)
class LayerForm:
    """An object's forward and backward.

    Attributes:
        making: how it is made.
        states: its parameters' names and shapes, on each set of sizes on which it can be made.
        methods: its forward and its backward.
        names: what the backward's return statement calls its entries.
        source: the class's text, with that of what it uses.
        switches: what it holds that is True or False, with its value: training or inference.
        is_torch: it is handed tensors.
    """

    making: Making
    states: tuple[Mapping[str, tuple[int, ...]], ...]
    methods: Methods
    names: tuple[str, ...]
    source: str
    switches: Mapping[str, bool] = field(default_factory=dict)
    is_torch: bool = False

    @property
    def kind(self) -> FunctionForm:
        """A loss's backward is handed no G; one that is handed all arguments again gives what its author wanted."""
        if self.methods.takes_upstream:
            return "class"
        is_handed_all = self.methods.is_handed_all and not self.states[0]
        is_chosen = is_handed_all or self.methods.is_gradient_of_same or bool(self.slopes)
        return "loss-pair" if is_chosen else "loss-class"

    @property
    def title(self) -> str:
        """The class's name."""
        return str(self.making.owner.__name__)

    @property
    def why(self) -> str:
        """How it is made and called."""
        handed = "dE/dO" if self.methods.takes_upstream else ""
        logarithms = [slope.name for slope in self.slopes.values() if slope.is_of_logarithm]
        by = f"; its gradients are those by the logarithms of {', '.join(logarithms)}" if logarithms else ""
        data = f"; {_OF_ITS_OWN}" if self._is_of_its_own else ""
        mean = f"; {OF_THE_MEAN}" if self._is_averaged else ""
        return f"{self.making.text}; {self.methods.fore}, then {self.methods.back}({handed}){by}{data}{mean}"

    @property
    def backward(self) -> str:
        """The class holds it."""
        return self.title

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the forward, then the object's settings, then what it holds."""
        is_made_for_a_length = self.making.has_lengths and not self.states[0]
        own = tuple(
            replace(item, may_be_row=is_made_for_a_length, is_data=self._is_of_its_own)
            for item in self.methods.arguments
        )
        settings = [
            *as_arguments(self.making.settings, self.slopes),
            *(Parameter(name, True, value) for name, value in self.switches.items()),
        ]
        known = {one.name for one in own} | self.states[0].keys()  # a `bias` that is True makes one that is an array
        own = (*own, *(item for item in settings if item.name not in known))
        taken = {item.name for item in own}
        # What is multiplied by matrix after matrix saturates an exponential: no digit of a slope is left there.
        matrices = sum(len(shape) > 1 for shape in self.states[0].values())
        numbers: ProposalKind = "small" if matrices > _FEW and "exp" in self.source else "real"
        states = [
            Parameter(
                name,
                is_state=True,
                shapes=tuple(held[name] for held in self.states if name in held),
                known=self.making.data.get(name),
                numbers=numbers,
                is_data=self._is_frozen(name),
            )
            for name in self.states[0]
        ]
        return (*own, *(item for item in states if item.name not in taken))

    @cached_property
    def _is_of_its_own(self) -> bool:
        """Is the backward handed all that the forward is once more, and gives a dict of gradients of what is held?"""
        keys = keys_returned(self.source, self.methods.back)
        held = list(self.states[0])
        return self.methods.is_handed_all and len(held) > 1 and {belongs_to(key, held) for key in keys} == set(held)

    def _is_frozen(self, name: str) -> bool:
        """Is it said not to be learnt, and nothing in the class called its gradient?"""
        return is_said_frozen(self.source, name) and not any(
            belongs_to(each, [name]) == name != each for each in map(syntax.identifier, syntax.nodes_in(self.source))
        )

    @cached_property
    def slopes(self) -> Mapping[str, Slope]:
        """The numbers of the constructor that the gradient of a loss is returned of, by what the gradient is called."""
        is_loss = not self.methods.takes_upstream
        return slopes_named(self.source, self.methods.back, self.making.settings) if is_loss else {}

    @property
    def lengths(self) -> tuple[str, ...]:
        """Settings that make another object: with the parameters of this one they have no meaning."""
        return self.making.lengths

    def absent(self, values: Values) -> set[str]:
        """The parameters that an object of these settings does not hold, as the bias of one without."""
        instance, _ = self.prepared(values)
        return self.states[0].keys() - {one.name for one in parameters(instance, self.making.labels)}

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs of a new object."""
        instance, given = self.prepared(values)
        return self.methods.called(instance, given)[0]

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """A new object, its forward, its backward; then every place where a gradient may be."""
        instance, given = self.prepared(values)
        found, kept = self.methods.called(instance, given)
        outputs = tuple(array.copy() for array in found)
        before = {one.name: one.array.copy() for one in self._states(instance, values)}
        left = {one.path: one.array.copy() for one in held(instance)}
        grads = list(self._handed({str(place): np.array(grad) for place, grad in enumerate(upstream)}).values())
        with in_backward(outputs):
            back = self.methods.call_backward(instance, given, grads, kept)
        is_whole = all(np.array_equal(np.asarray(now), then) for now, then in zip(grads, upstream, strict=False))
        changed = mutated(values, given) + (() if is_whole else ("grad_output",))
        ran = self._read(back, instance, values, outputs, _Before(before, left), changed)
        if self._is_averaged:
            return replace(ran, gradients=without_the_mean(ran.gradients, float_arrays(values), outputs[0]))
        return ran

    @cached_property
    def _is_averaged(self) -> bool:
        """Does its backward divide by the number of columns, as if dE/dO were of a mean over them?"""
        return self.methods.takes_upstream and method_averages(self.source, self.methods.back)

    def _read(
        self,
        back: Any,
        instance: Any,
        values: Values,
        outputs: tuple[Array, ...],
        then: _Before,
        changed: tuple[str, ...],
    ) -> Ran:
        """Returned ones first, then kept ones, then what an update took away."""
        before = then.parameters
        entries = [] if back is None else by_the_numbers(entries_of(back, self.names), self.slopes, values)
        if not any(belongs_to(name, list(before)) for name, _ in entries if name):
            entries = by_place(entries, [item.name for item in self.methods.arguments])
        inputs = {name: array for name, array in float_arrays(values).items() if name not in before}
        shapes = {name: array.shape for name, array in (inputs | dict(before)).items()}
        gradients = kept_gradients(instance, shapes, self.making.labels)
        gradients |= mirrored(instance, then.left, before)
        others = {name: array for name, array in before.items() if name not in gradients}
        found = owners(entries, inputs | others)
        of_return, returned = claimed(found, entries)
        gradients |= of_return
        data = next((name for name in inputs if not is_target(name)), "")
        if data and not inputs.keys() & gradients.keys() and (array := kept_for_input(instance)) is not None:
            gradients[data] = array
        for one in self._states(instance, values):
            if one.name not in gradients and not np.array_equal(one.array, before[one.name], equal_nan=True):
                gradients[one.name] = (before[one.name] - one.array) / RATE
        gradients |= kept_by_shape(instance, then.left, {n: a for n, a in before.items() if n not in gradients})
        return Ran(outputs, gradients, returned, mutated=changed)

    def prepared(self, values: Values) -> tuple[Any, dict[str, Any]]:
        """A new object that holds the sample's states, and the arguments of its forward."""
        own = {item.name for item in self.methods.arguments}
        lengths = {name for pair in self.making.compared for name in pair}
        said = ({item.name for item in self.making.settings} | lengths) - own - self.states[0].keys()
        settings = {name: value for name, value in values.items() if name in said}
        instance = self.making.instance(self._sizes(values), settings)
        if self.is_torch and hasattr(instance, "double"):
            instance.double()
        for one in self._states(instance, values):
            one.put(np.asarray(values[one.name]))
        for name in (self.switches.keys() & values.keys()) - own:
            setattr(instance, name, values[name])
        given = self._handed({name: value for name, value in values.items() if name in own})
        return instance, self.methods.with_context(given)

    def _handed(self, values: Values) -> dict[str, Any]:
        return tensors(values) if self.is_torch else fresh(values)

    def _sizes(self, values: Values) -> Mapping[str, int]:
        for sizes, states in zip(SIZES, self.states, strict=False):
            # A number that is spread over a row says nothing of the sizes.
            if all(np.shape(values[name]) == shape for name, shape in states.items() if name in values and shape):  # type: ignore[arg-type]
                return sizes if states else self.making.sizes_of(float_arrays(values))
        return SIZES[0]

    def _states(self, instance: Any, values: Values) -> list[HeldParameter]:
        named = parameters(instance, self.making.labels)
        return [one for one in named if one.name in values]

    def alike(self, sample: Sample) -> Iterator[Sample]:
        """The sample with an object for each length that the code compares with another, as long as that one.

        And for each count on which the shape of its parameters hangs, by one more.
        """
        data = {name: value for name, value in sample.values.items() if name not in self.states[0]}
        owed = [name for name in sample.differentiated if name in data]
        sizes = self._sizes(sample.values)
        for name, length in chain(self.making.alike(sizes), self.making.larger(sizes)):
            with suppress(Exception):  # whatever the constructor raises on lengths that it is not meant for
                instance = self.making.instance(sizes, {name: length})
                generator = np.random.default_rng([sample.seed, length])
                named = parameters(instance, self.making.labels)
                states = normal_arrays({one.name: one.array.shape for one in named}, generator)
                yield Sample({**data, name: length, **states}, (*owed, *states), sample.seed)


def layer_forms(
    owner: Any,
    names: Sequence[str],
    source: str,
    asked: str = "",
    module: Mapping[str, Any] | None = None,
    makings: Iterable[Making] = (),
) -> Iterator[LayerForm]:
    """A form for each way in which an object can be made.

    Args:
        asked: see `method_names`.
        module: what the names of its file mean.
        makings: the ways to make one, where they are known.

    Raises:
        NotAFunctionError: it lacks a method, or cannot be made.
    """
    fore, back = method_names(owner, asked)
    if not fore or not back:
        lacking = "forward" if not fore else "backward"
        raise NotAFunctionError("build", f"{owner.__name__} has no {lacking}")
    methods = Methods(owner, fore, back)
    with_nodes = node_methods(owner, fore, back, module or {})
    for made in map(made_as, makings) if makings else objects_of(owner, source, (fore, back)):
        if with_nodes is not None:
            yield LayerForm(made.making, made.states, with_nodes, tuple(names), source, made.switches)
        for is_torch in _libraries(source, module or {}):
            yield LayerForm(made.making, made.states, methods, tuple(names), source, made.switches, is_torch)


def _libraries(source: str, module: Mapping[str, Any]) -> tuple[bool, ...]:
    """Whether it is handed tensors, the likelier first: a class of methods alone may not name what its file imports."""
    if "torch" in source:
        return True, False
    names = (getattr(value, "__name__", "") for value in module.values() if isinstance(value, ModuleType))
    return (False, True) if any(name.partition(".")[0] == "torch" for name in names) else (False,)


@dataclass(frozen=True)
class MadeObject:
    """One way to make an object, with what it holds then; see `LayerForm`."""

    making: Making
    states: tuple[Mapping[str, tuple[int, ...]], ...]
    switches: Mapping[str, bool]


def objects_of(owner: Any, source: str, methods: Sequence[str]) -> Iterator[MadeObject]:
    """Every way that works; behind them those where what the constructor leaves open is set.

    Args:
        source: see `makings`.
        methods: what is called on it, in this order.

    Raises:
        NotAFunctionError: none does.
    """
    first_error: BaseException | None = None
    made: list[Making] = []
    for making in makings(owner, source):
        try:
            shapes = _shapes(making)
        except Exception as error:
            first_error = first_error or error
            continue
        made.append(making)
        yield MadeObject(making, shapes, _switches(making))
    if not made:
        raise NotAFunctionError("run", f"no object of {owner.__name__} could be made", cause=first_error)
    names = left_open(owner, made[0].instance(SIZES[0]), source, methods)
    for filled in fillings(names, source) if names else ():
        yield made_as(replace(made[0], filled=filled))


def made_as(making: Making) -> MadeObject:
    """An object that is made in a known way.

    Raises:
        Exception: whatever its constructor raises.
    """
    return MadeObject(making, _shapes(making), _switches(making))


def _switches(making: Making) -> Mapping[str, bool]:
    return switches_of(making.instance(SIZES[0]), {item.name for item in making.settings})


def _shapes(making: Making) -> tuple[Mapping[str, tuple[int, ...]], ...]:
    """Names and shapes of the parameters on each set of sizes.

    Raises:
        Exception: the constructor does not take the first one.
    """
    found: list[Mapping[str, tuple[int, ...]]] = []
    for sizes in SIZES:
        try:
            instance = making.instance(sizes)
        except Exception:
            if not found:
                raise
            break
        found.append({one.name: one.array.shape for one in parameters(instance, making.labels)})
    return tuple(found)
