"""Which result of a call that the user spelled out is which gradient: as `--returns` or the keys of a dict say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_cli.model import GRADIENTS, Array, GradientName
from gradcheck_cli.model.text import counted
from gradcheck_cli.targets.conventions.base import NOTHING, UnfinishedError, is_tensor, to_numpy
from gradcheck_cli.targets.conventions.names import gradient_role


class ReadingError(UnfinishedError):
    """What came back is not what was promised."""


def by_returns(result: Any, returns: Sequence[str]) -> dict[GradientName, Array]:
    """The gradients that `returns` names, in the order of the results; nested results are flattened.

    Args:
        result: one array, or a tuple, list or dict of arrays. A dict with the roles as keys is read by them.
        returns: roles, "_" for what is no gradient.

    Raises:
        ReadingError: there are more or fewer results, or one is no array.
        UnfinishedError: nothing came back.
    """
    if result is None:
        raise UnfinishedError("it returns nothing")
    roles = [role for role in returns if role != "_"]
    if isinstance(result, Mapping) and set(roles) <= set(result):
        return {_gradient(role): _read(result[role], role) for role in roles}
    results = _results(result, returns)
    if len(results) != len(returns):
        count = sum(map(_is_array, results))
        raise ReadingError(f"--call gives {counted(count, 'array')}, and --returns names {len(returns)}")
    pairs = zip(returns, results, strict=True)
    return {_gradient(role): _read(value, role) for role, value in pairs if role != "_"}


def by_keys(result: Any) -> dict[GradientName, Array]:
    """The gradients of a dict, by its keys: weight, input, bias, or names such as dW, grad_x.

    Raises:
        ReadingError: it is no dict, or no key, or two, say a gradient.
        UnfinishedError: nothing came back.
    """
    if result is None:
        raise UnfinishedError("it returns nothing")
    if not isinstance(result, Mapping):
        raise ReadingError(f"--call gives {_what(result)}, and --returns does not say which")
    found: dict[GradientName, Array] = {}
    for key, value in result.items():
        role = str(key) if key in GRADIENTS else gradient_role(str(key))
        if role and _gradient(role) in found:
            raise ReadingError(f"two keys of what --call gives say {role}: {_keys(result)}")
        if role:
            found[_gradient(role)] = _read(value, role)
    if not found:
        raise ReadingError(f"--call gives a dict whose keys say no gradient: {_keys(result) or 'it is empty'}")
    return found


def by_exact_keys(result: Any) -> dict[GradientName, Array]:
    """The gradients that `gradcheck_call()` returned: a dict with the keys weight, input, bias, or some of them.

    Raises:
        ReadingError: anything else.
    """
    if not isinstance(result, Mapping):
        raise ReadingError(f"gradcheck_call returns {_what(result)}; a dict of weight, input, bias is needed")
    for key in result:
        if key not in GRADIENTS:
            raise ReadingError(f"gradcheck_call returns {key!r}; the keys are weight, input, bias")
    if not result:
        raise ReadingError("gradcheck_call returns an empty dict")
    return {_gradient(str(key)): _read(value, str(key)) for key, value in result.items()}


def _results(result: Any, returns: Sequence[str]) -> list[Any]:
    """As they are where their number fits, else flattened; what is no array counts where it must.

    Equal arrays in a list are several results, not one.
    """
    if len(returns) == 1 and _is_array(result):
        return [result]
    items = list(result.values()) if isinstance(result, Mapping) else result
    if not isinstance(items, list | tuple) or _is_row(items):
        return [items]
    whole = [value for role, value in zip(returns, items, strict=False) if role != "_"]
    if len(items) == len(returns) and all(_is_array(value) or value is None for value in whole):
        return list(items)
    every = list(_flat(items))
    arrays = [value for value in every if _is_array(value)]
    return arrays if len(arrays) == len(returns) else every


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple) or (isinstance(value, list) and not _is_array(value)):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _is_row(value: Any) -> bool:
    """Plain numbers side by side."""
    return bool(value) and all(isinstance(item, int | float | np.number) for item in value)


def _is_array(value: Any) -> bool:
    """An array, or nested lists of plain numbers; a list of arrays is several arrays."""
    if isinstance(value, list | tuple):
        return _is_row(value) or (bool(value) and all(isinstance(item, list) and _is_array(item) for item in value))
    return isinstance(value, int | float | np.generic | np.ndarray) or is_tensor(value) or hasattr(value, "__array__")


def _read(value: Any, role: str) -> Array:
    """A copy: a later call may write into the array that was returned."""
    if value is None:
        raise ReadingError(f"it returned None for {role}")
    if not _is_array(value):
        raise ReadingError(f"it returned {_what(value)} for {role}")
    array = to_numpy(list(value) if isinstance(value, tuple) else value)
    if array is None and hasattr(value, "__array__"):
        array = np.asarray(value)
    if array is None or array is NOTHING or array.dtype.kind not in "fiub":
        raise ReadingError(f"it returned {_what(value)} for {role}, which holds no numbers")
    return np.array(array)


def _gradient(role: str) -> GradientName:
    return next(name for name in GRADIENTS if name == role)


def _what(value: Any) -> str:
    if _is_array(value):
        return "an array"
    if isinstance(value, tuple | list):
        return f"{counted(len(list(_flat(value))), 'array')} in a {type(value).__name__}"
    return "None" if value is None else f"a {type(value).__name__}"


def _keys(result: Mapping[Any, Any]) -> str:
    return ", ".join(repr(key) for key in result)[:120]
