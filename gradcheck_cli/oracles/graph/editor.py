"""A graph of a forward with its right messages, and what an edit makes of the gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph import blocks, transforms, values
from gradcheck_cli.oracles.graph.chain import Chain, ChainChange, Cotangents, GraphStep, Jump, Messages
from gradcheck_cli.oracles.graph.edits import Edit, Effect
from gradcheck_cli.oracles.graph.tensors import as_numpy
from gradcheck_cli.oracles.graph.wrong_messages import wrong_messages

# Of the largest entry: what is left of a sum whose terms cancel.
_NOTHING = 1e-11
# The same numbers again.
_COPIES = frozenset(f"aten.{name}.default" for name in ("clone", "detach", "alias", "view", "_to_copy"))


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
        self._done = self._flow(done)

        def seen(step: GraphStep, messages: Messages) -> None:
            self.messages[step.index] = messages

        self.cotangents = graph.pull(self.seeds, self._done.changes, seen, self._done.jumps)

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
        if edit.turns:
            return self._of_turns(edit)
        if edit.is_of_block:
            jump = blocks.jump_of(self.chain, self._done.changes, edit)
            deltas: Cotangents | None = jump(self.cotangents)
        elif edit.kind == "upstream":
            seeds = self._other_seeds(edit)
            deltas = None if seeds is None else {ref: seeds[ref] - seed for ref, seed in self.seeds.items()}
        else:
            deltas = self._deltas(edit)
        if not deltas or not any(bool(delta.any()) for delta in deltas.values()):
            return None
        uses = _Uses(self.chain)
        if not edit.is_of_block and edit.kind != "upstream":
            uses.add_deltas(self.chain.steps[edit.node], deltas)
        pulled = self.chain.pull(deltas, self._done.changes, uses.see, self._done.jumps)
        added = {name: as_numpy(pulled[ref]) for name, ref in self.chain.inputs.items() if ref in pulled}
        return _effect(edit, added, uses)

    def _of_turns(self, edit: Edit) -> Effect | None:
        """All turns at once: what one of them changes comes to the next."""
        edits = self.chain.turns.each(edit)
        if len(edits) < 2 or any(not each.is_of_block and self._deltas(each) is None for each in edits):
            return None
        uses = _Uses(self.chain)
        flow = self._done.joined(self._flow(edits))
        gradients = self.chain.of_inputs(self.chain.pull(self.seeds, flow.changes, uses.see, flow.jumps))
        for index, messages in self.messages.items():
            uses.see(self.chain.steps[index], tuple(None if part is None else -part for part in messages))
        return _effect(edit, {name: array - self.right[name] for name, array in gradients.items()}, uses)

    def gradients(self, edits: Sequence[Edit]) -> dict[str, Array] | None:
        """The gradients with several edits at once; None where one of them has no meaning here."""
        seeds: Cotangents | None = self.seeds
        inside = []
        for edit in self._singles(edits):
            if edit.kind == "upstream":
                seeds = self._other_seeds(edit)
            elif not edit.is_of_block and self._deltas(edit) is None:
                return None
            else:
                inside.append(edit)
        if seeds is None:
            return None
        flow = self._done.joined(self._flow(inside))
        return self.chain.of_inputs(self.chain.pull(seeds, flow.changes, None, flow.jumps))

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

    def _singles(self, edits: Sequence[Edit]) -> list[Edit]:
        """Those of several turns one by one."""
        return [each for edit in edits for each in self.chain.turns.each(edit)]

    def _flow(self, edits: Sequence[Edit]) -> _Flow:
        """What edits do while a derivative is pulled back."""
        found = _Flow()
        for edit in self._singles(edits):
            if edit.is_of_block:
                done = {} if not self.messages else self._done.changes
                found = found.joined(_Flow({}, {edit.node: blocks.jump_of(self.chain, done, edit)}))
            else:
                found = found.joined(_Flow({edit.node: self.change(edit)}))
        return found

    def change(self, edit: Edit) -> ChainChange:
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
        if messages is None or edit.kind == "value" or edit.is_of_block:
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
        pulled = other.of_inputs(other.pull(self.seeds, self._done.changes, None, self._done.jumps))
        return _effect(edit, {name: array - self.right[name] for name, array in pulled.items()}, None)

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


@dataclass(frozen=True)
class _Flow:
    """What is done to what flows back: to the messages of nodes, and past them."""

    changes: Mapping[int, ChainChange] = field(default_factory=dict)
    jumps: Mapping[int, Jump] = field(default_factory=dict)

    def joined(self, other: _Flow) -> _Flow:
        """The other one's on top."""
        changes, jumps = dict(self.changes), dict(self.jumps)
        for node, change in other.changes.items():
            changes[node] = _after(changes.get(node), change)
        for node, jump in other.jumps.items():
            jumps[node] = _both(jumps.get(node), jump)
        return _Flow(changes, jumps)


