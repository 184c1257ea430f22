"""A forward in numpy runs on arrays that remember the tensors they are: what torch's recorder sees of it is its graph.

An array shares its memory with its tensor, so that what is written into either, or into a view of either, is in both.
Nothing is claimed of what is not followed: it becomes a constant, and whoever uses the recording compares its
derivative with one from elsewhere.
"""

from __future__ import annotations

import builtins
import contextlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes

from gradcheck_cli.oracles.graph.numpy_operations import FUNCTIONS, NUMBERS, UFUNCS

# What makes arrays out of nothing: theirs are followed too, as a forward writes into them.
_MADE = ("zeros", "ones", "empty", "full", "eye", "zeros_like", "ones_like", "empty_like", "full_like")
# What makes an array of what may be followed already.
_KEPT = ("array", "asarray", "asanyarray", "ascontiguousarray", "float64", "copy")
# Methods that are functions of numpy's too.
_FUNCTIONS = (
    *("sum", "mean", "var", "std", "prod", "max", "min", "cumsum", "dot", "transpose", "reshape", "ravel", "squeeze"),
    *("swapaxes", "clip", "repeat", "copy", "trace", "diagonal"),
)
# Methods whose results have no derivative.
_UNFOLLOWED = ["argmax", "argmin", "argsort", "any", "all", "tolist", "nonzero", "searchsorted", "round"]
# What torch says of arguments that numpy takes otherwise: then the numbers alone go on.
_UNLIKE = (NotImplementedError, TypeError, AttributeError, RuntimeError, ValueError, IndexError)
_REDUCED = {"add": "sum", "maximum": "max", "minimum": "min", "multiply": "prod"}


