"""What the user says that a function is given: a function of the file, one of another file, or `--input`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, InputsFrom, Sample, Value
from gradcheck_cli.model.errors import TargetError
from gradcheck_cli.model.files import file_and_name
from gradcheck_cli.model.inputs import InputSpec, input_specs
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction, as_array, is_real
from gradcheck_cli.targets.functions.inputs.drawing import drawn_states
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.load import Loaded, load
from gradcheck_cli.targets.resolve import INPUTS, resolve

# Beside the seed: numbers that are not those of G, which is drawn with the seed alone.
_OF_INPUTS = 6


@dataclass(frozen=True)
class Given:
    """What the user says.

    Attributes:
        calls: lists of arguments, by place or by name; () where they are to be guessed.
        fixed: parameter -> what it is, from `--input`.
        source: who says so.
    """

    calls: tuple[tuple[Any, ...] | Mapping[str, Any], ...] = ()
    fixed: Mapping[str, Proposal] | None = None
    source: InputsFrom = "guess"

    @property
    def names(self) -> frozenset[str]:
        """The arguments that are named."""
        return frozenset(self.fixed or ()) | {name for call in self.calls if isinstance(call, Mapping) for name in call}


def given(loaded: Loaded, inputs: str, spec: str) -> Given:
    """What applies first: `--inputs`, the file's own function, `--input`.

    Raises:
        TargetError: `--inputs` names nothing that can be loaded.
        NotAFunctionError: the function raises, or returns no arguments.
    """
    if inputs:
        return Given(_calls(_other(inputs), inputs), source="--inputs")
    own = vars(loaded.module).get(INPUTS)
    if callable(own):
        return Given(_calls(own, INPUTS), source="gradcheck_inputs")
    if spec:
        return Given(fixed={each.name: _proposal(each) for each in input_specs(spec)}, source="--input")
    return Given()


def _other(place: str) -> Any:
    ref = resolve([place], lambda _tree, _path: (file_and_name(place)[1] or INPUTS,))[0]
    found = load(ref).target
    if not callable(found):
        raise TargetError(f"--inputs {place} is no function.", hint="a function without arguments that returns them")
    return found


def _calls(function: Any, name: str) -> tuple[tuple[Any, ...] | Mapping[str, Any], ...]:
    """A tuple is one call, a list several; a dict names its arguments."""
    try:
        result = function()
    except Exception as error:
        raise NotAFunctionError("run", f"{name} raises", cause=error) from error
    calls = list(result) if isinstance(result, list) else [result]
    for call in calls:
        if not isinstance(call, tuple | Mapping) or not call:
            sentence = f"{name} returns a {type(call).__name__} where a tuple of arguments is expected"
            raise NotAFunctionError("run", sentence, hint="return (x, w), or a list of such tuples for several samples")
    return tuple(calls)


def samples_for(form: WrittenFunction, said: Given, seed: int) -> Iterator[Sample]:
    """A sample for each list of arguments; what an object holds is drawn.

    Raises:
        NotAFunctionError: they are more than the forward takes, or of other names.
    """
    own = [item for item in form.parameters if not item.is_state]
    for call in said.calls:
        by_place = dict(zip((item.name for item in own), call, strict=False))
        named = dict(call) if isinstance(call, Mapping) else by_place
        unknown = [name for name in named if name not in {item.name for item in own}]
        if unknown or len(call) > len(own):
            takes = ", ".join(item.name for item in own)
            sentence = f"{said.source} gives {counted(len(call), 'argument')}, and {form.title} takes {takes}"
            raise NotAFunctionError("run", sentence)
        states = drawn_states(form, np.random.default_rng([seed, _OF_INPUTS]))
        values: dict[str, Value] = {**{name: as_value(value) for name, value in named.items()}, **states}
        yield Sample(values, _differentiated(values), seed)


def _differentiated(values: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if is_real(value))


def as_value(value: Any) -> Value:
    """Arrays and tensors in float64, as that is what is judged; anything else as it is."""
    if isinstance(value, Mapping):
        return {str(key): as_value(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return tuple(as_value(inner) for inner in value)
    if hasattr(value, "shape"):
        array = as_array(value)
        if array is not None:
            return array.astype(np.float64) if array.dtype.kind == "f" else array
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise NotAFunctionError("run", f"an argument is a {type(value).__name__}, and arrays and plain constants are known")


def _proposal(spec: InputSpec) -> Proposal:
    if spec.kind == "file":
        return Proposal("constant", value=_read(str(spec.value)))
    if spec.kind == "constant":
        return Proposal("constant", value=spec.value)
    return Proposal(spec.kind, " ".join(map(str, spec.shape)), spec.below)


def _read(name: str) -> Array:
    """Raises TargetError: it cannot be read, or holds no array."""
    try:
        if name.endswith(".npy"):
            found: Any = np.load(name, allow_pickle=False)
        else:
            import torch

            found = torch.load(name, weights_only=True)
    except Exception as error:
        raise TargetError(
            f"--input cannot read {name}: {error}.", hint="a .npy file, or a .pt file of one tensor"
        ) from error
    value = as_value(found)
    if not isinstance(value, np.ndarray):
        raise TargetError(f"--input: {name} holds a {type(found).__name__} and no array.")
    return value


def fixed_options(said: Given, names: Sequence[str]) -> dict[str, list[Proposal]]:
    """Parameter -> the one thing that it is, where `--input` says so.

    Raises:
        NotAFunctionError: a name that the forward has not.
    """
    fixed = said.fixed or {}
    unknown = [name for name in fixed if name not in names]
    if unknown:
        raise NotAFunctionError("run", f"--input names {unknown[0]}, and the forward takes {', '.join(names)}")
    return {name: [proposal] for name, proposal in fixed.items()}
