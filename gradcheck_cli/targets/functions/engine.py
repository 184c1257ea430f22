"""One operation of an engine, or its whole walk: nodes are made of the numbers, and their gradients read from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm
from gradcheck_cli.targets.functions.engines import is_handed_node, takes_arrays
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter, Ran, Values, as_array, in_backward
from gradcheck_cli.targets.functions.inputs.drawing import drawn
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.plain import PlainFunction, parameters_of
from gradcheck_cli.targets.functions.slopes import are_slopes
from gradcheck_cli.targets.functions.spelling import is_upstream, looks_like_gradient, tokens, word_set
from gradcheck_cli.targets.functions.state import parts_of

# What a node's gradient is called beside names with "grad" in them.
_GRADIENTS = word_set("grad gradient deriv derivative adjoint g d dx bar delta")
_TRACKS = word_set("requires autograd track tracks grad")
_PARENTS = word_set("children parents prev inputs deps depends on creators")
# No number that a constructor begins with.
_PROBE = 2.625
# Of a scalar engine: one number at a time, so many of them.
_POINTS = "v"
# What an exponent is, and what else an operation may take that is no node.
_NUMBERS: tuple[object, ...] = (3, 2.5, 0, (-1,))
# Away from 0, where a quotient grows without end.
_QUOTIENTS = word_set("truediv div divide rdiv")
# What the graph of a walk is built of.
GRAPH_OF = ("__add__", "__mul__")
# The argument by which an operation's nodes are used once more.
REUSED = "reused"


@dataclass(frozen=True, eq=False)
class Engine:
    """A class of nodes.

    Attributes:
        owner: the class.
        walk: its method that goes back.
        text: of the class and of what it uses.
        node: the walk's definition.
    """

    owner: Any
    walk: str
    text: str
    node: Any

    @cached_property
    def is_scalar(self) -> bool:
        """Is a node a single number?"""
        return not takes_arrays(self.text)

    def made(self, value: Array, is_tracked: bool = True) -> Any:
        """A node of its own that holds a number, or an array; a gradient is one of which none is wanted."""
        first, *rest = parameters_of(self.owner)
        given: dict[str, Any] = {first.name: value.item() if self.is_scalar else value.copy()}
        for item in rest:
            words = set(tokens(item.name))
            if item.has_default and isinstance(item.default, bool | None) and words & _TRACKS and not words & _PARENTS:
                given[item.name] = is_tracked
            elif not item.has_default:
                given[item.name] = () if words & _PARENTS else ""
        return self.owner(**given)

    @cached_property
    def data(self) -> str:
        """The attribute that holds a node's numbers.

        Raises:
            NotAFunctionError: none does.
        """
        held = ((name, as_array(value)) for name, value in parts_of(self._probe))
        name = next((name for name, array in held if array is not None and np.all(array == _PROBE)), "")
        if not name:
            raise NotAFunctionError("build", f"no attribute of a new {self.owner.__name__} holds its number")
        return name

    @cached_property
    def gradient(self) -> str:
        """The attribute that holds its gradient.

        Raises:
            NotAFunctionError: none is called so.
        """
        found = [
            name
            for name, value in parts_of(self._probe)
            if (looks_like_gradient(name) or set(tokens(name)) & _GRADIENTS)
            and not isinstance(value, bool | str)
            and not callable(value)
        ]
        if not found:
            raise NotAFunctionError("read", f"no attribute of {self.owner.__name__} is called as a gradient is")
        return str(min(found, key=lambda name: (name.strip("_") != "grad", len(name))))

    @property
    def _probe(self) -> Any:
        return self.made(np.array(_PROBE))

    def numbers(self, node: Any) -> Array:
        """What a node holds.

        Raises:
            TypeError: it is no node, or holds no numbers.
        """
        if not isinstance(node, self.owner):
            raise TypeError(f"a {type(node).__name__} is given where a {self.owner.__name__} is expected")
        found = as_array(getattr(node, self.data))
        if found is None:
            raise TypeError(f"{self.owner.__name__}.{self.data} holds a {type(getattr(node, self.data)).__name__}")
        return np.asarray(found, dtype=found.dtype if found.dtype.kind in "fc" else np.float64).copy()

    def gradient_of(self, node: Any) -> Array | None:
        """What it keeps of its gradient; None for none."""
        found = getattr(node, self.gradient)
        kept = self.numbers(found) if isinstance(found, self.owner) else as_array(found)
        return None if kept is None else np.asarray(kept, dtype=np.float64).copy()

    @cached_property
    def _upstream(self) -> str:
        """The walk's argument that is the gradient of where it begins; "" where it begins with 1 by itself."""
        found = parameters_of(getattr(self.owner, self.walk))[1:]
        named = [item for item in found if is_upstream(item.name) or looks_like_gradient(item.name)]
        ones = [item for item in found if isinstance(item.default, int | float) and item.default == 1]
        usual = [item for item in (*named, *ones) if not isinstance(item.default, bool)]
        return next((item.name for item in usual), "")

    @cached_property
    def hands_on(self) -> bool:
        """Does what it is told of the last gradient arrive at a leaf? Else G is not to be had in it."""
        operator = next(name for name in GRAPH_OF if hasattr(self.owner, name))

        def arrived(number: float) -> Array:
            nodes = [self.made(np.full((), _PROBE)) for _ in range(2)]
            self.go_back(getattr(nodes[0], operator)(nodes[1]), np.full((), number))
            kept = [self.gradient_of(node) for node in nodes]
            return np.array([0.0 if array is None else float(np.sum(array)) for array in kept])

        once = arrived(1.0)
        return not np.any(once) or bool(np.array_equal(arrived(2.0), 2 * once))

    def go_back(self, out: Any, grad: Array) -> None:
        """Walk back from a node whose gradient is `grad`: handed over, or put where the walk begins with 1.

        Raises:
            Exception: whatever the walk raises.
        """
        upstream = self._upstream
        number: Any = grad.item() if self.is_scalar else grad.copy()
        if upstream:
            is_node = is_handed_node(self.node, upstream, self.owner.__name__, self.data)
            getattr(out, self.walk)(**{upstream: self.made(grad, is_tracked=False) if is_node else number})
            return
        begin = _begun_with(self, out, number)
        getattr(out, self.walk)()
        if not begin:
            raise NotAFunctionError(
                "run", f"{self.walk} does not begin with a gradient of 1 of the node it is called of"
            )


