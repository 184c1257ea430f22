"""A forward runs, and every operation of torch that it makes is written down with its line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from types import FrameType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Operand, Recording, Ref, SourcePlace, Word
from gradcheck_cli.oracles.graph.places import Places
from gradcheck_cli.oracles.graph.pruning import pruned
from gradcheck_cli.oracles.graph.stores import NotRecordableError as NotRecordableError, Stores, entries_of_memory
from gradcheck_cli.oracles.graph.tensors import as_numpy, dtype_name, flattened, is_drawn, returning, targets_of

# A forward that loops over entries in Python; its recording would be slower to differentiate than to difference.
MOST_NODES = 4_000
# Their values do not depend on those of their operands, only on shapes, or are drawn: constants.
_SHAPED_AS = frozenset(
    f"aten::{stem}"
    for stem in (
        *(f"{kind}_like" for kind in ("empty", "zeros", "ones", "full", "rand", "randn", "randint")),
        *(f"new_{kind}" for kind in ("empty", "zeros", "ones", "full", "empty_strided")),
    )
)
_WHERE_VALUES_LEAVE = frozenset({"item", "tolist", "numpy", "__array__", "__float__", "__int__", "__bool__"})
_TORCH = os.path.dirname(os.path.abspath(torch.__file__))
_APPLY = os.path.join(_TORCH, "autograd", "function.py")


def record(
    call: Callable[[], Any], inputs: Mapping[str, torch.Tensor], files: Collection[str] = ()
) -> tuple[Any, Recording]:
    """Run a forward and write it down.

    Args:
        call: runs it on the tensors of `inputs`, which may be arguments or what an object holds.
        inputs: what the forward is differentiated by, and what else is given to it, by name.
        files: the user's; see `Places`.

    Returns:
        What `call` returned, and the recording of its tensors (a tuple, list or dict of them is flattened).

    Raises:
        NotRecordableError: the forward did what cannot be written down; says what and where.
        Exception: whatever `call` raises.
    """
    recorder = Recorder(Places(files, (os.path.dirname(_TORCH), os.path.dirname(os.__file__)), record.__code__))
    for name, tensor in inputs.items():
        recorder.add_input(name, tensor)
    with recorder, _Leaves(recorder):
        returned = call()
    return returned, recorder.finish(returned)


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees each operation below autograd, where composite ones have been taken apart."""

    def __init__(self, places: Places) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.nodes: list[Node] = []
        self.constants: list[Array] = []
        self.leaves: list[SourcePlace] = []
        self.places = places
        self._place: SourcePlace | None = None
        self._is_followed = True
        self._varies: set[int] = set()
        self._stores = Stores(self._emit)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: nothing is compiled here, and to be skipped by torch's compiler loads it, which takes seconds."""
        return False

    def add_input(self, name: str, tensor: torch.Tensor) -> None:
        """A tensor that the forward is given."""
        self.nodes.append(Node(INPUT, shapes=(tuple(tensor.shape),), dtypes=(dtype_name(tensor),), name=name))
        self._varies.add(len(self.nodes) - 1)
        self._stores.add(tensor, Ref(len(self.nodes) - 1))

    def finish(self, returned: Any) -> Recording:
        """The recording, without what no output depends on."""
        outputs = []
        for tensor in flattened(returned):
            ref = self._stores.read(tensor) if isinstance(tensor, torch.Tensor) else None
            outputs.append(ref if ref is not None and ref.node in self._varies else None)
        return pruned(Recording(tuple(self.nodes), tuple(outputs), tuple(self.constants), tuple(self.leaves)))

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run the operation, and write it down where it depends on an input."""
        kwargs = kwargs or {}
        given = [part for part in flattened((args, kwargs)) if isinstance(part, torch.Tensor)]
        if not any(self._stores.knows(part) for part in given):
            return func(*args, **kwargs)
        frame = sys._getframe(1)
        self._place, self._is_followed = self.places.of(frame), torch.is_grad_enabled() or _inside_apply(frame)
        if not self._concerns(func, args, kwargs, given):
            return func(*args, **kwargs)
        if len(self.nodes) > MOST_NODES:
            raise self._refusal(f"it makes more than {MOST_NODES:,} operations")
        if not str(func).startswith("aten."):
            raise self._refusal(f"it calls {func}, which only its own process has")
        if func is torch.ops.aten.as_strided.default:
            return self._as_strided(func, args, kwargs)
        if func._schema.is_mutable:
            return self._in_place(func, args, kwargs)
        written = self._written(args), tuple((name, self._written(value)) for name, value in kwargs.items())
        result = func(*args, **kwargs)
        self._append(str(func), *written, result)
        return result

    def _concerns(self, func: Any, args: Any, kwargs: Any, given: list[torch.Tensor]) -> bool:
        """Whether the result depends on an input's values, or what is known is written to."""
        if func._schema.is_mutable and any(self._stores.knows(tensor) for tensor in targets_of(func, args, kwargs)):
            return True
        if func._schema.name in _SHAPED_AS or is_drawn(func):
            return False
        refs = [self._stores.read(tensor) for tensor in given if self._stores.knows(tensor)]
        return any(ref is not None and ref.node in self._varies for ref in refs)

    def _append(self, op: str, operands: Any, keywords: Any, result: Any) -> None:
        results = result if isinstance(result, tuple | list) else (result,)
        tensors = [part if isinstance(part, torch.Tensor) else None for part in results]
        shapes = tuple(() if part is None else tuple(part.shape) for part in tensors)
        dtypes = tuple("" if part is None else dtype_name(part) for part in tensors)
        index = self._node(Node(op, operands, keywords, shapes, dtypes, self._place, "", self._is_followed))
        for number, tensor in enumerate(tensors):
            if tensor is not None:
                self._stores.add(tensor, Ref(index, number))

    def _node(self, node: Node) -> int:
        self.nodes.append(node)
        if any(ref.node in self._varies for ref in node.refs()):
            self._varies.add(len(self.nodes) - 1)
        return len(self.nodes) - 1

    def _emit(self, op: str, operands: tuple[Operand, ...], shape: tuple[int, ...], dtype: str) -> Ref:
        return Ref(self._node(Node(op, operands, (), (shape,), (dtype,), self._place, "", self._is_followed)))

    def _as_strided(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A window onto memory: its strides are those of the memory, not of the array that it is asked of."""
        self._operand(args[0])
        result = func(*args, **kwargs)
        self._stores.add(result, self._stores.window(result))
        return result

    def _in_place(self, func: Any, args: Any, kwargs: Any) -> Any:
        targets = targets_of(func, args, kwargs)
        if len(targets) != 1:
            raise self._refusal(f"it writes into several arrays at once ({func})")
        (target,) = targets
        self._operand(target)
        ref = None if is_drawn(func) else self._functional(func, args, kwargs, target)
        result = func(*args, **kwargs)
        self._stores.write(target, self._constant(target) if ref is None else ref)
        return result

    def _functional(self, func: Any, args: Any, kwargs: Any, target: torch.Tensor) -> Ref:
        """The value that an operation writes, as the node of its form that returns it."""
        shape, dtype = tuple(target.shape), dtype_name(target)
        if func is torch.ops.aten.copy_.default:
            source = self._operand(args[1])
            if dtype_name(args[1]) != dtype:
                cast = (("dtype", Word("dtype", dtype)),)
                node = Node("aten._to_copy.default", (source,), cast, (tuple(args[1].shape),), (dtype,), self._place)
                source = Ref(self._node(node))
            return self._emit("aten.expand.default", (source, shape), shape, dtype)
        if func in (torch.ops.aten.zero_.default, torch.ops.aten.fill_.Scalar):
            value = 0 if len(args) < 2 else args[1]
            return self._constant(torch.full_like(target, value))
        other = returning(func)
        if other is None:
            raise self._refusal(f"it writes in place by {func}")
        operands, keywords = (
            self._written(args),
            tuple((key, self._written(kwargs[key])) for key in kwargs if key != "out"),
        )
        node = Node(str(other), operands, keywords, (shape,), (dtype,), self._place, "", self._is_followed)
        return Ref(self._node(node))

    def _written(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._operand(value)
        if isinstance(value, list | tuple):
            return tuple(self._written(part) for part in value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        for kind, sort in (("dtype", torch.dtype), ("layout", torch.layout), ("memory_format", torch.memory_format)):
            if isinstance(value, sort):
                return Word(kind, str(value).removeprefix("torch."))  # type: ignore[arg-type]
        if isinstance(value, torch.device):
            return Word("device", value.type)
        raise self._refusal(f"it calls an operation with {type(value).__name__}")

    def _operand(self, tensor: torch.Tensor) -> Ref:
        ref = self._stores.read(tensor)
        if ref is not None:
            return ref
        # All of its memory, for other views of it may be written to.
        with _disable_current_modes():
            memory = tensor.detach().as_strided((entries_of_memory(tensor),), (1,), 0)
        whole = tensor if tensor.is_contiguous() and memory.numel() == tensor.numel() else memory
        self._stores.add(whole, self._constant(whole))
        ref = self._stores.read(tensor)
        assert ref is not None
        return ref

    def _constant(self, tensor: torch.Tensor) -> Ref:
        if tensor.is_complex() or tensor.layout is not torch.strided:
            raise self._refusal("it uses complex or sparse arrays")
        with _disable_current_modes():
            plain = tensor.detach().clone()
            self.constants.append(as_numpy(plain))
        node = Node(
            CONSTANT, (len(self.constants) - 1,), (), (tuple(tensor.shape),), (dtype_name(tensor),), self._place
        )
        self.nodes.append(node)
        return Ref(len(self.nodes) - 1)

    def _refusal(self, what: str) -> NotRecordableError:
        where = "" if self._place is None else f" ({os.path.basename(self._place.file)}:{self._place.line})"
        return NotRecordableError(f"{what}{where}.")


class _Leaves(TorchFunctionMode):
    """Sees where values go that torch does not follow, and makes `.data` the detach that it is."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        """Run what was called."""
        name = getattr(func, "__name__", "")
        if func == torch.Tensor.data.__get__:  # type: ignore[attr-defined]  # a method wrapper, made anew each time
            return args[0].detach()
        if name in _WHERE_VALUES_LEAVE:
            place = self._recorder.places.of(sys._getframe(1))
            if place is not None and place not in self._recorder.leaves:
                self._recorder.leaves.append(place)
        return func(*args, **(kwargs or {}))


def _inside_apply(frame: FrameType | None) -> bool:
    """Inside a Function's own forward, where torch switches gradients off: that is no no_grad of the user's."""
    while frame is not None:
        if frame.f_code.co_name == "apply" and frame.f_code.co_filename == _APPLY:
            return True
        frame = frame.f_back
    return False
