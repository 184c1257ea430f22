"""Gates of a circuit: `top = gate.forward(u0, u1)`, then `gate.backward()`, where u0 is an object with a number.

Its gradient lies beside it. What a gate does with numbers is asked at many points: new objects for each, with dE/dO
in the grad of what it gave.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, ReturnedEntry
from gradcheck_cli.targets.functions.constructing import makings
from gradcheck_cli.targets.functions.form import NotAFunctionError, Parameter, Ran, Values, in_backward
from gradcheck_cli.targets.functions.inputs.proposals import SIZES, Proposal
from gradcheck_cli.targets.functions.making import Making
from gradcheck_cli.targets.functions.plain import parameters_of
from gradcheck_cli.targets.functions.pointwise import POINTS
from gradcheck_cli.targets.functions.reading import parameter_names

Finds = Callable[[str], ast.AST | None]
"""Name -> its definition in the file."""


@dataclass(frozen=True)
class Unit:
    """What a gate is handed and gives: an object that holds a number and its gradient.

    Attributes:
        kind: its class.
        number, gradient: the attributes.
    """

    kind: type
    number: str
    gradient: str

    def made(self, value: Any) -> Any:
        """A new one with no gradient yet."""
        needed = [item.name for item in parameters_of(self.kind) if not item.has_default]
        unit = self.kind(*[value, *(0.0 for _ in needed[1:])])
        setattr(unit, self.number, value)
        setattr(unit, self.gradient, 0.0)
        return unit


@dataclass(frozen=True)
class GateForm:
    """A class whose forward is handed units by the names `inputs`, and whose backward is handed nothing.

    `methods`: what both are called.
    """

    making: Making
    unit: Unit
    methods: tuple[str, str]
    inputs: tuple[str, ...]
    source: str = ""

    @property
    def kind(self) -> FunctionForm:
        """An object with forward and backward."""
        return "class"

    @property
    def title(self) -> str:
        """The class's name."""
        return str(self.making.owner.__name__)

    @property
    def backward(self) -> str:
        """The class holds it."""
        return self.title

    @property
    def why(self) -> str:
        """How it is called."""
        fore, back = self.methods
        handed = f"{fore}({', '.join(self.inputs)}) of {self.unit.kind.__name__}s, one number in each"
        graded = f"{back}() with dE/dO in the {self.unit.gradient} of what it gave"
        return f"{self.making.text}; {handed}, then {graded}; a call at each point"

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """A number in each unit, at many points."""
        return tuple(Parameter(name, known=Proposal("real", POINTS)) for name in self.inputs)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """What the units hold that it gives.

        Raises:
            TypeError: it gives no unit.
        """
        return (np.array([self._number(self._called(row)[2]) for row in self._rows(values)]),)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """A new gate and new units for each point."""
        grads: dict[str, list[Any]] = {name: [] for name in self.inputs}
        outputs = []
        for row, grad in zip(self._rows(values), upstream[0], strict=True):
            gate, units, top = self._called(row)
            outputs.append(self._number(top))
            setattr(top, self.unit.gradient, float(grad))
            with in_backward((np.array(outputs),)):
                getattr(gate, self.methods[1])()
            for name, unit in units.items():
                grads[name].append(getattr(unit, self.unit.gradient))
        gradients = {name: np.array(found, dtype=np.float64) for name, found in grads.items()}
        returned = tuple(ReturnedEntry(name, False, each.shape, "float64") for name, each in gradients.items())
        return Ran((np.array(outputs),), gradients, returned)

    def _rows(self, values: Values) -> list[dict[str, float]]:
        columns = [np.asarray(values[name]).tolist() for name in self.inputs]
        return [dict(zip(self.inputs, row, strict=True)) for row in zip(*columns, strict=True)]

    def _called(self, row: Mapping[str, float]) -> tuple[Any, dict[str, Any], Any]:
        gate, units = self.making.instance(SIZES[0]), {name: self.unit.made(value) for name, value in row.items()}
        return gate, units, getattr(gate, self.methods[0])(*units.values())

    def _number(self, top: Any) -> float:
        if not isinstance(top, self.unit.kind):
            raise TypeError(f"a {type(top).__name__} is given where a {self.unit.kind.__name__} is expected")
        return float(getattr(top, self.unit.number))


def gate_of(owner: Any, fore: str, back: str, finds: Finds, module: Mapping[str, Any], source: str) -> GateForm | None:
    """A class as a gate; None where its forward reads no attribute of what it is handed, or nobody makes such objects.

    Args:
        finds: definitions of the file.
        module: what its names mean.
        source: the class's text.

    Raises:
        NotAFunctionError: it is a gate and cannot be made.
    """
    forward, backward = (finds(f"{owner.__name__}.{name}") for name in (fore, back))
    inputs, taken = parameter_names(forward)[1:], parameter_names(backward)[1:]
    read = {name: _attributes_of(forward, name) for name in inputs}
    numbers = set().union(*read.values())
    written = _written_attributes(backward)
    if not inputs or taken or len(numbers) != 1 or not all(read.values()) or len(written) != 1:
        return None
    (number,), (gradient,) = numbers, written
    kinds = (kind for kind in module.values() if isinstance(kind, type) and kind is not owner)
    kind = next((kind for kind in kinds if {number, gradient} <= _set_by(finds(f"{kind.__name__}.__init__"))), None)
    if kind is None:
        return None
    return GateForm(_making(owner, source), Unit(kind, number, gradient), (fore, back), tuple(inputs), source)


def _making(owner: Any, source: str) -> Making:
    """The first way to make a gate that works."""
    cause: BaseException | None = None
    for making in makings(owner, source):
        try:
            making.instance(SIZES[0])
        except Exception as error:  # whatever its constructor raises
            cause = cause or error
            continue
        return making
    raise NotAFunctionError("run", f"no object of {owner.__name__} could be made", cause=cause)


def _attributes_of(function: ast.AST | None, name: str) -> set[str]:
    """`value` of `u0.value`."""
    nodes = ast.walk(function) if function is not None else ()
    attributes = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load))
    return {node.attr for node in attributes if getattr(node.value, "id", "") == name}


def _written_attributes(function: ast.AST | None) -> set[str]:
    """`grad` of `self.u0.grad += …`."""
    nodes = ast.walk(function) if function is not None else ()
    written = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {node.attr for node in written if getattr(node.value, "id", "") != "self"}


def _set_by(constructor: ast.AST | None) -> set[str]:
    """The attributes that a constructor sets."""
    nodes = ast.walk(constructor) if constructor is not None else ()
    written = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {node.attr for node in written}
