"""The derivative of a recorded forward, node by node: each node keeps its own small graph, and what flows between them
can be looked at and changed.

A *message* is what a node hands to one of its operands: its part of the derivative by that value. A *cotangent* is the
derivative by a value: the sum of the messages to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Ref
from gradcheck_cli.oracles.graph.replay import Replay, like
from gradcheck_cli.oracles.graph.tensors import as_numpy, pulled_back
from gradcheck_cli.oracles.graph.turns import Turns

Cotangents: TypeAlias = dict[Ref, torch.Tensor]
Messages: TypeAlias = "tuple[torch.Tensor | None, ...]"
ChainChange: TypeAlias = Callable[["GraphStep", "dict[int, torch.Tensor]", Messages], Messages]
"""(node, cotangents of its outputs, its right messages) -> other messages."""
Jump: TypeAlias = Callable[[Cotangents], Cotangents]
"""The cotangents of a node's outputs and of all later values -> what comes to earlier values besides."""


@dataclass
class GraphStep:
    """One node of a chain.

    Attributes:
        index: of the node.
        node: as recorded.
        outputs: its values.
        operands: the values that a derivative may flow to, one for each use, in order.
        saved: the tensors that torch keeps for this node's derivative (operands, or results).
        swapped: what is handed out in their place.
    """

    index: int
    node: Node
    outputs: tuple[torch.Tensor, ...]
    operands: tuple[Ref, ...] = ()
    saved: list[torch.Tensor] = field(default_factory=list)
    swapped: dict[int, torch.Tensor] = field(default_factory=dict)
    _leaves: tuple[torch.Tensor, ...] = ()
    _results: tuple[torch.Tensor, ...] = ()

    def value(self, operand: int) -> torch.Tensor:
        """What its operand numbered `operand` is."""
        return self._leaves[operand].detach()

    def messages(self, given: Mapping[int, torch.Tensor]) -> Messages:
        """What it hands to each of its operands.

        Args:
            given: number of an output -> its cotangent.
        """
        results = [number for number in given if self._results and self._results[number].requires_grad]
        if not results or not self._leaves:
            return (None,) * len(self.operands)
        return pulled_back(
            tuple(self._results[number] for number in results),
            tuple(given[number] for number in results),
            self._leaves,
        )


@dataclass
class Work:
    """What was asked of nodes so far, by one chain and all that were made of it."""

    asked: int = 0


