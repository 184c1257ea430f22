"""numpy's operations in torch's words: what a forward in numpy computes, so that its graph is one of torch's.

Each function takes numpy's arguments, with tensors in the place of arrays, and gives what numpy would. What is not here
is not followed: the value that comes out is a constant of the recording.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

AxisArgument: TypeAlias = "int | Sequence[int] | None"
Operation: TypeAlias = Callable[..., Any]


def _axes(x: torch.Tensor, axis: AxisArgument) -> list[int]:
    if axis is None:
        return list(range(x.dim()))
    return [int(axis)] if isinstance(axis, int) or not isinstance(axis, Sequence) else [int(each) for each in axis]


def _sum(x: torch.Tensor, axis: AxisArgument = None, *, keepdims: bool = False, **_: Any) -> Any:
    return x.sum(_axes(x, axis), keepdim=bool(keepdims))


def _mean(x: torch.Tensor, axis: AxisArgument = None, *, keepdims: bool = False, **_: Any) -> Any:
    return x.mean(_axes(x, axis), keepdim=bool(keepdims))


def _var(x: torch.Tensor, axis: AxisArgument = None, *, ddof: int = 0, keepdims: bool = False, **_: Any) -> Any:
    """Written out, so that the path through the mean is one that can be lost."""
    axes = _axes(x, axis)
    centred = x - x.mean(axes, keepdim=True)
    total = (centred * centred).sum(axes, keepdim=bool(keepdims))
    return total / (math.prod(x.shape[each] for each in axes) - ddof)


def _std(x: torch.Tensor, *args: Any, **named: Any) -> Any:
    return _var(x, *args, **named).sqrt()


def _amax(x: torch.Tensor, axis: AxisArgument = None, *, keepdims: bool = False, **_: Any) -> Any:
    return x.amax(_axes(x, axis), keepdim=bool(keepdims))


def _amin(x: torch.Tensor, axis: AxisArgument = None, *, keepdims: bool = False, **_: Any) -> Any:
    return x.amin(_axes(x, axis), keepdim=bool(keepdims))


def _prod(x: torch.Tensor, axis: int | None = None, *, keepdims: bool = False, **_: Any) -> Any:
    return x.prod() if axis is None else x.prod(axis, keepdim=bool(keepdims))


def _maximum(one: Any, other: Any) -> Any:
    if not isinstance(one, torch.Tensor):
        return other.clamp(min=one)
    return one.clamp(min=other) if not isinstance(other, torch.Tensor) else torch.maximum(one, other)


def _minimum(one: Any, other: Any) -> Any:
    if not isinstance(one, torch.Tensor):
        return other.clamp(max=one)
    return one.clamp(max=other) if not isinstance(other, torch.Tensor) else torch.minimum(one, other)


def _power(one: Any, other: Any) -> Any:
    return one**other


def _dot(one: Any, other: Any) -> Any:
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor) or 0 in (one.dim(), other.dim()):
        return one * other
    return torch.tensordot(one, other, ([-1], [-2])) if other.dim() > 2 else one @ other


def _outer(one: torch.Tensor, other: torch.Tensor) -> Any:
    return one.reshape(-1, 1) * other.reshape(1, -1)


def _transpose(x: torch.Tensor, axes: Any = None, *more: int) -> Any:
    order = [axes, *more] if isinstance(axes, int) else axes
    return x.permute(*(range(x.dim())[::-1] if order is None else order))


def _reshape(x: torch.Tensor, shape: Any = None, *more: Any, order: str = "C", **named: Any) -> Any:
    wanted = named.get("newshape", shape)
    wanted = [wanted, *(each for each in more if isinstance(each, int))] if isinstance(wanted, int) else list(wanted)
    if order == "F":
        turned = x.permute(*range(x.dim())[::-1]).reshape(wanted[::-1])
        return turned.permute(*range(turned.dim())[::-1])
    return x.reshape([int(each) for each in wanted])


def _ravel(x: torch.Tensor, order: str = "C") -> Any:
    return _reshape(x, -1, order=order)


def _expand_dims(x: torch.Tensor, axis: Any) -> Any:
    for each in [axis] if isinstance(axis, int) else sorted(axis):
        x = x.unsqueeze(each)
    return x


def _squeeze(x: torch.Tensor, axis: Any = None) -> Any:
    return x.squeeze() if axis is None else x.squeeze(axis)


def _split(x: torch.Tensor, parts: Any, axis: int = 0) -> Any:
    return list(torch.tensor_split(x, parts if isinstance(parts, int) else [int(each) for each in parts], dim=axis))


def _concatenate(parts: Sequence[torch.Tensor], axis: int | None = 0, **_: Any) -> Any:
    return torch.cat([part.reshape(-1) for part in parts]) if axis is None else torch.cat(list(parts), axis)


def _stack(parts: Sequence[torch.Tensor], axis: int = 0, **_: Any) -> Any:
    return torch.stack(list(parts), axis)


def _where(condition: Any, one: Any, other: Any) -> Any:
    return torch.where(condition, one, other)


def _clip(x: torch.Tensor, a_min: Any = None, a_max: Any = None, **named: Any) -> Any:
    return x.clamp(named.get("min", a_min), named.get("max", a_max))


def _pad(x: torch.Tensor, widths: Any, mode: str = "constant", constant_values: Any = 0, **_: Any) -> Any:
    if mode != "constant":
        raise NotImplementedError(mode)
    listed = [widths] * x.dim() if isinstance(widths, int) else list(widths)
    pairs = [(each, each) if isinstance(each, int) else tuple(each) for each in listed]
    pairs = pairs * x.dim() if len(pairs) == 1 else pairs
    return torch.nn.functional.pad(x, [int(n) for pair in pairs[::-1] for n in pair], value=constant_values)


def _repeat(x: torch.Tensor, repeats: int, axis: int | None = None) -> Any:
    return x.reshape(-1).repeat_interleave(repeats) if axis is None else x.repeat_interleave(repeats, axis)


def _tile(x: torch.Tensor, reps: Any) -> Any:
    return x.tile(reps if isinstance(reps, int) else tuple(reps))


def _norm(x: torch.Tensor, kind: Any = None, axis: AxisArgument = None, *, keepdims: bool = False, **named: Any) -> Any:
    if named.get("ord", kind) not in (None, 2, "fro"):
        raise NotImplementedError(kind)
    return _sum(x * x, axis, keepdims=keepdims).sqrt()


def _broadcast_to(x: torch.Tensor, shape: Any, **_: Any) -> Any:
    return x.expand(*shape)


def _einsum(text: str, *operands: Any, **_: Any) -> Any:
    return torch.einsum(text, *operands)


def _tensordot(one: torch.Tensor, other: torch.Tensor, axes: Any = 2) -> Any:
    if isinstance(axes, int):
        return torch.tensordot(one, other, axes)
    pairs = [[each] if isinstance(each, int) else list(each) for each in axes]
    return torch.tensordot(one, other, (pairs[0], pairs[1]))


def _cumsum(x: torch.Tensor, axis: int | None = None, **_: Any) -> Any:
    return x.reshape(-1).cumsum(0) if axis is None else x.cumsum(axis)


def _flip(x: torch.Tensor, axis: AxisArgument = None) -> Any:
    return x.flip(_axes(x, axis))


def _take_along_axis(x: torch.Tensor, indices: torch.Tensor, axis: int) -> Any:
    return torch.take_along_dim(x, indices, axis)


def _copy(x: torch.Tensor, *_: Any, **__: Any) -> Any:
    return x.clone()


def _real(x: torch.Tensor) -> Any:
    return x.real.clone() if x.is_complex() else x.clone()


def _conjugate(x: torch.Tensor, **_: Any) -> Any:
    return x.conj().resolve_conj() if x.is_complex() else x.clone()


def _along_axis(name: str) -> Operation:
    """A Fourier transform along one axis."""
    operation = getattr(torch.fft, name)
    return lambda x, n=None, axis=-1, norm=None, **_: operation(x, n, axis, norm)


def _along_axes(name: str, usual: Any) -> Operation:
    """A Fourier transform along several axes."""
    operation = getattr(torch.fft, name)
    return lambda x, s=None, axes=usual, norm=None, **_: operation(x, s, axes, norm)


# Of images, over their last two axes.
_LAST_TWO = (-2, -1)
_SAME_NAME = (
    "exp log sqrt square sign tanh sin cos tan sinh cosh arctan arcsin arccos arctanh arcsinh expm1 log1p log2 log10 "
    "exp2 reciprocal floor ceil trunc erf logaddexp arctan2 hypot add subtract multiply matmul"
)
UFUNCS: Mapping[str, Operation] = {
    **{name: getattr(torch, name) for name in _SAME_NAME.split()},
    "absolute": torch.abs,
    "fabs": torch.abs,
    "negative": torch.neg,
    "positive": torch.clone,
    "rint": torch.round,
    "expit": torch.sigmoid,
    "divide": torch.true_divide,
    "true_divide": torch.true_divide,
    "power": _power,
    "float_power": _power,
    "conjugate": _conjugate,
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _maximum,
    "fmin": _minimum,
}  # fmt: skip
"""Name of a ufunc -> the same for tensors and plain numbers."""
FUNCTIONS: Mapping[str, Operation] = {
    "sum": _sum, "mean": _mean, "var": _var, "std": _std, "prod": _prod, "average": _mean,
    "amax": _amax, "max": _amax, "amin": _amin, "min": _amin, "cumsum": _cumsum,
    "dot": _dot, "outer": _outer, "inner": _dot, "einsum": _einsum, "tensordot": _tensordot,
    "transpose": _transpose, "permute_dims": _transpose, "reshape": _reshape, "ravel": _ravel, "squeeze": _squeeze,
    "expand_dims": _expand_dims, "swapaxes": torch.swapaxes, "moveaxis": torch.moveaxis, "flip": _flip,
    "concatenate": _concatenate, "stack": _stack, "vstack": torch.vstack, "hstack": torch.hstack,
    "column_stack": torch.column_stack, "split": _split, "array_split": _split,
    "where": _where, "clip": _clip, "pad": _pad, "repeat": _repeat, "tile": _tile, "roll": torch.roll,
    "norm": _norm, "broadcast_to": _broadcast_to, "copy": _copy, "diag": torch.diag, "trace": torch.trace,
    "tril": torch.tril, "triu": torch.triu, "take_along_axis": _take_along_axis, "nan_to_num": _copy,
    "atleast_2d": torch.atleast_2d, "real": _real, "inv": torch.linalg.inv, "solve": torch.linalg.solve,
    "diagonal": torch.diagonal, "logaddexp": torch.logaddexp,
    **{name: _along_axis(name) for name in ("fft", "ifft", "rfft", "irfft")},
    **{name: _along_axes(name, _LAST_TWO) for name in ("fft2", "ifft2", "rfft2", "irfft2")},
    **{name: _along_axes(name, None) for name in ("fftn", "ifftn")},
}  # fmt: skip
"""Name of a function of numpy's, and of a method of its arrays -> the same for tensors."""
NUMBERS: Mapping[str, Operation] = {
    "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log, "tanh": torch.tanh, "erf": torch.erf, "log1p": torch.log1p,
    "expm1": torch.expm1, "sin": torch.sin, "cos": torch.cos, "pow": _power, "fabs": torch.abs,
}  # fmt: skip
"""Functions of Python's `math`."""
