"""Samples as messages: what is no array goes into the header as it is, and each array is named by its number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import Array, Sample, Value
from gradcheck_cli.targets.wire import Message

# The keys of a header's objects that stand for something that JSON has no word for.
ARRAY, TUPLE, DICT = "array", "tuple", "dict"


def packed(samples: Sequence[Sample], prefix: str = "v") -> tuple[list[Message], dict[str, Array]]:
    """The samples as JSON, and their arrays by the names that it holds.

    Args:
        prefix: of the arrays' names, so that several lists fit into one message.
    """
    arrays: dict[str, Array] = {}

    def pack(value: Value) -> Any:
        if isinstance(value, np.ndarray):
            name = f"{prefix}{len(arrays)}"
            arrays[name] = value
            return {ARRAY: name}
        if isinstance(value, Mapping):
            return {DICT: [[str(key), pack(inner)] for key, inner in value.items()]}
        if isinstance(value, tuple):
            return {TUPLE: [pack(inner) for inner in value]}
        return value

    listed = [
        {
            "values": [[name, pack(value)] for name, value in sample.values.items()],
            "differentiated": list(sample.differentiated),
            "seed": sample.seed,
        }
        for sample in samples
    ]
    return listed, arrays


def unpacked(listed: Sequence[Message], arrays: Mapping[str, Array]) -> tuple[Sample, ...]:
    """The samples of a message.

    Raises:
        KeyError, TypeError, ValueError: no message of ours.
    """
    return tuple(
        Sample(
            {str(name): _value(value, arrays) for name, value in item["values"]},
            tuple(str(name) for name in item["differentiated"]),
            int(item["seed"]),
        )
        for item in listed
    )


def _value(packed_value: Any, arrays: Mapping[str, Array]) -> Value:
    if not isinstance(packed_value, dict):
        if packed_value is None or isinstance(packed_value, bool | int | float | str):
            return packed_value
        raise ValueError(packed_value)
    ((kind, inner),) = packed_value.items()
    if kind == ARRAY:
        return arrays[inner]
    if kind == DICT:
        return {str(key): _value(value, arrays) for key, value in inner}
    if kind == TUPLE:
        return tuple(_value(value, arrays) for value in inner)
    raise ValueError(kind)