class Traced(np.ndarray):
    """An array and its tensor; None where numpy made it in a way that is not followed."""

    tensor: torch.Tensor | None = None

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        """Run an operation on the tensors, where it is known; else on the numbers."""
        out = named.pop("out", None)
        if method == "at":
            return _add_at(ufunc, *inputs)
        run = UFUNCS.get(ufunc.__name__) if method == "__call__" and not named else None
        if method == "reduce" and ufunc.__name__ in _REDUCED:
            run = FUNCTIONS[_REDUCED[ufunc.__name__]]
            named.pop("dtype", None)
            named.setdefault("axis", 0)
        numbers = _plain(inputs)
        if run is not None and np.result_type(*numbers).kind in "fc":
            floats = [_floats(each) for each in inputs]
            try:
                result = run(*floats, **named)
            except TypeError:  # of a plain number beside a tensor
                result = run(*(torch.as_tensor(each, dtype=torch.float64) for each in floats), **named)
            return _array(result) if out is None else _written(out[0], result)
        given = {"out": _plain(out)} if out else {}
        return getattr(ufunc, method)(*numbers, **named, **given)

    def __array_function__(self, func: Any, types: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Any:
        """The same for numpy's functions."""
        run = FUNCTIONS.get(func.__name__)
        given, named = tuple(args), dict(kwargs)
        if run is None or not _is_real(given) or named.get("out") is not None:
            return func(*_plain(given), **_plain(named))
        try:
            return _array(run(*_followed(given), **_followed(named)))
        except _UNLIKE:
            return func(*_plain(given), **_plain(named))

    def __getitem__(self, index: Any) -> Any:
        """A view, or a copy, as numpy has it."""
        if self.tensor is None:
            return np.asarray(self).view(np.ndarray)[_plain(index)]
        return _array(_indexed(self.tensor, index))

    def __setitem__(self, index: Any, value: Any) -> None:
        """Into the tensor, which has the same memory."""
        if self.tensor is None:
            super().__setitem__(_plain(index), _plain(value))
            return
        given = _followed(value)
        self.tensor[_index(index)] = given.to(self.tensor.dtype) if isinstance(given, torch.Tensor) else given

    def __iter__(self) -> Iterator[Any]:
        """Row by row."""
        return (self[place] for place in range(len(self)))

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        """Followed as long as it stays a float."""
        wanted = np.dtype(dtype)
        if wanted.kind != "f" or self.tensor is None:
            return _plain(self).astype(wanted)
        return _array(self.tensor.to(torch.from_numpy(np.zeros(0, wanted)).dtype, copy=True))

    @property
    def T(self) -> Any:  # noqa: N802  numpy calls it so
        """Turned round."""
        return np.transpose(self)

    def flatten(self, order: Any = "C") -> Any:
        """A copy in one row."""
        return np.copy(np.ravel(self, order))

    def item(self, *place: Any) -> Any:
        """The one number, which stays an array, so that it is followed."""
        if self.tensor is None or place or self.size != 1:
            return np.asarray(self).view(np.ndarray).item(*_plain(place))
        return np.reshape(self, ())

    def __deepcopy__(self, memo: Any) -> Any:
        return np.copy(self)


def _method(name: str) -> Callable[..., Any]:
    def method(self: Traced, *args: Any, **named: Any) -> Any:
        plain = getattr(_plain(self), name)
        if self.tensor is None:
            return plain(*_plain(args), **_plain(named))
        try:
            return _array(FUNCTIONS[name](self.tensor, *_followed(args), **_followed(named)))
        except _UNLIKE:
            return plain(*_plain(args), **_plain(named))

    method.__name__ = name
    return method


def _unfollowed(name: str) -> Callable[..., Any]:
    def method(self: Traced, *args: Any, **named: Any) -> Any:
        return getattr(_plain(self), name)(*_plain(args), **_plain(named))

    method.__name__ = name
    return method


for _name in _FUNCTIONS:
    setattr(Traced, _name, _method(_name))
for _name in _UNFOLLOWED:
    setattr(Traced, _name, _unfollowed(_name))


def traced(tensor: torch.Tensor) -> Traced:
    """The array of a tensor, in its memory."""
    with _disable_current_modes():
        array: Traced = tensor.detach().numpy().view(Traced)
    array.tensor = tensor
    return array


def tensors_of(outputs: Sequence[Any]) -> list[torch.Tensor]:
    """The tensors of what a forward returned; of what is not followed, a constant."""
    return [_tensor(out) for out in outputs]


@contextlib.contextmanager
def numpy_followed() -> Iterator[None]:
    """In it, numpy makes arrays that are followed. One process, one thread: what is replaced is put back."""
    replaced: list[tuple[Any, str, Any]] = []
    for name in (*_MADE, *_KEPT):
        replaced.append((np, name, getattr(np, name)))
    replaced.append((builtins, "float", float))
    replaced += [(math, name, getattr(math, name)) for name in NUMBERS if hasattr(math, name)]
    for owner, name, original in replaced:
        make = _made if name in _MADE else _kept if owner is np else _number
        setattr(owner, name, _Float if owner is builtins else make(original))
    try:
        yield
    finally:
        for owner, name, original in replaced:
            setattr(owner, name, original)


class _FloatType(type):
    """What stands for `float` and is asked whether a number is one, or which dtype it is, has to answer as it does."""

    dtype = np.dtype(float)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _FLOAT)

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return issubclass(subclass, _FLOAT)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is _FLOAT

    def __hash__(cls) -> int:
        return hash(_FLOAT)


_FLOAT = float


class _Float(float, metaclass=_FloatType):
    """`float` that hands on what is followed."""

    def __new__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, Traced) and value.tensor is not None and value.size == 1:
            return np.reshape(value, ())
        return _FLOAT(value)


def _made(original: Any) -> Any:
    def make(*args: Any, **named: Any) -> Any:
        found = original(*_plain(args), **_plain(named))
        return _constant(found) if _is_asked_by_user(sys._getframe(1)) else found

    return make


def _kept(original: Any) -> Any:
    if isinstance(original, type):  # np.float64 is a type that is asked for its instances too
        return original

    def keep(value: Any, *args: Any, **named: Any) -> Any:
        if not _is_asked_by_user(sys._getframe(1)):
            return original(value, *args, **named)
        dtype = named.get("dtype", args[0] if args else None)
        if _holds_traced(value) and (dtype is None or np.dtype(dtype).kind == "f"):
            found = _gathered(value)
            return np.copy(found) if original.__name__ in ("array", "copy") else found
        return _constant(original(_plain(value), *args, **named))

    return keep


