"""An object with a forward and a backward; its gradients are returned, kept in attributes, or seen in an update."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.constructing import Making, makings
from gradcheck_cli.targets.functions.form import (
    NotAFunctionError,
    Parameter,
    Ran,
    Values,
    as_array,
    fresh,
    in_backward,
    mutated,
    outputs_of,
    told,
)
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.pair import call_by_name, float_arrays, parameters_of
from gradcheck_cli.targets.functions.reading import entries_of, owners
from gradcheck_cli.targets.functions.spelling import is_upstream, word_set
from gradcheck_cli.targets.functions.state import Held, kept_gradients, parameters

FORWARDS = (
    "forward",
    "__call__",
    "call",
    "fprop",
    "feedforward",
    "forward_pass",
    "forward_propagation",
    "predict",
    "loss",
)
BACKWARDS = (
    "backward",
    "backprop",
    "bprop",
    "backward_pass",
    "backward_propagation",
    "back_propagation",
    "back",
    "grad",
)
BACKWARDS_BY_WORD = word_set("gradient backpropagate backpropagation derivative")
_RATES = word_set("lr learning_rate eta alpha rate step_size learningrate")
# So large that what a weight was before is lost in old - new = rate * gradient: no digit of the gradient is rounded.
RATE = 2.0**100


def method_names(owner: Any) -> tuple[str, str]:
    """(forward, backward) of a class; "" for one that it has not."""
    own = {name for kind in owner.__mro__ if kind is not object for name in vars(kind)}
    forward = next((name for name in FORWARDS if name in own), "")
    backward = next((name for name in (*BACKWARDS, *sorted(BACKWARDS_BY_WORD)) if name in own), "")
    return forward, backward


@dataclass(frozen=True)
class LayerForm:
    """An object's forward and backward.

    Attributes:
        making: how it is made.
        states: its parameters' names and shapes, on each set of sizes on which it can be made.
        fore, back: names of the methods.
        names: what the backward's return statement calls its entries.
        source: the class's text, with that of what it uses.
    """

    making: Making
    states: tuple[Mapping[str, tuple[int, ...]], ...]
    fore: str
    back: str
    names: tuple[str, ...]
    source: str

    @property
    def kind(self) -> FunctionForm:
        """A loss's backward is handed no G."""
        return "class" if self._takes_upstream() else "loss-class"

    @property
    def title(self) -> str:
        """The class's name."""
        return str(self.making.owner.__name__)

    @property
    def why(self) -> str:
        """How it is made and called."""
        handed = "dE/dO" if self._takes_upstream() else ""
        return f"{self.making.text}; {self.fore}, then {self.back}({handed})"

    @property
    def backward(self) -> str:
        """The class holds it."""
        return self.title

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the forward, then what the object holds."""
        own = parameters_of(getattr(self.making.owner, self.fore))
        own = own if isinstance(inspect.getattr_static(self.making.owner, self.fore), staticmethod) else own[1:]
        taken = {item.name for item in own}
        states = [
            Parameter(name, is_state=True, shapes=tuple(held[name] for held in self.states if name in held))
            for name in self.states[0]
        ]
        return (*own, *(item for item in states if item.name not in taken))

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs of a new object."""
        instance, given = self._prepared(values)
        return outputs_of(_parts(call_by_name(getattr(instance, self.fore), given)))

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """A new object, its forward, its backward; then every place where a gradient may be."""
        instance, given = self._prepared(values)
        outputs = tuple(array.copy() for array in outputs_of(_parts(call_by_name(getattr(instance, self.fore), given))))
        before = {one.name: one.array.copy() for one in self._states(instance, values)}
        grads = [np.array(grad) for grad in upstream]
        with in_backward(outputs):
            back = self._backward(instance, grads)
        kept = all(np.array_equal(now, then) for now, then in zip(grads, upstream, strict=False))
        changed = mutated(values, given) + (() if kept else ("grad_output",))
        return self._read(back, instance, values, outputs, before, changed)

    def _read(
        self,
        back: Any,
        instance: Any,
        values: Values,
        outputs: tuple[Array, ...],
        before: Mapping[str, Array],
        changed: tuple[str, ...],
    ) -> Ran:
        """Returned ones first, then kept ones, then what an update took away."""
        entries = [] if back is None else entries_of(back, self.names)
        shapes = {name: array.shape for name, array in before.items()}
        gradients = kept_gradients(instance, shapes)
        inputs = {name: array for name, array in float_arrays(values).items() if name not in before}
        others = {name: array for name, array in before.items() if name not in gradients}
        found = owners(entries, inputs | others)
        returned = tuple(told(name, value) for name, (_, value) in zip(found, entries, strict=True))
        for name, (_, value) in zip(found, entries, strict=True):
            array = as_array(value)
            if name and array is not None:
                gradients[name] = array
        for one in self._states(instance, values):
            if one.name not in gradients and not np.array_equal(one.array, before[one.name], equal_nan=True):
                gradients[one.name] = (before[one.name] - one.array) / RATE
        return Ran(outputs, gradients, returned, mutated=changed)

    def _prepared(self, values: Values) -> tuple[Any, dict[str, Any]]:
        """A new object that holds the sample's states, and the arguments of its forward."""
        instance = self.making.instance(self._sizes(values))
        for one in self._states(instance, values):
            one.put(np.asarray(values[one.name]))
        names = {item.name for item in self.parameters if not item.is_state}
        return instance, fresh({name: value for name, value in values.items() if name in names})

    def _sizes(self, values: Values) -> Mapping[str, int]:
        for sizes, states in zip(SIZES, self.states, strict=False):
            if all(np.shape(values[name]) == shape for name, shape in states.items() if name in values):  # type: ignore[arg-type]
                return sizes
        return SIZES[0]

    def _states(self, instance: Any, values: Values) -> list[Held]:
        return [one for one in parameters(instance) if one.name in self.states[0] and one.name in values]

    def _takes_upstream(self) -> bool:
        return bool(self._backward_parameters())

    def _backward_parameters(self) -> list[Parameter]:
        method = getattr(self.making.owner, self.back)
        static = isinstance(inspect.getattr_static(self.making.owner, self.back), staticmethod)
        found = list(parameters_of(method))[0 if static else 1 :]
        needed = [item for item in found if not item.has_default and item.name.lower() not in _RATES]
        return needed or [item for item in found if is_upstream(item.name)]

    def _backward(self, instance: Any, grads: Sequence[Array]) -> Any:
        """G for the first parameters; a learning rate is so large that its update shows the gradient alone."""
        method = getattr(instance, self.back)
        for name in vars(instance).keys() & _RATES if hasattr(instance, "__dict__") else ():
            setattr(instance, name, RATE)
        given: dict[str, Any] = {
            item.name: grad for item, grad in zip(self._backward_parameters(), grads, strict=False)
        }
        given |= {item.name: RATE for item in parameters_of(method) if item.name.lower() in _RATES}
        return call_by_name(method, given)


def _parts(result: Any) -> list[Any]:
    """The outputs of a forward: what it returns, or the first of a tuple whose rest is a cache."""
    if isinstance(result, tuple | list):
        return [result[0]] if result and as_array(result[0]) is not None else list(result)
    return [result]


def layer_forms(owner: Any, names: Sequence[str], source: str) -> Iterator[LayerForm]:
    """A form for each way in which an object can be made.

    Raises:
        NotAFunctionError: it lacks a method, or cannot be made.
    """
    fore, back = method_names(owner)
    if not fore or not back:
        lacking = "forward" if not fore else "backward"
        raise NotAFunctionError("build", f"{owner.__name__} has no {lacking}")
    first_error: BaseException | None = None
    made = 0
    for making in makings(owner):
        try:
            shapes = _shapes(making)
        except Exception as error:
            first_error = first_error or error
            continue
        made += 1
        yield LayerForm(making, shapes, fore, back, tuple(names), source)
    if not made:
        raise NotAFunctionError("run", f"no object of {owner.__name__} could be made", cause=first_error)


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
        found.append({one.name: one.array.shape for one in parameters(instance)})
    return tuple(found)
