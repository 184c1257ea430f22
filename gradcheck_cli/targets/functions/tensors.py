"""Samples as tensors. torch is there already: the user's file imported it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import Array
from gradcheck_cli.targets.functions.form import Values, as_array, each_array


def tensors(values: Values) -> dict[str, Any]:
    """Arrays as tensors of their own, also those inside dicts and tuples."""
    return {name: each_array(value, _tensor) for name, value in values.items()}


def _tensor(array: Array) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(array).copy()).reshape(array.shape)


def leaves(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The tensors that a gradient is asked for; they require one from now on."""
    found = {name: given[name] for name in names if hasattr(given.get(name), "requires_grad_")}
    for tensor in found.values():
        tensor.requires_grad_()
    return found


def floating(result: Any) -> list[Any]:
    """The floating-point tensors that a forward returns, in order; those inside tuples, lists and dicts too.

    Raises:
        TypeError: there is none.
    """
    found = [part for part in _flat(result) if hasattr(part, "is_floating_point") and _has_derivative(part)]
    if not found:
        raise TypeError(f"the forward gives a {type(result).__name__} where floating-point tensors are expected")
    return found


def _flat(result: Any) -> list[Any]:
    if isinstance(result, Mapping):
        return [part for value in result.values() for part in _flat(value)]
    if isinstance(result, tuple | list):
        return [part for value in result for part in _flat(value)]
    return [result]


def _has_derivative(tensor: Any) -> bool:
    return bool(tensor.is_floating_point() or tensor.is_complex())


def arrays(parts: Sequence[Any]) -> tuple[Array, ...]:
    """Tensors as numpy arrays of their own."""
    return tuple(found.copy() for part in parts if (found := as_array(part)) is not None)


def upstream_for(outputs: Sequence[Any], upstream: Sequence[Array]) -> list[Any]:
    """One G for each output, in its dtype and shape, on its device."""
    import torch

    return [
        torch.from_numpy(np.array(grad)).to(out.device, out.dtype).reshape(out.shape)
        for out, grad in zip(outputs, upstream, strict=True)
    ]