class Chain:
    """A replay taken apart into its nodes. `work` counts what is asked of them."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.work = Work()
        self.recording = replay.recording
        self.steps: list[GraphStep] = []
        leaves = replay.leaves()
        for index, node in enumerate(self.recording.nodes):
            if node.op == INPUT:
                self.steps.append(GraphStep(index, node, (leaves[node.name],)))
            elif node.op == CONSTANT:
                self.steps.append(GraphStep(index, node, replay.result(node, self.value)))
            else:
                self.steps.append(self.step_of(index, node))

    def value(self, ref: Ref) -> torch.Tensor:
        """The tensor of a value."""
        return self.steps[ref.node].outputs[ref.output]

    @cached_property
    def turns(self) -> Turns:
        """Which operations are made several times."""
        return Turns(self.recording)

    @cached_property
    def users(self) -> Mapping[Ref, list[int]]:
        """Value -> the nodes that use it, once for each use."""
        found: dict[Ref, list[int]] = defaultdict(list)
        for index, node in enumerate(self.recording.nodes):
            for ref in node.refs():
                found[ref].append(index)
        return found

    @cached_property
    def inputs(self) -> dict[str, Ref]:
        """The inputs that a derivative is taken by: those of a floating dtype."""
        found = {name: Ref(index) for name, index in self.recording.inputs.items()}
        return {name: ref for name, ref in found.items() if self.value(ref).is_floating_point()}

    def seeds(self, upstream: Sequence[Array | None]) -> Cotangents:
        """The cotangents of the outputs; two outputs that are one value add up."""
        found: Cotangents = {}
        for ref, array in zip(self.recording.outputs, upstream, strict=True):
            if ref is not None and array is not None and self.value(ref).is_floating_point():
                seed = like(array, self.value(ref))
                found[ref] = found[ref] + seed if ref in found else seed
        return found

    def pull(
        self,
        seeds: Cotangents,
        changes: Mapping[int, ChainChange] | None = None,
        seen: Callable[[GraphStep, Messages], None] | None = None,
        jumps: Mapping[int, Jump] | None = None,
    ) -> Cotangents:
        """The cotangents of all values that the seeds depend on.

        Args:
            seeds: of the values to start from.
            changes: number of a node -> what it does to its messages. A derivative is linear: without them the pull of
                a difference is the difference of the pulls.
            seen: is shown each node's messages.
            jumps: number of a node -> what it hands to earlier values besides.
        """
        found = dict(seeds)
        for step in reversed(self.steps[: max((ref.node for ref in seeds), default=-1) + 1]):
            if not step.operands:
                continue
            given = {ref.output: found[ref] for ref in map(step_ref(step), range(len(step.outputs))) if ref in found}
            if not given:
                continue
            self.work.asked += 1
            messages = step.messages(given)
            if changes and step.index in changes:
                messages = changes[step.index](step, given, messages)
            if seen:
                seen(step, messages)
            for ref, message in zip(step.operands, messages, strict=True):
                if message is not None:
                    found[ref] = found[ref] + message if ref in found else message
            if jumps and step.index in jumps:
                for ref, part in jumps[step.index](found).items():
                    found[ref] = found[ref] + part if ref in found else part
        return found

    def gradients(self, upstream: Sequence[Array | None]) -> dict[str, Array]:
        """Input name -> the derivative by it of sum(upstream * outputs); zeros where nothing depends on it."""
        return self.of_inputs(self.pull(self.seeds(upstream)))

    def of_inputs(self, cotangents: Cotangents) -> dict[str, Array]:
        """Input name -> its cotangent."""
        return {
            name: as_numpy(cotangents[ref] if ref in cotangents else torch.zeros_like(self.value(ref)))
            for name, ref in self.inputs.items()
        }

    def with_value(self, ref: Ref, tensor: torch.Tensor, *, follows: bool) -> Chain:
        """The same chain for somebody who takes a value for another; the forward itself is not changed.

        Args:
            ref: the value.
            tensor: of its shape, what it is taken for.
            follows: later values are computed from it; else it is used in the derivatives of its own users alone.

        Raises:
            RuntimeError: a later value cannot be computed from it.
        """
        other = Chain.__new__(Chain)
        other.replay, other.recording, other.steps = self.replay, self.recording, list(self.steps)
        other.work = self.work
        outputs = list(self.steps[ref.node].outputs)
        outputs[ref.output] = tensor
        other.steps[ref.node] = replace(self.steps[ref.node], outputs=tuple(outputs))
        changed = {ref.node}
        for index in range(ref.node + 1, len(self.steps)):
            node = self.recording.nodes[index]
            if node.op == CONSTANT or not any(used.node in changed for used in node.refs()):
                continue
            step = other.step_of(index, node)
            if follows:
                changed.add(index)
            other.steps[index] = step if follows else replace(step, outputs=self.steps[index].outputs)
        return other

    def step_of(self, index: int, node: Node) -> GraphStep:
        """A node, run on the values before it, with a graph of its own."""
        self.work.asked += 1
        refs: list[Ref] = []
        leaves: list[torch.Tensor] = []

        def operand(ref: Ref) -> torch.Tensor:
            value = self.value(ref)
            if not (value.is_floating_point() or value.is_complex()):
                return value
            leaf = value.detach().requires_grad_()
            refs.append(ref)
            leaves.append(leaf)
            return leaf

        step = GraphStep(index, node, ())

        def pack(tensor: torch.Tensor) -> int:
            step.saved.append(tensor.detach())
            return len(step.saved) - 1

        def unpack(slot: int) -> torch.Tensor:
            return step.swapped.get(slot, step.saved[slot])

        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            results = self.replay.result(node, operand)
        step._leaves, step._results, step.operands = tuple(leaves), results, tuple(refs)
        step.outputs = tuple(part.detach() if isinstance(part, torch.Tensor) else part for part in results)
        return step


def step_ref(step: GraphStep) -> Callable[[int], Ref]:
    """From the number of an output to its value."""
    return lambda output: Ref(step.index, output)
