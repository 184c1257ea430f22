"""How parent and child talk: a JSON header and raw array bytes. Nothing is pickled, and every size is checked.

A frame is `MAGIC`, the header's length (8 bytes), the body's length (8 bytes), the header, the body.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradcheck_cli.model import Array

# A frame of ours; what the user's code writes by itself never begins so.
MAGIC = b"GRDC"
PREFIX = struct.Struct("<4sQQ")
# Names, sizes and messages; an answer with more is none of ours.
MAX_HEADER = 4 * 2**20
# As much as the private memory of a target.
MAX_BODY = 4 * 2**30
# More than any gradient, and few enough for numpy.
MAX_AXES = 8
# Numbers and truth values: floats, signed and unsigned integers, booleans, complex ones. Objects would have to be
# unpickled.
KINDS = frozenset("fiubc")


# numpy has no bfloat16: an array of its bits, as they are.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])


class WireError(Exception):
    """A frame that our own code would not have written."""


Message = dict[str, Any]
"""JSON values, and numpy arrays under "arrays"."""


def encode(message: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """One frame of `message` and the named `arrays`."""
    listed, buffers = [], []
    for name, array in arrays.items():
        packed = np.ascontiguousarray(array)
        packed = packed.astype(packed.dtype.newbyteorder("<"), copy=False)
        listed.append({"name": name, "dtype": _name_of(packed.dtype), "shape": list(np.shape(array))})
        buffers.append(packed.tobytes())
    header = json.dumps({"message": dict(message), "arrays": listed}).encode()
    body = b"".join(buffers)
    return PREFIX.pack(MAGIC, len(header), len(body)) + header + body


def as_bfloat16(array: Array) -> Array:
    """The bits of numbers that are bfloat16's own; the array itself where one is not: nothing is rounded on the way."""
    with np.errstate(over="ignore"):
        wide = np.ascontiguousarray(array, np.float32)
    bits = wide.view(np.uint32)
    if (bits & 0xFFFF).any() or not np.array_equal(wide, array, equal_nan=True):
        return array
    return (bits >> 16).astype(np.uint16).view(BFLOAT16).reshape(np.shape(array))


def widened(array: Array) -> Array:
    """The numbers of an array of bfloat16's bits, as float32; any other array as it is."""
    if array.dtype != BFLOAT16:
        return array
    bits = np.ascontiguousarray(array).view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(array.shape)


def name_of_dtype(array: Array) -> str:
    """ "float32", "bfloat16"."""
    return "bfloat16" if array.dtype == BFLOAT16 else str(array.dtype)


def _name_of(dtype: np.dtype[Any]) -> str:
    return "bfloat16" if dtype == BFLOAT16 else dtype.str


def lengths(prefix: bytes) -> tuple[int, int]:
    """(header, body) lengths of a frame from its first `PREFIX.size` bytes.

    Raises:
        WireError: not one of our frames, or larger than any of ours.
    """
    magic, header, body = PREFIX.unpack(prefix)
    if magic != MAGIC or header > MAX_HEADER or body > MAX_BODY:
        raise WireError("the worker sent something that is not an answer.")
    return header, body


def decode(header: bytes, body: bytes) -> tuple[Message, dict[str, Array]]:
    """The message and its arrays (own memory, native byte order).

    Raises:
        WireError: header and body do not fit each other.
    """
    try:
        content = json.loads(header)
        message, listed = content["message"], content["arrays"]
        arrays, offset = {}, 0
        for item in listed:
            array, offset = _array(item, body, offset)
            arrays[str(item["name"])] = array
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError("the worker sent something that is not an answer.") from error
    if offset != len(body) or not isinstance(message, dict):
        raise WireError("the worker sent something that is not an answer.")
    return message, arrays


def _array(item: Mapping[str, Any], body: bytes, offset: int) -> tuple[Array, int]:
    dtype = BFLOAT16 if item["dtype"] == "bfloat16" else np.dtype(str(item["dtype"]))
    shape = tuple(int(size) for size in item["shape"])
    if (dtype.kind not in KINDS and dtype != BFLOAT16) or len(shape) > MAX_AXES or min(shape, default=0) < 0:
        raise ValueError(dtype)
    end = offset + math.prod(shape) * dtype.itemsize
    if end > len(body):
        raise ValueError(end)
    array = np.frombuffer(body[offset:end], dtype=dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=True), end
