"""Who shares memory with whom while a forward is recorded, so that what it writes in place becomes a new value.

A recording knows values only. A write into a view of an array is written down as a new value of the whole array, and
whoever looks at the array afterwards reads from that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from gradcheck_cli.model.recording import Operand, Ref
from gradcheck_cli.oracles.graph.tensors import dtype_name

Emit = Callable[[str, tuple[Operand, ...], "tuple[int, ...]", str], Ref]
"""(op, operands, shape, dtype) -> the value of a new node."""


class NotRecordableError(Exception):
    """Why a forward cannot be written down, as one sentence."""


@dataclass
class _Store:
    """The memory of one array. `whole` is its value in the order of memory, `shape` that of `whole`.

    `shape` None: `whole` is only a part of the memory.
    """

    owner: torch.Tensor  # keeps the memory, so that no other array can be taken for this one
    whole: Ref
    shape: tuple[int, ...] | None
    version: int = 0


@dataclass(frozen=True)
class _Known:
    tensor: torch.Tensor  # kept alive: its id is a key
    ref: Ref
    version: int


class Stores:
    """The arrays that are known as values."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._stores: dict[int, _Store] = {}
        self._by_id: dict[int, _Known] = {}
        self._by_view: dict[object, _Known] = {}

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether its memory holds a value."""
        return _memory(tensor) in self._stores

    def add(self, tensor: torch.Tensor, ref: Ref) -> None:
        """`tensor` is the value `ref` from now on."""
        memory = _memory(tensor)
        if memory not in self._stores:
            self._stores[memory] = self._store(tensor, ref)
        known = _Known(tensor, ref, self._stores[memory].version)
        self._by_id[id(tensor)] = known
        self._by_view[_view(tensor)] = known

    def read(self, tensor: torch.Tensor) -> Ref | None:
        """The value that stands in `tensor` now; None where nothing is known of its memory."""
        store = self._stores.get(_memory(tensor))
        if store is None:
            return None
        known = self._by_id.get(id(tensor)) or self._by_view.get(_view(tensor))
        if known is not None and known.version == store.version:
            return known.ref
        ref = self.window(tensor)
        self.add(tensor, ref)
        return ref

    def window(self, tensor: torch.Tensor) -> Ref:
        """A node that looks at the memory of `tensor` through its strides."""
        store, _ = self._whole(tensor)
        operands = (store.whole, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))
        return self._emit("aten.as_strided.default", operands, tuple(tensor.shape), dtype_name(tensor))

    def write(self, tensor: torch.Tensor, ref: Ref) -> None:
        """`ref` was written into `tensor`: all views of the memory change with it."""
        store, shape = self._whole(tensor)
        if tuple(tensor.shape) == shape and tensor.is_contiguous():
            store.whole = ref
        else:
            operands = (store.whole, ref, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))
            store.whole = self._emit("aten.as_strided_scatter.default", operands, shape, dtype_name(tensor))
        store.version += 1
        self.add(tensor, ref)

    def _whole(self, tensor: torch.Tensor) -> tuple[_Store, tuple[int, ...]]:
        store = self._stores[_memory(tensor)]
        if store.shape is None:
            raise NotRecordableError("it looks at memory of which only a part is known")
        return store, store.shape

    def _store(self, tensor: torch.Tensor, ref: Ref) -> _Store:
        order = sorted(range(tensor.dim()), key=lambda axis: -tensor.stride()[axis])
        turned = tensor.permute(order)
        if not turned.is_contiguous() or tensor.numel() != entries_of_memory(tensor):
            return _Store(tensor, ref, None)
        if order != sorted(order):
            ref = self._emit("aten.permute.default", (ref, tuple(order)), tuple(turned.shape), dtype_name(tensor))
        return _Store(tensor, ref, tuple(turned.shape))


def entries_of_memory(tensor: torch.Tensor) -> int:
    """How many entries of its dtype its memory holds."""
    return int(tensor.untyped_storage().nbytes()) // tensor.element_size()


def _memory(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _view(tensor: torch.Tensor) -> object:
    return (_memory(tensor), tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
