"""A recording runs again, on the same or other numbers, and torch differentiates it as a whole.

The values of a replay are those of the recorded forward, operation by operation, in whatever dtype it ran in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Operand, Recording, Ref, Word
from gradcheck_cli.oracles.graph.tensors import as_numpy, pulled_back

Detached = Literal["kept", "followed"]
"""What a derivative does where the forward detaches or says no_grad: stop as torch would, or go through.

A hand-written backward is asked for the derivative of the numbers: in the forward of a Function nothing is followed by
torch anyway, so a detach there says nothing. In a Module it is part of what is meant.
"""

# Strides are no part of a recording, so what is viewed may lie differently in memory.
_ON_ANY_LAYOUT = {"aten.view.default": "aten.reshape.default", "aten._unsafe_view.default": "aten.reshape.default"}
DETACH = "aten.detach.default"


@dataclass(frozen=True)
class Replay:
    """A recording and what it is run on.

    Attributes:
        recording: of the forward.
        values: input name -> array; all inputs of the recording.
        detached: see `Detached`.
        dtype: in which everything that is a float is computed; "" for the recorded dtypes.
    """

    recording: Recording
    values: Mapping[str, Array]
    detached: Detached = "kept"
    dtype: str = ""

    def outputs(self) -> tuple[Array | None, ...]:
        """What the forward returns."""
        with torch.no_grad():
            ran = self.run(self.leaves())
        return tuple(None if ref is None else as_numpy(ran[ref.node][ref.output]) for ref in self.recording.outputs)

    def gradients(self, upstream: Sequence[Array | None]) -> dict[str, Array]:
        """Input name -> the derivative by it of sum(upstream * outputs), by torch's own backward of all at once.

        Args:
            upstream: one for each output, of its shape; None for an output that carries no gradient.

        Returns:
            Of every input of a floating dtype; zeros where nothing depends on it.
        """
        leaves = {name: leaf.requires_grad_(leaf.is_floating_point()) for name, leaf in self.leaves().items()}
        with torch.enable_grad():
            ran = self.run(leaves)
        asked = {name: leaf for name, leaf in leaves.items() if leaf.requires_grad}
        seeds = [
            (ran[ref.node][ref.output], array)
            for ref, array in zip(self.recording.outputs, upstream, strict=True)
            if ref is not None and array is not None and ran[ref.node][ref.output].requires_grad
        ]
        if not seeds or not asked:
            return {name: as_numpy(torch.zeros_like(leaf)) for name, leaf in asked.items()}
        tensors = [tensor for tensor, _ in seeds]
        given = [like(array, tensor) for tensor, array in seeds]
        found = pulled_back(tuple(tensors), tuple(given), tuple(asked.values()))
        return {
            name: as_numpy(torch.zeros_like(leaf) if gradient is None else gradient)
            for (name, leaf), gradient in zip(asked.items(), found, strict=True)
        }

    def leaves(self) -> dict[str, torch.Tensor]:
        """Fresh tensors of the inputs."""
        nodes = self.recording.nodes
        return {
            name: torch.tensor(self.values[name]).to(self.dtype_of(nodes[index]))
            for name, index in self.recording.inputs.items()
        }

    def dtype_of(self, node: Node) -> torch.dtype:
        """In which dtype the first output of a node is computed here."""
        dtype: torch.dtype = getattr(torch, node.dtypes[0])
        return getattr(torch, self.dtype) if self.dtype and dtype.is_floating_point else dtype

    def run(self, leaves: Mapping[str, torch.Tensor]) -> list[tuple[Any, ...]]:
        """The outputs of every node."""
        ran: list[tuple[Any, ...]] = []
        for node in self.recording.nodes:
            if node.op == INPUT:
                ran.append((leaves[node.name],))
            else:
                ran.append(self.result(node, lambda ref: ran[ref.node][ref.output]))
        return ran

    def result(self, node: Node, value: Any) -> tuple[Any, ...]:
        """The outputs of one node.

        Args:
            node: no input.
            value: from a `Ref` to a tensor.
        """
        if node.op == CONSTANT:
            assert isinstance(node.operands[0], int)
            return (torch.tensor(self.recording.constants[node.operands[0]]).to(self.dtype_of(node)),)
        operands = self.operands(node, value)
        if self.detached == "followed" and node.op == DETACH:
            return (operands[0].view_as(operands[0]),)
        keywords = {name: self._operand(part, value) for name, part in node.keywords}
        result = _OWN.get(node.op, operation(_ON_ANY_LAYOUT.get(node.op, node.op)))(*operands, **keywords)
        results = tuple(result) if isinstance(result, tuple | list) else (result,)
        if node.is_followed or self.detached == "followed":
            return results
        return tuple(part.detach() if isinstance(part, torch.Tensor) else part for part in results)

    def operands(self, node: Node, value: Any) -> list[Any]:
        """What a node is called with, in order."""
        return [self._operand(part, value) for part in node.operands]

    def _operand(self, operand: Operand, value: Any) -> Any:
        if isinstance(operand, Ref):
            return value(operand)
        if isinstance(operand, tuple):
            return [self._operand(part, value) for part in operand]
        if isinstance(operand, Word):
            if operand.kind == "device":
                return torch.device("cpu")
            word = getattr(torch, operand.text)
            widened = self.dtype and operand.kind == "dtype" and word.is_floating_point
            return getattr(torch, self.dtype) if widened else word
        return operand


def operation(name: str) -> Any:
    """The overload called `name`.

    Raises:
        ValueError: none of torch's own; nothing else is called.
    """
    namespace, stem, overload = name.split(".")
    if namespace != "aten":
        raise ValueError(name)
    return getattr(getattr(torch.ops.aten, stem), overload)


def _window(whole: torch.Tensor, size: list[int], stride: list[int], offset: int | None = None) -> torch.Tensor:
    """What as_strided shows of an array that lies in memory row by row."""
    return whole.reshape(-1)[_positions(whole, size, stride, offset)]


def _written(
    whole: torch.Tensor, part: torch.Tensor, size: list[int], stride: list[int], offset: int | None = None
) -> torch.Tensor:
    """The array with `part` written through a window."""
    positions = _positions(whole, size, stride, offset)
    return whole.reshape(-1).index_put((positions,), part).reshape(whole.shape)


def _positions(whole: torch.Tensor, size: list[int], stride: list[int], offset: int | None) -> torch.Tensor:
    return torch.arange(whole.numel()).as_strided(size, stride, offset or 0)


def _scattered(call: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A scattering call, given only the part of its source that its index reaches."""

    def reached(whole: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor, *rest: Any) -> torch.Tensor:
        return call(whole, dim, index, source[tuple(slice(length) for length in index.shape)], *rest)

    return reached


# By positions: with torch 2.13 the derivative of as_strided_scatter by what is written is wrong where two follow. And
# that of what scatters raises where the source is larger than the index.
_OWN: Mapping[str, Callable[..., torch.Tensor]] = {
    "aten.as_strided.default": _window,
    "aten.as_strided_scatter.default": _written,
    "aten.scatter_add.default": _scattered(torch.scatter_add),
    "aten.scatter.src": _scattered(torch.scatter),
    "aten.scatter_reduce.two": _scattered(torch.scatter_reduce),
}


def like(array: Array, tensor: torch.Tensor) -> torch.Tensor:
    """An array as a tensor of the dtype and shape of another."""
    return torch.tensor(array).to(tensor.dtype).reshape(tensor.shape)