class _Uses:
    """What comes to each input by each of its uses; those of one operation in several turns are one use."""

    def __init__(self, chain: Chain) -> None:
        self._turns = chain.turns
        self._names = {_used(chain, ref): name for name, ref in chain.inputs.items()}
        self._shapes = {name: chain.value(ref).shape for name, ref in chain.inputs.items()}
        self.found: dict[str, dict[Ref, torch.Tensor]] = {}

    def see(self, step: GraphStep, messages: Messages) -> None:
        """The messages of a node."""
        for operand, (ref, message) in enumerate(zip(step.operands, messages, strict=True)):
            if message is not None and ref in self._names:
                self._add(self._names[ref], Ref(self._turns.group(step.index)[0], operand), message)

    def add_deltas(self, step: GraphStep, deltas: Cotangents) -> None:
        """What an edit of a node itself adds to what it hands to inputs."""
        for operand, ref in enumerate(step.operands):
            if ref in self._names and ref in deltas and step.operands.count(ref) == 1:
                self._add(self._names[ref], Ref(self._turns.group(step.index)[0], operand), deltas[ref])

    def _add(self, name: str, use: Ref, message: torch.Tensor) -> None:
        mine = self.found.setdefault(name, {})
        mine[use] = mine[use] + message if use in mine else message

    def arrays(self, name: str) -> dict[Ref, Array]:
        """Of the inputs that have several, those that are not 0, in the shape of the input."""
        shape = self._shapes[name]
        mine = {use: as_numpy(part).reshape(shape) for use, part in self.found.get(name, {}).items()}
        mine = {use: array for use, array in mine.items() if array.any()}
        return mine if len(mine) > 1 else {}


def _used(chain: Chain, ref: Ref) -> Ref:
    """What the forward uses of an input: a copy of it, where it begins with one."""
    while len(users := chain.users[ref]) == 1 and chain.recording.nodes[users[0]].op in _COPIES:
        ref = Ref(users[0])
    return ref


def _effect(edit: Edit, added: Mapping[str, Array], uses: _Uses | None) -> Effect | None:
    """None where nothing is added to any gradient."""
    changed = {name: array for name, array in added.items() if array.any()}
    if not changed:
        return None
    ways = {} if uses is None else {name: found for name in changed if (found := uses.arrays(name))}
    return Effect(edit, changed, ways)


def _both(first: Jump | None, second: Jump) -> Jump:
    if first is None:
        return second

    def both(cotangents: Cotangents) -> Cotangents:
        found = first(cotangents)
        for ref, part in second(cotangents).items():
            found[ref] = found[ref] + part if ref in found else part
        return found

    return both


def _after(first: ChainChange | None, second: ChainChange) -> ChainChange:
    if first is None:
        return second

    def both(step: GraphStep, given: dict[int, torch.Tensor], messages: Messages) -> Messages:
        return second(step, given, first(step, given, messages))

    return both
