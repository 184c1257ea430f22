"""Any differentiable function: what it is given, what it did, what it was judged by. Plain data, no computing.

A function has arguments by name, one output or several, and a hand-written backward that is handed one upstream
gradient for each output and gives one gradient for each argument that is differentiated. A loss has no upstream: its
backward gives the gradient of its one number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gradcheck_cli.model.case import Array

Constant: TypeAlias = "float | int | bool | str | Mapping[str, Value] | tuple[Value, ...] | None"
"""What a function is given besides arrays: `eps`, `mode`, a dict of parameters, which may hold arrays itself."""
Value: TypeAlias = "Array | Constant"

FunctionForm = Literal[
    "pair", "loss-pair", "loss", "class", "loss-class", "operation", "autograd-function", "custom-operator", "module"
]
"""How the code of a function stands.

pair: two functions. loss-pair: two, of which the second gives gradients of the loss that the first gives, and is handed
no upstream. loss: one function that returns the loss and its gradients. class: an object with forward and
backward. loss-class: one whose forward gives a number and whose backward is handed no upstream. operation: one of an
engine that builds a graph of nodes. autograd-function: a `torch.autograd.Function`. custom-operator: one of
torch.library, with a backward that is registered. module: a `torch.nn.Module`.
"""

OF_TORCH: tuple[FunctionForm, ...] = ("autograd-function", "custom-operator")
"""Forms that torch itself calls, with tensors."""
WITHOUT_UPSTREAM: tuple[FunctionForm, ...] = ("loss", "loss-class", "loss-pair")
"""Forms whose backward is handed no G."""

InputsFrom = Literal["guess", "layer", "own call", "gradcheck_inputs", "--inputs", "--input"]
"""Who says what the function is given: a guess by trial, the known layer that its name or its arguments tell, a call of
it in its file, or the user."""

GUESSED: tuple[InputsFrom, ...] = ("guess", "layer")
"""Where nobody said it."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What a function is called with, once.

    Attributes:
        values: by argument name, in order: arrays, or constants.
        differentiated: the arguments that a gradient is owed for; floating-point arrays all of them.
        seed: the numbers were drawn with it.
    """

    values: Mapping[str, Value]
    differentiated: tuple[str, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        """No gradient is owed for what is no array here, as an optional argument that is None on this sample."""
        owed = tuple(name for name in self.differentiated if _is_array(self.values.get(name)))
        object.__setattr__(self, "differentiated", owed)

    @property
    def text(self) -> str:
        """ "x 5x7, w 7x3, eps 1e-05": what it is, in short."""
        return ", ".join(f"{name} {_short(value)}" for name, value in self.values.items())

    def array(self, name: str) -> Array:
        """The array of an argument.

        Raises:
            KeyError: there is none, or it is a constant.
        """
        value = self.values[name]
        if not _is_array(value):
            raise KeyError(name)
        return value  # type: ignore[return-value]

    def replacing(self, name: str, value: Value) -> Sample:
        """The same sample with another value of one argument."""
        return Sample({**self.values, name: value}, self.differentiated, self.seed)


@dataclass(frozen=True)
class ReturnedEntry:
    """One entry of what the backward handed back, before anybody repaired it.

    Attributes:
        name: of the argument that it is the gradient of; "" where it belongs to none.
        is_none: it is None.
        shape: as returned; None where it has none.
        dtype: as returned.
        called: what the code calls it: its key, or its name in the return statement.
    """

    name: str
    is_none: bool = False
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    called: str = ""


@dataclass(frozen=True, eq=False)
class FunctionOutcome:
    """What one forward and backward did: facts, of which nothing here says whether they are right.

    Attributes:
        outputs: of the forward.
        gradients: by argument name, in float64 or as they came; only those that have numbers.
        returned: each entry of the raw return, in order.
        owed: how many gradients a backward of this form hands back; None where that is free.
        second: the gradients of the same call once more; None where it was not made.
        unlengthened: arguments whose gradient came without the axes of 1 in front, with the shape in which it came;
            `gradients` has them.
        mutated: what the call changed: argument names, or "grad_output".
        writes: what it was seen to write to, also of what the forward kept ("self.mask"), and the line in the user's
            file that did so first; empty where nobody looked.
        error: one sentence, "" when both calls returned.
        error_kind: "" or "raised", "refused", "timeout", "crashed", "memory", "exited".
        error_where: "forward", "backward" or "".
        error_line: line in the user's file.
        printed: what the code wrote, bounded.
        seconds: of the first call.
        unreached: lines of the backward that no call has executed up to now; None where nobody looked.
    """

    outputs: tuple[Array, ...] = ()
    gradients: Mapping[str, Array] = field(default_factory=dict)
    returned: tuple[ReturnedEntry, ...] = ()
    owed: int | None = None
    second: Mapping[str, Array] | None = None
    unlengthened: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mutated: tuple[str, ...] = ()
    writes: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    error_kind: str = ""
    error_where: str = ""
    error_line: int | None = None
    printed: str = ""
    seconds: float = 0.0
    unreached: tuple[int, ...] | None = None

    @property
    def ended(self) -> bool:
        """Did both calls return?"""
        return not self.error_kind


def lacks_ones(gradient: tuple[int, ...], argument: tuple[int, ...]) -> bool:
    """Is a shape that of the argument but for axes of 1 in front, as (6,) for (1, 6)?

    numpy spreads such a gradient over its argument without a number more: `b -= rate * db` does what is meant.
    """
    added = len(argument) - len(gradient)
    return added > 0 and argument == (1,) * added + gradient


def _is_array(value: object) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")


def _short(value: Value) -> str:
    if _is_array(value):
        return "x".join(str(length) for length in value.shape) or "a number"  # type: ignore[union-attr]
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} {_short(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_short(inner) for inner in value) + ")"
    return f"{value:g}" if isinstance(value, float) else str(value)
