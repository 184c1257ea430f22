"""A graph of a forward with its right messages, and what an edit makes of the gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph import blocks, transforms, values
from gradcheck_cli.oracles.graph.chain import Chain, Change, Cotangents, GraphStep, Messages
from gradcheck_cli.oracles.graph.edits import Edit, Effect
from gradcheck_cli.oracles.graph.tensors import as_numpy
from gradcheck_cli.oracles.graph.wrong_messages import wrong_messages

# Of the largest entry: what is left of a sum whose terms cancel.
_NOTHING = 1e-11


class Editor:
    """A chain with its messages, and every edit of it.

    Attributes:
        chain: of the forward.
        upstream: what is handed in at its outputs.
        done: edits that hold already, so that others come on top of them. All of them linear.
        seeds, cotangents, messages: what flows; the messages by the number of the node.
    """

    def __init__(self, graph: Chain, upstream: Sequence[Array | None], done: Sequence[Edit] = ()) -> None:
        self.chain = graph
        self.upstream = tuple(upstream)
        self.done = tuple(done)
        self.messages: dict[int, Messages] = {}
        self.seeds = graph.seeds(upstream)
        self._changes = self._with_changes({}, done)

        def seen(step: GraphStep, messages: Messages) -> None:
            self.messages[step.index] = messages

        self.cotangents = graph.pull(self.seeds, self._changes, seen)

    def on_top_of(self, edits: Sequence[Edit]) -> Editor:
        """The same with further edits done."""
        return Editor(self.chain, self.upstream, (*self.done, *edits))

    @cached_property
    def right(self) -> dict[str, Array]:
        """The gradients with what is done: the right ones where that is nothing."""
        return self.chain.of_inputs(self.cotangents)

    def largest_term(self, name: str) -> float:
        """Of the terms that a gradient is the sum of: what its rounding is measured by, as they may cancel."""
        ref = self.chain.inputs[name]
        terms = [
            message
            for index, messages in self.messages.items()
            for operand, message in zip(self.chain.steps[index].operands, messages, strict=True)
            if operand == ref and message is not None and message.numel()
        ]
        return max((float(term.abs().max()) for term in terms), default=0.0)

    def effect(self, edit: Edit) -> Effect | None:
        """What it changes; None where it has no meaning here, or changes nothing.

        An edit of one sample may have none in the sizes of another: what fitted there by chance does not fit here.
        """
        try:
            return self._effect(edit)
        except (RuntimeError, IndexError):
            return None

    def _effect(self, edit: Edit) -> Effect | None:
        if edit.kind == "value":
            return self._with_value(edit)
        if edit.kind == "diagonal" and edit.operand < 0:
            deltas = self._block_diagonal(edit)
        elif edit.kind == "upstream":
            seeds = self._other_seeds(edit)
            deltas = None if seeds is None else {ref: seeds[ref] - seed for ref, seed in self.seeds.items()}
        else:
            deltas = self._deltas(edit)
        if not deltas or not any(bool(delta.any()) for delta in deltas.values()):
            return None
        pulled = self.chain.pull(deltas, self._changes)
        added = {name: as_numpy(pulled[ref]) for name, ref in self.chain.inputs.items() if ref in pulled}
        added = {name: array for name, array in added.items() if array.any()}
        return Effect(edit, added) if added else None

    def gradients(self, edits: Sequence[Edit]) -> dict[str, Array] | None:
        """The gradients with several edits at once; None where one of them has no meaning here."""
        seeds: Cotangents | None = self.seeds
        inside = []
        for edit in edits:
            if edit.kind == "upstream":
                seeds = self._other_seeds(edit)
            elif self._deltas(edit) is None:
                return None
            else:
                inside.append(edit)
        if seeds is None:
            return None
        return self.chain.of_inputs(self.chain.pull(seeds, self._with_changes(self._changes, inside)))

    def neutral(self) -> tuple[Edit, ...]:
        """The paths that add nothing to any gradient, as that through the maximum in a softmax.

        Whoever derives by hand leaves them out, so a slip elsewhere is a slip without them.
        """
        found = []
        scale = max((abs(array).max(initial=0) for array in self.right.values()), default=0)
        for index, messages in self.messages.items():
            for operand, message in enumerate(messages):
                if message is None:
                    continue
                edit = Edit("cut", index, operand)
                effect = self.effect(edit)
                if effect is None or all(abs(array).max() <= _NOTHING * scale for array in effect.added.values()):
                    found.append(edit)
        return tuple(found)

    def _with_changes(self, changes: Mapping[int, Change], edits: Sequence[Edit]) -> dict[int, Change]:
        found = dict(changes)
        for edit in edits:
            found[edit.node] = _after(found.get(edit.node), self.change(edit))
        return found

    def change(self, edit: Edit) -> Change:
        """What an edit does to the messages of its node."""

        def change(step: GraphStep, given: dict[int, torch.Tensor], messages: Messages) -> Messages:
            other = self._wrong(edit, step, given, messages)
            return messages if other is None else other

        return change

    def _wrong(
        self, edit: Edit, step: GraphStep, given: dict[int, torch.Tensor], messages: Messages
    ) -> Messages | None:
        if edit.kind != "given":
            return wrong_messages(self.chain, edit, step, given, messages)
        seed = self.seeds.get(Ref(*(int(number) for number in edit.detail)))
        if seed is None or 0 not in given or seed.shape != given[0].shape:
            return None
        other = step.messages({0: seed})[edit.operand]
        return (*messages[: edit.operand], other, *messages[edit.operand + 1 :])

    def _deltas(self, edit: Edit) -> Cotangents | None:
        step = self.chain.steps[edit.node]
        messages = self.messages.get(edit.node)
        if messages is None or edit.kind == "value" or (edit.kind == "diagonal" and edit.operand < 0):
            return None
        other = self._wrong(edit, step, self._given(step), messages)
        if other is None:
            return None
        found: Cotangents = {}
        for ref, right, wrong in zip(step.operands, messages, other, strict=True):
            if right is not None and wrong is not None and wrong is not right:
                found[ref] = found.get(ref, torch.zeros_like(right)) + (wrong - right)
        return found

    def _given(self, step: GraphStep) -> dict[int, torch.Tensor]:
        refs = {number: Ref(step.index, number) for number in range(len(step.outputs))}
        return {number: self.cotangents[ref] for number, ref in refs.items() if ref in self.cotangents}

    def _with_value(self, edit: Edit) -> Effect | None:
        """All gradients with another chain: nothing of it is linear in what is changed."""
        how, *detail = edit.detail
        ref = Ref(edit.node, 0)
        tensor = values.taken_for(self.chain, ref, tuple(detail))
        now = self.chain.value(ref)
        if tensor is None or tensor.shape != now.shape or torch.equal(tensor, now):
            return None
        other = self.chain.with_value(ref, tensor, follows=how == "from there on")
        pulled = other.of_inputs(other.pull(self.seeds, self._changes))
        added = {name: array - self.right[name] for name, array in pulled.items()}
        added = {name: array for name, array in added.items() if array.any()}
        return Effect(edit, added) if added else None

    def _other_seeds(self, edit: Edit) -> Cotangents | None:
        ref = self.chain.recording.outputs[edit.node]
        if ref is None or ref not in self.seeds:
            return None
        seed = self.seeds[ref]
        if edit.detail[0] == "the output":
            other: torch.Tensor | None = self.chain.value(ref)
        elif edit.detail[0] == "ones":
            other = torch.ones_like(seed)
        elif edit.detail[0] == "zeros":
            other = torch.zeros_like(seed)
        else:
            other = transforms.transformed(seed, edit.detail)
        return None if other is None else {**self.seeds, ref: other}

    def _block_diagonal(self, edit: Edit) -> Cotangents | None:
        output, *source = (int(number) for number in edit.detail)
        target, origin = Ref(edit.node, output), Ref(*source)
        return blocks.block_diagonal(self.chain, self.cotangents, self._changes, target, origin)


def _after(first: Change | None, second: Change) -> Change:
    if first is None:
        return second

    def both(step: GraphStep, given: dict[int, torch.Tensor], messages: Messages) -> Messages:
        return second(step, given, first(step, given, messages))

    return both
