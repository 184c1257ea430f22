"""What a right backward gives after one slip: a path that is not followed, a factor forgotten, another array taken.

Every edit changes the messages of one node (see `chain`), what is handed in at the outputs, or what the node itself
computes. Which of them is the user's is decided elsewhere, by numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Literal

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import CONSTANT, INPUT, Node, Recording, Ref
from gradcheck_cli.oracles.graph import slips, transforms, values
from gradcheck_cli.oracles.graph.chain import Chain, Change, Cotangents, Messages, Step
from gradcheck_cli.oracles.graph.recorder import as_numpy

Kind = Literal[
    "cut",
    "constant",
    "own",
    "slip",
    "saved",
    "factor",
    "value",
    "message",
    "weighed",
    "setting",
    "upstream",
    "diagonal",
    "last wins",
]
"""What an edit does.

cut: the node hands nothing to the operand. constant: the value is taken for a constant, nothing flows on from it.
own: the node's own derivative is left out, what it is given is handed on. slip: another derivative of the same
operation. saved: another array than the one that was kept. factor: its message times or over a value. value: what the
node computed is taken for something else wherever the derivative needs it. message: its message, rearranged. weighed:
the same of the message times the value, as formulas have it that are written in terms of what the forward returned.
setting: another constant of the operation. upstream: something else than G. diagonal: what an entry of the operand
does to the same entry of the result alone; without an operand, of a value and a later one. last wins: of several terms
for one entry, the last.
"""
# Of the largest entry: what is left of a sum whose terms cancel.
_NOTHING = 1e-11
# More arrays of one shape than a person could mix up are not tried in each other's place.
_MOST_SWAPS = 24


@dataclass(frozen=True)
class Edit:
    """One slip.

    Attributes:
        kind: see `Kind`.
        node: whose messages it changes; of "upstream" the number of the output.
        operand: which of its messages; -1 for all.
        detail: which slip, transform, array or setting.
    """

    kind: Kind
    node: int
    operand: int = -1
    detail: tuple[str | int | float | bool, ...] = ()


@dataclass(frozen=True, eq=False)
class Effect:
    """What an edit adds to the right gradient of each input; inputs that it leaves alone are not there."""

    edit: Edit
    added: dict[str, Array]


class Editor:
    """A chain with its messages, and every edit of it.

    Attributes:
        chain: of the forward.
        upstream: what is handed in at its outputs.
        done: edits that hold already, so that others come on top of them. All of them linear.
    """

    def __init__(self, graph: Chain, upstream: Sequence[Array | None], done: Sequence[Edit] = ()) -> None:
        self.chain = graph
        self.upstream = tuple(upstream)
        self.done = tuple(done)
        self._messages: dict[int, Messages] = {}
        self._seeds = graph.seeds(upstream)
        self._changes = self._with_changes({}, done)

        def seen(step: Step, messages: Messages) -> None:
            self._messages[step.index] = messages

        self._cotangents = graph.pull(self._seeds, self._changes, seen)

    def on_top_of(self, edits: Sequence[Edit]) -> Editor:
        """The same with further edits done."""
        return Editor(self.chain, self.upstream, (*self.done, *edits))

    @cached_property
    def right(self) -> dict[str, Array]:
        """The gradients with what is done: the right ones where that is nothing."""
        return self.chain.of_inputs(self._cotangents)

    def edits(self) -> tuple[Iterator[Edit], ...]:
        """All of them in stages, the plainer first: a later stage is asked where no edit of an earlier one explains."""
        return (
            chain(self._upstreams(), self._of_each(self._plain), self._of_each(self._settings)),
            chain(self._of_each(self._values), self._of_each(self._swaps), self._of_each(self._ends)),
            chain(self._block_diagonals(), self._of_each(self._rearranged), self._other_upstreams()),
            self._of_each(self._factors),
        )

    def _of_each(self, edits: Callable[[Step], Iterator[Edit]]) -> Iterator[Edit]:
        for index in sorted(self._messages):
            yield from edits(self.chain.steps[index])

    def effect(self, edit: Edit) -> Effect | None:
        """What it changes; None where it has no meaning here, or changes nothing."""
        if edit.kind == "value":
            return self._with_value(edit)
        if edit.kind == "diagonal" and edit.operand < 0:
            deltas = self._block_diagonal(edit)
        elif edit.kind == "upstream":
            seeds = self._other_seeds(edit)
            deltas = None if seeds is None else {ref: seeds[ref] - seed for ref, seed in self._seeds.items()}
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
        seeds: Cotangents | None = self._seeds
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
        for index, messages in self._messages.items():
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

        def change(step: Step, given: dict[int, torch.Tensor], messages: Messages) -> Messages:
            other = self._other(edit, step, given, messages)
            return messages if other is None else other

        return change

    def _deltas(self, edit: Edit) -> Cotangents | None:
        step = self.chain.steps[edit.node]
        messages = self._messages.get(edit.node)
        if messages is None or edit.kind == "value" or (edit.kind == "diagonal" and edit.operand < 0):
            return None
        other = self._other(edit, step, self._given(step), messages)
        if other is None:
            return None
        found: Cotangents = {}
        for ref, right, wrong in zip(step.operands, messages, other, strict=True):
            if right is not None and wrong is not None and wrong is not right:
                found[ref] = found.get(ref, torch.zeros_like(right)) + (wrong - right)
        return found

    def _given(self, step: Step) -> dict[int, torch.Tensor]:
        refs = {number: Ref(step.index, number) for number in range(len(step.outputs))}
        return {number: self._cotangents[ref] for number, ref in refs.items() if ref in self._cotangents}

    def _other(self, edit: Edit, step: Step, given: dict[int, torch.Tensor], messages: Messages) -> Messages | None:
        """The wrong messages; None where the edit has no meaning."""
        if edit.kind == "constant":
            return tuple(None if part is None else torch.zeros_like(part) for part in messages)
        if edit.kind == "saved":
            return self._with_saved(edit, step, given)
        if edit.kind == "setting":
            return self._with_setting(edit, step, given)
        right = messages[edit.operand]
        if right is None:
            return None
        wrong = self._message(edit, step, given, right)
        if wrong is None or wrong.shape != right.shape:
            return None
        return (*messages[: edit.operand], wrong, *messages[edit.operand + 1 :])

    def _message(
        self, edit: Edit, step: Step, given: dict[int, torch.Tensor], right: torch.Tensor
    ) -> torch.Tensor | None:
        """The wrong message to one operand."""
        if edit.kind == "cut":
            return torch.zeros_like(right)
        if edit.kind == "message":
            return transforms.transformed(right, edit.detail)
        if edit.kind == "factor":
            return self._times(edit, right)
        if edit.kind == "weighed":
            return _weighed(right, step.value(edit.operand), edit.detail)
        if edit.kind == "diagonal":
            return _diagonal(step, edit.operand, given)
        if 0 not in given:
            return None
        if edit.kind == "last wins":
            return _last_wins(self.chain, step, edit.operand, given[0])
        if edit.kind == "slip":
            return slips.slipped(step, edit.operand, given[0], str(edit.detail[0]))
        return transforms.summed_to(given[0], right.shape)

    def _with_saved(self, edit: Edit, step: Step, given: dict[int, torch.Tensor]) -> Messages | None:
        slot, source, *rest = edit.detail
        kept = step.saved[int(slot)]
        if source == "transformed":
            other = transforms.transformed(kept, tuple(rest))
        else:
            other = self.chain.steps[int(source)].outputs[int(rest[0])]
        if other is None or other.shape != kept.shape:
            return None
        step.swapped = {int(slot): other.to(kept.dtype)}
        try:
            return step.messages(given)
        except RuntimeError:
            return None
        finally:
            step.swapped = {}

    def _with_setting(self, edit: Edit, step: Step, given: dict[int, torch.Tensor]) -> Messages | None:
        position, value = edit.detail
        operands = (*step.node.operands[: int(position)], value, *step.node.operands[int(position) + 1 :])
        try:
            other = self.chain._step(step.index, replace(step.node, operands=operands))
            if [part.shape for part in other.outputs] != [part.shape for part in step.outputs]:
                return None
            return other.messages(given)
        except (RuntimeError, IndexError, TypeError):
            return None

    def _times(self, edit: Edit, right: torch.Tensor) -> torch.Tensor | None:
        how, node, output = edit.detail
        factor = self.chain.value(Ref(int(node), int(output)))
        return right * factor if how == "times" else right / factor

    def _with_value(self, edit: Edit) -> Effect | None:
        """All gradients with another chain: nothing of it is linear in what is changed."""
        how, *detail = edit.detail
        ref = Ref(edit.node, 0)
        tensor = values.taken_for(self.chain, ref, tuple(detail))
        if tensor is None or torch.equal(tensor, self.chain.value(ref)):
            return None
        try:
            other = self.chain.with_value(ref, tensor, follows=how == "from there on")
        except (RuntimeError, IndexError):
            return None
        pulled = other.of_inputs(other.pull(self._seeds, self._changes))
        added = {name: array - self.right[name] for name, array in pulled.items()}
        added = {name: array for name, array in added.items() if array.any()}
        return Effect(edit, added) if added else None

    def _values(self, step: Step) -> Iterator[Edit]:
        for detail in values.details(self.chain, Ref(step.index)):
            for how in ("from there on", "where it is used"):
                yield Edit("value", step.index, -1, (how, *detail))

    def _factors(self, step: Step) -> Iterator[Edit]:
        for operand, message in enumerate(self._messages[step.index]):
            if message is None or message.dim() == 0:
                continue
            for ref in self._spread_over(message):
                yield Edit("factor", step.index, operand, ("times", ref.node, ref.output))
                if bool((self.chain.value(ref) != 0).all()):
                    yield Edit("factor", step.index, operand, ("over", ref.node, ref.output))

    def _spread_over(self, message: torch.Tensor) -> list[Ref]:
        """The values that a message can be multiplied by without becoming larger: given ones first."""
        found: list[Ref] = []
        for step in self.chain.steps:
            output = step.outputs[0]
            if not isinstance(output, torch.Tensor) or not output.is_floating_point() or output.numel() < 2:
                continue
            if transforms.summed_to(message, output.shape) is not None:
                found.append(Ref(step.index))
        return found[:_MOST_SWAPS]

    def _other_seeds(self, edit: Edit) -> Cotangents | None:
        ref = self.chain.recording.outputs[edit.node]
        if ref is None or ref not in self._seeds:
            return None
        seed = self._seeds[ref]
        if edit.detail[0] == "the output":
            other: torch.Tensor | None = self.chain.value(ref)
        elif edit.detail[0] == "ones":
            other = torch.ones_like(seed)
        else:
            other = transforms.transformed(seed, edit.detail)
        return None if other is None else {**self._seeds, ref: other}

    def _upstreams(self) -> Iterator[Edit]:
        for number, ref in enumerate(self.chain.recording.outputs):
            if ref in self._seeds:
                yield Edit("upstream", number, -1, ("ones",))
                yield Edit("upstream", number, -1, ("the output",))
                for detail in transforms.details(self._seeds[ref]):
                    if detail[0] in transforms.PLAIN:
                        yield Edit("upstream", number, -1, detail)

    def _other_upstreams(self) -> Iterator[Edit]:
        for number, ref in enumerate(self.chain.recording.outputs):
            for detail in transforms.details(self._seeds[ref]) if ref in self._seeds else ():
                if detail[0] not in transforms.PLAIN:
                    yield Edit("upstream", number, -1, detail)

    def _plain(self, step: Step) -> Iterator[Edit]:
        if sum(message is not None for message in self._messages[step.index]) > 1:
            yield Edit("constant", step.index)
        for operand, message in enumerate(self._messages[step.index]):
            if message is None:
                continue
            yield Edit("cut", step.index, operand)
            yield Edit("own", step.index, operand)
            for name in slips.names(step, operand):
                yield Edit("slip", step.index, operand, (name,))

    def _settings(self, step: Step) -> Iterator[Edit]:
        for position, value in slips.settings(step.node):
            yield Edit("setting", step.index, -1, (position, value))

    def _swaps(self, step: Step) -> Iterator[Edit]:
        for slot, kept in enumerate(step.saved):
            if not kept.is_floating_point() or kept.dim() == 0:
                continue
            for detail in transforms.details(kept):
                if detail[0] in transforms.OF_SAVED:
                    yield Edit("saved", step.index, -1, (slot, "transformed", *detail))
            for ref in self._alike(kept)[:_MOST_SWAPS]:
                yield Edit("saved", step.index, -1, (slot, ref.node, ref.output))

    def _alike(self, kept: torch.Tensor) -> list[Ref]:
        """The other values of the same shape, inputs first."""
        found: list[Ref] = []
        for step in self.chain.steps:
            for number, output in enumerate(step.outputs):
                is_alike = isinstance(output, torch.Tensor) and output.shape == kept.shape
                if is_alike and output.is_floating_point() and not torch.equal(output, kept):
                    found.append(Ref(step.index, number))
        return found

    def _ends(self, step: Step) -> Iterator[Edit]:
        """What is done to a gradient at last, and what one operation has of its own."""
        ends = set(self.chain.inputs.values())
        for operand, message in enumerate(self._messages[step.index]):
            if message is None:
                continue
            if _mixes(step, operand):
                yield Edit("diagonal", step.index, operand)
            if _picks(step):
                yield Edit("last wins", step.index, operand)
            for detail in transforms.details(message) if step.operands[operand] in ends else ():
                yield Edit("message", step.index, operand, detail)

    def _rearranged(self, step: Step) -> Iterator[Edit]:
        ends = set(self.chain.inputs.values())
        for operand, message in enumerate(self._messages[step.index]):
            for detail in () if message is None else transforms.details(message):
                if step.operands[operand] not in ends:
                    yield Edit("message", step.index, operand, detail)
                if detail[0] in transforms.OF_WEIGHED:
                    yield Edit("weighed", step.index, operand, detail)

    def _block_diagonals(self) -> Iterator[Edit]:
        """From a value to a later one of its shape, the outermost first: a softmax is often written out."""
        values = [ref for ref in self._cotangents if 1 < self.chain.value(ref).numel() <= _MOST_OF_BLOCK]
        values.sort(key=lambda ref: (ref.node, ref.output))
        pairs = [
            (source, target)
            for source in values
            for target in reversed(values)
            if source.node < target.node and self.chain.value(source).shape == self.chain.value(target).shape
        ]
        for source, target in pairs[:_MOST_BLOCKS]:
            yield Edit("diagonal", target.node, -1, (target.output, source.node, source.output))

    def _block_diagonal(self, edit: Edit) -> Cotangents | None:
        """What an entry of a value does to the same entry of a later one, alone."""
        output, *source = (int(number) for number in edit.detail)
        target, origin = Ref(edit.node, output), Ref(*source)
        seed = self._cotangents[target]
        right = self.chain.pull({target: seed}, self._changes).get(origin)
        if right is None:
            return None
        found = torch.zeros_like(seed).reshape(-1)
        for entry in range(found.numel()):
            one = torch.zeros_like(found)
            one[entry] = 1
            pulled = self.chain.pull({target: one.reshape(seed.shape)}, self._changes).get(origin)
            if pulled is None:
                return None
            found[entry] = pulled.reshape(-1)[entry]
            if entry == 0 and not pulled.reshape(-1)[1:].any():
                return None  # nothing is mixed here
        return {origin: found.reshape(seed.shape) * seed - right}


def same_operations(one: Recording, other: Recording) -> bool:
    """Whether two samples made the forward do the same things, so that an edit of one is an edit of the other."""
    return [(node.op, list(node.refs())) for node in one.nodes] == [
        (node.op, list(node.refs())) for node in other.nodes
    ]


def is_computed(node: Node) -> bool:
    """Neither given nor constant."""
    return node.op not in (INPUT, CONSTANT)


def _after(first: Change | None, second: Change) -> Change:
    if first is None:
        return second

    def both(step: Step, given: dict[int, torch.Tensor], messages: Messages) -> Messages:
        return second(step, given, first(step, given, messages))

    return both


# A Jacobian's diagonal takes one derivative for each entry: of one node, of all between two values.
_MOST_ENTRIES = 256
_MOST_OF_BLOCK = 64
_MOST_BLOCKS = 24


def _mixes(step: Step, operand: int) -> bool:
    """Whether an entry of the result depends on other entries of the operand than its own."""
    value = step.value(operand)
    is_square = len(step.outputs) == 1 and step.outputs[0].shape == value.shape
    if not is_square or not 1 < value.numel() <= _MOST_ENTRIES:
        return False
    one = torch.zeros_like(value)
    one.view(-1)[0] = 1
    message = step.messages({0: one})[operand]
    return message is not None and bool(message.reshape(-1)[1:].any())


def _weighed(right: torch.Tensor, value: torch.Tensor, detail: transforms.Detail) -> torch.Tensor | None:
    """What a transform makes of the message times the value, divided by the value again."""
    if not bool((value != 0).all()):
        return None
    other = transforms.transformed(right * value, detail)
    return None if other is None else other / value


# Operations whose result is made of entries of their operand.
_PICKING = ("aten.index.", "aten.index_select.", "aten.gather.", "aten.embedding.", "aten.take.", "aten.as_strided.")


def _picks(step: Step) -> bool:
    return step.node.op.startswith((*_PICKING, "aten.unfold.", "aten.im2col.", "aten.max_pool2d_with_indices."))


def _last_wins(chain: Chain, step: Step, operand: int, given: torch.Tensor) -> torch.Tensor:
    """The message if each entry of the operand took the last of its terms, in the order of the result."""
    value = step.value(operand)
    if step.node.op.startswith("aten.max_pool2d"):
        planes = torch.arange(value.shape[:-2].numel()).reshape(*value.shape[:-2], 1, 1)
        sources = step.outputs[1] + planes * value.shape[-2:].numel()
    else:
        numbered = torch.arange(1, value.numel() + 1, dtype=value.dtype).reshape(value.shape)
        picked = chain.replay.result(step.node, lambda ref: numbered if ref == step.operands[0] else chain.value(ref))
        sources = picked[0].long() - 1  # what was padded comes out as -1
    found = torch.zeros(value.numel(), dtype=value.dtype)
    for source, term in zip(sources.reshape(-1).tolist(), given.reshape(-1).tolist(), strict=True):
        if source >= 0:
            found[source] = term
    return found.reshape(value.shape)


def _diagonal(step: Step, operand: int, given: dict[int, torch.Tensor]) -> torch.Tensor | None:
    if 0 not in given:
        return None
    found = torch.zeros_like(given[0]).reshape(-1)
    for entry in range(found.numel()):
        one = torch.zeros_like(found)
        one[entry] = 1
        message = step.messages({0: one.reshape(given[0].shape)})[operand]
        found[entry] = 0 if message is None else message.reshape(-1)[entry]
    return found.reshape(given[0].shape) * given[0]