def _number(original: Any) -> Any:
    run = NUMBERS[original.__name__]

    def number(value: Any, *more: Any) -> Any:
        if isinstance(value, Traced) and value.tensor is not None:
            return _array(run(value.tensor, *more))
        return original(value, *more)

    return number


def _is_asked_by_user(frame: FrameType | None) -> bool:
    """Not by numpy's or torch's own code, which makes arrays of its own."""
    name = str(frame.f_globals.get("__name__", "")) if frame is not None else ""
    return name.partition(".")[0] not in ("numpy", "torch") and name != __name__


def _constant(array: Any) -> Any:
    """An array of floats that is followed from now on; anything else as it is."""
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float64, np.float32):
        return array
    return traced(torch.from_numpy(np.array(array, copy=True, subok=False)))


def _gathered(value: Any) -> Traced:
    if isinstance(value, Traced):
        return value
    if isinstance(value, list | tuple):
        return traced(torch.stack([_tensor(_gathered(each)) for each in value]))
    return traced(torch.as_tensor(value, dtype=torch.float64))


def _holds_traced(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_traced(each) for each in value)
    return isinstance(value, Traced) and value.tensor is not None


def _is_real(args: Any) -> bool:
    """No argument is an array of something else than floats where a function of floats is meant."""
    if isinstance(args, list | tuple):
        return any(_is_real(each) for each in args)
    return isinstance(args, Traced) and args.tensor is not None


def _array(result: Any) -> Any:
    """Tensors as arrays, also those of a list."""
    if isinstance(result, list | tuple):
        return [_array(each) for each in result]
    return traced(result) if isinstance(result, torch.Tensor) else result


def _written(out: Any, result: torch.Tensor) -> Any:
    if isinstance(out, Traced) and out.tensor is not None:
        out.tensor.copy_(result)
        return out
    out[...] = _plain(_array(result))
    return out


def _tensor(value: Any) -> torch.Tensor:
    found = _followed(value)
    return found if isinstance(found, torch.Tensor) else torch.as_tensor(found, dtype=torch.float64)


def _followed(value: Any) -> Any:
    """Arrays as tensors, numpy's single numbers as Python's, also inside lists, tuples and dicts."""
    if isinstance(value, Traced) and value.tensor is not None:
        return value.tensor
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value, copy=True, subok=False))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {name: _followed(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_followed(each) for each in value)
    return value


def _floats(value: Any) -> Any:
    found = _followed(value)
    is_whole = isinstance(found, torch.Tensor) and not (found.is_floating_point() or found.is_complex())
    return found.to(torch.float64) if is_whole else found


def _plain(value: Any) -> Any:
    """The numbers alone."""
    if isinstance(value, Traced):
        return value.view(np.ndarray)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(each) for each in value)
    return value


def _indexed(tensor: torch.Tensor, index: Any) -> torch.Tensor:
    """numpy's index, of which torch lacks the steps backwards."""
    parts = index if isinstance(index, tuple) else (index,)
    for axis, part in enumerate(parts):
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            places = torch.arange(tensor.shape[axis]).numpy()[part].copy()
            tensor = tensor.index_select(axis, torch.from_numpy(places))
            parts = (*parts[:axis], slice(None), *parts[axis + 1 :])
    return tensor[_index(tuple(parts))]


def _index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_index(each) for each in index)
    if isinstance(index, range | list):
        return torch.as_tensor(np.asarray(_plain(list(index))))
    if isinstance(index, np.ndarray):
        plain = _plain(index)
        return torch.from_numpy(np.array(plain)) if plain.ndim else plain.item()
    return index.item() if isinstance(index, np.generic) else index


def _add_at(ufunc: Any, target: Any, index: Any, *values: Any) -> None:
    """`np.add.at`: what comes twice is added twice."""
    if isinstance(target, Traced) and target.tensor is not None and ufunc is np.add:
        places = _index(index if isinstance(index, tuple) else (index,))
        value = _tensor(values[0]).to(target.tensor.dtype)
        target.tensor.index_put_(places, value, accumulate=True)
        return
    ufunc.at(_plain(target), _plain(index), *(_plain(each) for each in values))
