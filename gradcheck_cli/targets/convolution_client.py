"""The parent's side of a convolution: questions as messages, answers as facts. What the child sends is checked here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.model import (
    GRADIENTS,
    PADDING_MODES,
    TENSORS,
    Array,
    Case,
    ConvSpec,
    GradientName,
    Gradients,
    Setting,
)
from gradcheck_cli.model.spec import CONVS, fields_of
from gradcheck_cli.targets.contract import (
    Described,
    ErrorKind,
    ForwardBeside,
    Outcome,
    Repetition,
    TargetRef,
    Where,
    WrongBeside,
)
from gradcheck_cli.targets.wire import Message, as_bfloat16, name_of_dtype, widened

WHERE: tuple[Where, ...] = ("forward", "backward")
KINDS: tuple[ErrorKind, ...] = ("", "raised", "timeout", "crashed", "memory", "exited", "refused", "misshapen")


def described_convolution(message: Message, ref: TargetRef, printed: str) -> Described:
    """What the child says of a convolution that it loaded."""
    return Described(
        convention=str(message["convention"]),
        layout=str(message["layout"]),
        layer=next(name for name in CONVS if name == message["layer"]),
        modes=tuple(mode for mode in PADDING_MODES if mode in message["modes"]),
        why=str(message["why"]),
        line=ref.line,
        yields=_gradient_names(message["yields"]),
        assumed=bool(message.get("assumed")),
        notes=tuple(str(note) for note in message["notes"]),
        flipped=bool(message["flipped"]),
        rate=float(message["rate"]),
        parts=_gradient_names(message["parts"]),
        same=tuple(str(rule) for rule in message["same"]),
        sides=bool(message["sides"]),
        pointwise=bool(message["pointwise"]),
        square=bool(message["square"]),
        constants=tuple(int(number) for number in message["constants"]),
        unvaried=tuple(map(str, message["unvaried"])),
        wrong_beside=tuple(WrongBeside(*each) for each in message["wrong_beside"]),
        printed=printed,
    )


def _gradient_names(given: Sequence[object]) -> tuple[GradientName, ...]:
    return tuple(name for name in GRADIENTS if name in given)


def outcome_of(message: Message, arrays: dict[str, Array], printed: str, spec: ConvSpec) -> Outcome:
    """The child's answer, with the shapes checked again on this side."""
    formats = {name: name_of_dtype(array) for name, array in arrays.items()}
    arrays = {name: widened(array) for name, array in arrays.items()}
    first = _gradients(arrays, "first")
    kind: ErrorKind = next((kind for kind in KINDS if kind == message.get("kind")), "crashed")
    if not kind and not _shapes_fit(first, spec):
        kind = "misshapen"
    return Outcome(
        gradients=first,
        second=_gradients(arrays, "second") if message.get("calls", "once") != "once" else None,
        supported=bool(message.get("supported", True)),
        error=str(message.get("error", "")),
        error_kind=kind,
        error_line=_line(message.get("line")),
        error_columns=_columns(message.get("columns")),
        error_where=next((where for where in WHERE if where == message.get("where")), ""),
        autograd_refused=str(message.get("autograd_refused", "")),
        summed_by_autograd=_gradient_names(message.get("summed_by_autograd", ())),
        forward_error=str(message.get("forward_error", "")),
        printed=printed,
        wrong_forward=str(message.get("wrong", "")),
        beside=ForwardBeside(**message["beside"]) if "beside" in message else None,
        unreached=tuple(int(line) for line in message["unreached"]) if "unreached" in message else None,
        mutated=tuple(str(name) for name in message.get("mutated", ())),
        dtypes={name: formats[f"first.{name}"] for name in first},
        seconds=float(message.get("seconds", 0.0)),
    )


def _gradients(arrays: dict[str, Array], call: str) -> Gradients:
    return Gradients(**{name: arrays.get(f"{call}.{name}") for name in GRADIENTS})


def _shapes_fit(gradients: Gradients, spec: ConvSpec) -> bool:
    return all(array.shape == TENSORS[name].shape(spec) for name, array in gradients.items())


def _line(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _columns(value: object) -> tuple[int, int | None] | None:
    if not isinstance(value, Sequence) or len(value) != 2 or not isinstance(value[0], int):
        return None
    return value[0], _line(value[1])


def request_of(case: Case, calls: Repetition, setting: Setting) -> tuple[Message, dict[str, Array]]:
    """The question for the gradients of a case, and its arrays."""
    request = {"do": "backward", "spec": fields_of(case.spec), "calls": calls, "setting": setting.message()}
    return request, {str(name): _in_format(array, setting) for name, array in case.items()}


def _in_format(array: Array, setting: Setting) -> Array:
    """As it goes over the wire: in the setting's own number format."""
    if setting.dtype == "bfloat16":
        return as_bfloat16(np.asarray(array, np.float32))
    return np.asarray(array, setting.dtype)