def _begun_with(engine: Engine, out: Any, number: Any) -> list[Any]:
    """Have the first gradient of 1 that a node is given be another one; what was exchanged is listed."""
    kind, name = type(out), engine.gradient
    slot: Any = getattr(kind, name, None)
    exchanged: list[Any] = []

    def get(node: Any) -> Any:
        return slot.__get__(node, kind) if hasattr(slot, "__set__") else vars(node).get(name)

    def put(node: Any, value: Any) -> None:
        is_node = isinstance(value, engine.owner)
        array = engine.numbers(value) if is_node else as_array(value)
        if not exchanged and array is not None and np.all(array == 1):
            exchanged.append(value)
            value = engine.made(np.asarray(number), is_tracked=False) if is_node else number
        if hasattr(slot, "__set__"):
            slot.__set__(node, value)
        else:
            vars(node)[name] = value

    out.__class__ = type(kind.__name__, (kind,), {"__slots__": (), name: property(get, put)})
    return exchanged


@dataclass(frozen=True)
class OperationForm:
    """An operation on nodes.

    Attributes:
        engine: the nodes' class.
        function: the operation, with the object as its first parameter.
        title: what it is called.
        nodes: its parameters that are nodes.
        number: what its other needed parameters are.
        rest: what its `*shape` is.
        backward: where its way back stands in the file.
        can_add: nodes can be added, so that they can be used once more.
    """

    engine: Engine
    function: PlainFunction
    title: str
    nodes: tuple[str, ...]
    number: object
    backward: str
    can_add: bool
    rest: tuple[object, ...] = ()

    @property
    def kind(self) -> FunctionForm:
        """One of an engine."""
        return "operation"

    @property
    def why(self) -> str:
        """What is a node, and what the last argument means."""
        name, each = self.engine.owner.__name__, ", one number at a time" if self.engine.is_scalar else ""
        handed = " and ".join(self.nodes)
        are = "are nodes" if len(self.nodes) > 1 else "is a node"
        again = f"; {REUSED}: the output plus {' plus '.join(self.nodes)}" if self.can_add else ""
        return f"{name}: {handed} {are}{each}, then {self.engine.walk}{again}"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its nodes, its numbers, and whether its nodes are used once more."""
        found = [self._parameter(item) for item in self.function.parameters()]
        return (*found, *([Parameter(REUSED, True, False)] if self.can_add else []))

    def _parameter(self, item: Parameter) -> Parameter:
        if item.name in self.nodes:
            return Parameter(item.name, known=self._known(item.name))
        known = None if item.has_default else Proposal("constant", value=self.number)
        return Parameter(item.name, item.has_default, item.default, item.annotation, known=known)

    def _known(self, name: str) -> Proposal | None:
        is_divisor = self.title in _QUOTIENTS and name != self.nodes[0]
        if not is_divisor and not self.engine.is_scalar:
            return None
        return Proposal("positive" if is_divisor else "real", _POINTS if self.engine.is_scalar else "n d")

    @property
    def source(self) -> str:
        """Its text."""
        return self.function.source

    def forward(self, values: Values) -> tuple[Array, ...]:
        """What the node of the output holds."""
        return (_stacked([self.engine.numbers(self._output(each)[0]) for each in self._each(values)], self.engine),)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """New nodes, the operation, the walk back from its output."""
        outputs = self.forward(values)
        gradients: dict[str, list[Array]] = {}
        with in_backward(outputs):
            for place, each in enumerate(self._each(values)):
                grad = upstream[0][place] if self.engine.is_scalar else upstream[0]
                out, nodes = self._output(each)
                self.engine.go_back(out, np.asarray(grad))
                kept = {name: self.engine.gradient_of(node) for name, node in nodes.items()}
                for name, array in kept.items():
                    if array is not None:
                        gradients.setdefault(name, []).append(array)
        stacked = {name: _stacked(arrays, self.engine) for name, arrays in gradients.items()}
        return Ran(outputs, stacked)

    def _each(self, values: Values) -> Iterator[Mapping[str, Any]]:
        """The calls: one for each number of a scalar engine."""
        if not self.engine.is_scalar:
            yield values
            return
        arrays = {name: np.asarray(values[name]) for name in self.nodes}
        for place in range(len(arrays[self.nodes[0]])):
            yield {**values, **{name: array[place] for name, array in arrays.items()}}

    def _output(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """(the output's node, the nodes by name)"""
        nodes = {name: self.engine.made(np.asarray(values[name])) for name in self.nodes}
        others = {name: value for name, value in values.items() if name not in nodes and name != REUSED}
        try:
            out = self._called(nodes | others)
        except ValueError as error:
            if "domain" in str(error):  # math's word for what numpy gives a NaN for
                raise FloatingPointError(str(error)) from error
            raise
        for node in nodes.values() if values.get(REUSED) else ():
            out = out + node
        return out, nodes

    def _called(self, given: Mapping[str, Any]) -> Any:
        return self.function.call(*given.values(), *self.rest) if self.rest else self.function.call(**given)


def _stacked(arrays: Sequence[Array], engine: Engine) -> Array:
    return np.stack([array.reshape(()) for array in arrays]) if engine.is_scalar else arrays[0]


def operation_forms(engine: Engine, function: PlainFunction, backward: str) -> Iterator[OperationForm]:
    """What an operation may take: nodes for all that it needs, or numbers for all but the object itself.

    Raises:
        NotAFunctionError: the walk begins with what nobody can exchange.
    """
    needed = [item.name for item in function.parameters() if not item.has_default]
    can_add = hasattr(engine.owner, "__add__")
    if not engine.hands_on:
        raise NotAFunctionError("read", f"no G can be handed to {engine.owner.__name__}.{engine.walk}")
    form = OperationForm(engine, function, function.name.strip("_"), tuple(needed), None, backward, can_add)
    yield form
    for number in _NUMBERS if len(needed) > 1 else ():
        yield replace(form, nodes=(needed[0],), number=number)
    if function.takes_more:
        yield replace(form, rest=(-1,))


def walk_form(engine: Engine, backward: str) -> OperationForm:
    """A graph of sums and products in which a node is used twice, and so is what was made of it."""
    function = PlainFunction(_twice_used, None, engine.walk, engine.text)
    return OperationForm(engine, function, engine.walk, ("a", "b", "c", "d"), None, backward, can_add=False)


def _twice_used(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Nodes whose two users are one and two steps from the end, in either order; d is one operation's both operands.

    No node has more than two users: with three their order, which may be that of a set, would be seen in the bits.
    """
    first, second = a * b, b * c
    return (first + a) * first + second * (second + c) + d * d


def refuse_where_wrong(operations: Sequence[OperationForm]) -> None:
    """A walk over operations that are wrong by themselves says nothing of the walk.

    Args:
        operations: in every way in which they may be asked.

    Raises:
        NotAFunctionError: one of them is wrong.
    """
    axes = _POINTS if operations[0].engine.is_scalar else "n d"
    for form in operations:
        choice = {name: Proposal("real", axes) for name in form.nodes}
        sample = drawn(choice, SIZES[0], 0)
        for again in (False, True) if len(form.nodes) > 1 else ():
            asked = replace(sample, values={**sample.values, REUSED: again})
            if not are_slopes(form, asked):
                name = form.function.name
                raise NotAFunctionError("run", f"it is not judged, as {name} is wrong by itself: mend that first")
