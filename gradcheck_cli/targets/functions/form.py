"""What every way of writing a function has in common: a forward that is called by name, and a run with its backward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from gradcheck_cli.model import Array, FunctionForm, ReturnedEntry, Value
from gradcheck_cli.targets.functions.inputs.proposals import Proposal, ProposalKind

Values = Mapping[str, Value]


class NotAFunctionError(Exception):
    """The target cannot be taken as a function.

    Attributes:
        step: what failed: "build" (no forward, no constructor), "run" (no way to call it), "read" (no gradients).
        hint: the way out.
        cause: what the user's code raised, where it raised.
    """

    def __init__(self, step: str, sentence: str, hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(sentence)
        self.step, self.sentence, self.hint, self.cause = step, sentence, hint, cause


class BackwardError(Exception):
    """The user's backward raised; the forward had returned."""

    def __init__(self, cause: BaseException, outputs: tuple[Array, ...]) -> None:
        super().__init__(str(cause))
        self.cause, self.outputs = cause, outputs


@dataclass(frozen=True)
class Parameter:
    """A parameter of the user's forward, as far as names and defaults tell.

    Attributes:
        has_default: it may be left out.
        default: what it is then.
        annotation: as it is written, "" for none.
        is_state: it is no parameter of the forward, but one that the object holds (a weight).
        shapes: of a state, as the constructor made it for each set of sizes.
        numbers: of a state, what is drawn for it.
        has_no_gradient: every return of the backward has a None written at its place.
        is_data: no gradient is owed of it: a constant to its author, frozen, or beside those of what an object holds.
        is_returned: the backward gives something under the name of its gradient, whatever its default is.
        known: what it is, where the form knows that; else it is guessed.
        may_be_row: it is handed to an object that was made for a length: a single row of it may be all that it takes.
    """

    name: str
    has_default: bool = False
    default: Any = None
    annotation: str = ""
    is_state: bool = False
    shapes: tuple[tuple[int, ...], ...] = ()
    numbers: ProposalKind = "real"
    has_no_gradient: bool = False
    is_data: bool = False
    is_returned: bool = False
    known: Proposal | None = None
    may_be_row: bool = False


@dataclass(frozen=True)
class Ran:
    """What one forward and backward left, as numpy.

    `gradients` by argument, those that have numbers; `returned` every entry of the raw return; `owed` how many there
    should be, None where that is free.
    """

    outputs: tuple[Array, ...]
    gradients: Mapping[str, Array]
    returned: tuple[ReturnedEntry, ...] = ()
    owed: int | None = None
    mutated: tuple[str, ...] = ()


class WrittenFunction(Protocol):
    """One way in which a function stands in a file."""

    @property
    def kind(self) -> FunctionForm:
        """See `FunctionForm`."""

    @property
    def why(self) -> str:
        """How it was told, one clause."""

    @property
    def title(self) -> str:
        """What the forward is called."""

    @property
    def backward(self) -> str:
        """What the backward is called in the file, or the class that holds it."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it wants to be given."""

    @property
    def source(self) -> str:
        """The text of the forward, for what it reads of its parameters."""

    def forward(self, values: Values) -> tuple[Array, ...]:
        """The outputs.

        Raises:
            Exception: whatever the user's code raises.
        """

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Forward and backward on fresh copies.

        Args:
            upstream: one array for each output.

        Raises:
            BackwardError: the backward raised.
            Exception: whatever the forward raises.
        """


def fresh(values: Values) -> dict[str, Any]:
    """Copies of all arrays, also of those inside dicts and tuples, so that nothing is handed on."""
    # Not `np.ndarray.copy`: an array whose history is recorded copies in its own way.
    return {name: each_array(value, lambda array: array.copy()) for name, value in values.items()}


def each_array(value: Any, change: Callable[[Array], Any]) -> Any:
    """A value with every array in it changed, also inside dicts and tuples."""
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, Mapping):
        return {key: each_array(inner, change) for key, inner in value.items()}
    if isinstance(value, tuple):
        return tuple(each_array(inner, change) for inner in value)
    return value


def is_real(value: Any) -> bool:
    """An array of floating-point numbers: what is differentiated, unless it is said not to be."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def is_listed(value: Any) -> bool:
    """A list of numbers, or of such lists of one length: an array in plain Python."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(item, list) for item in value):
        return len({len(item) for item in value}) == 1 and all(is_listed(item) for item in value)
    return all(isinstance(item, int | float | np.generic) and not isinstance(item, bool) for item in value)


def as_array(value: Any) -> Array | None:
    """A number, an array, a list of numbers or a tensor as numpy; None for anything else."""
    if isinstance(value, bool | str | bytes) or value is None:
        return None
    if is_listed(value):
        value = np.array(value)
    if hasattr(value, "detach"):
        value = value.detach()
        value = (value.float() if "bfloat16" in str(value.dtype) else value).cpu().numpy()
    if not isinstance(value, np.ndarray | np.generic | int | float | complex):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiubc" else None


def outputs_of(parts: Sequence[Any]) -> tuple[Array, ...]:
    """The arrays of an output.

    Raises:
        TypeError: a part is no array and no number.
    """
    arrays = [as_array(part) for part in parts]
    for part, array in zip(parts, arrays, strict=True):
        if array is None:
            raise TypeError(f"the forward gives a {type(part).__name__} where an array is expected")
    return tuple(array for array in arrays if array is not None)


def entry_of(name: str, value: Any) -> ReturnedEntry:
    """One entry of a raw return."""
    array = as_array(value)
    dtype = str(getattr(value, "dtype", "")).removeprefix("torch.") or type(value).__name__
    return ReturnedEntry(name, value is None, None if array is None else array.shape, "" if value is None else dtype)


@contextlib.contextmanager
def in_backward(outputs: tuple[Array, ...]) -> Iterator[None]:
    """What is raised inside is told as raised by the backward."""
    try:
        yield
    except Exception as error:
        raise BackwardError(error, outputs) from error


def mutated(before: Values, after: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments whose arrays hold other numbers now."""
    return tuple(
        name
        for name, value in before.items()
        if isinstance(value, np.ndarray)
        and (now := as_array(after.get(name))) is not None
        and not same_numbers(value, now)
    )


def same_numbers(one: Array, other: Array) -> bool:
    """The same shape and numbers; NaN is equal to itself here."""
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))
