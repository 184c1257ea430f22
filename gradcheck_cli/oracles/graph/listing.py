"""Every edit of a graph, in stages, the plainer first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain as joined, combinations

import torch

from gradcheck_cli.model.recording import INPUT, Ref
from gradcheck_cli.oracles.graph import blocks, slips, transforms, values
from gradcheck_cli.oracles.graph.chain import GraphStep
from gradcheck_cli.oracles.graph.editor import Editor
from gradcheck_cli.oracles.graph.edits import Edit, Which
from gradcheck_cli.oracles.graph.turns import NEIGHBOURS, crossings, depends

# More arrays of one shape than a person could mix up are not tried in each other's place.
_MOST_SWAPS = 24
_MOST_BLOCKS = 24
# A recurrent cell has three or four gates; more parts of one array than these make too many pairs.
_MOST_PARTS = 8
# Operations that give a part of an array.
_PARTING = tuple(
    f"aten.{name}" for name in ("slice.", "select.", "split", "unsafe_split", "chunk.", "unbind.", "narrow.")
)
# Turns of which the terms may be forgotten.
_SOME: tuple[Which, ...] = ("first", "last", "all but the first", "all but the last")


class Listing:
    """The edits of an editor's graph."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._chain = editor.chain

    def stages(self) -> tuple[Iterator[Edit], ...]:
        """A later stage is asked where no edit of an earlier one explains."""
        return (
            joined(
                self._upstreams(),
                self._of_turns(),
                self._of_each(self._plain),
                self._of_each(self._settings),
                self._of_blocks(),
                self._exchanges(),
            ),
            joined(
                *(self._of_each(edits) for edits in (self._values, self._given, self._swaps, self._ends)),
                self._other_inputs(),
                self._other_indices(),
                self._swaps_in_turns(),
            ),
            joined(self._block_diagonals(), self._of_each(self._rearranged), self._other_upstreams()),
            self._of_each(self._factors),
        )

    def _of_each(self, edits: Callable[[GraphStep], Iterator[Edit]]) -> Iterator[Edit]:
        for index in sorted(self._editor.messages):
            step = self._chain.steps[index]
            if edits in (self._plain, self._swaps) or not _is_complex(step):
                yield from edits(step)

    def _upstreams(self) -> Iterator[Edit]:
        for number, ref in enumerate(self._chain.recording.outputs):
            if ref in self._editor.seeds:
                yield Edit("upstream", number, -1, ("ones",))
                if len(self._editor.seeds) > 1:
                    yield Edit("upstream", number, -1, ("zeros",))
                yield Edit("upstream", number, -1, ("the output",))
                for detail in transforms.details(self._editor.seeds[ref]):
                    if detail[0] in transforms.PLAIN:
                        yield Edit("upstream", number, -1, detail)

    def _other_upstreams(self) -> Iterator[Edit]:
        for number, ref in enumerate(self._chain.recording.outputs):
            for detail in transforms.details(self._editor.seeds[ref]) if ref in self._editor.seeds else ():
                if detail[0] not in transforms.PLAIN:
                    yield Edit("upstream", number, -1, detail)

    def _plain(self, step: GraphStep) -> Iterator[Edit]:
        if sum(message is not None for message in self._editor.messages[step.index]) > 1:
            yield Edit("constant", step.index)
        for operand, message in enumerate(self._editor.messages[step.index]):
            if message is None:
                continue
            yield Edit("cut", step.index, operand)
            yield Edit("own", step.index, operand)
            for name in () if _is_complex(step) else slips.names(step, operand):
                yield Edit("slip", step.index, operand, (name,))

    def _of_turns(self) -> Iterator[Edit]:
        """The plain slips of an operation that is made several times, each time; and terms that only one turn adds."""
        for group in self._chain.turns.groups:
            edits = list(self._plain(self._chain.steps[group[0]])) if self._flows(group) else []
            yield from (replace(edit, turns="every") for edit in edits)
            for edit in edits:
                if edit.kind == "cut":
                    yield from (replace(edit, turns=which) for which in _SOME)

    def _flows(self, group: Sequence[int]) -> bool:
        return all(index in self._editor.messages for index in group)

    def _of_blocks(self) -> Iterator[Edit]:
        """A function that is written out in several operations, from one value of the source to another."""
        crossing = [ref for ref in crossings(self._chain.recording) if ref in self._editor.cotangents]
        for target in crossing:
            for source in crossing:
                if source.node < target.node and self._is_between(source, target):
                    yield from self._of_block(source, target)

    def _of_block(self, source: Ref, target: Ref) -> Iterator[Edit]:
        detail = (target.output, source.node, source.output)
        edits = [Edit("own", target.node, -1, detail)]
        for name in slips.names_of_block(self._chain.value(source), self._chain.value(target)):
            edits.append(Edit("slip", target.node, -1, (*detail, name)))
        group = self._chain.turns.group(target.node)
        for edit in edits:
            if group[0] == target.node and self._flows(group) and len(group) > 1:
                yield replace(edit, turns="every")
            yield edit

    def _exchanges(self) -> Iterator[Edit]:
        """Two parts of one array, as the gates of a recurrent cell are."""
        for parts in self._parts().values():
            for one, other in combinations(parts[:_MOST_PARTS], 2):
                if self._chain.value(one).shape == self._chain.value(other).shape:
                    # The jump is made where both are known: at the earlier of two nodes.
                    edit = Edit("exchanged", one.node, -1, (one.output, other.node, other.output))
                    groups = [self._chain.turns.group(part.node) for part in (one, other)]
                    if groups[0][0] == one.node and 1 < len(groups[0]) == len(groups[1]) and self._flows(groups[0]):
                        yield replace(edit, turns="every")
                    yield edit

    def _parts(self) -> dict[Ref, list[Ref]]:
        """Array -> its parts, in order."""
        found: dict[Ref, list[Ref]] = {}
        for ref in sorted(self._editor.cotangents, key=lambda ref: (ref.node, ref.output)):
            step = self._chain.steps[ref.node]
            if step.node.op.startswith(_PARTING) and len(step.operands) == 1:
                found.setdefault(step.operands[0], []).append(ref)
        return found

    def _is_between(self, source: Ref, target: Ref) -> bool:
        """Of one shape, with several operations from the one to the other."""
        one, other = self._chain.value(source), self._chain.value(target)
        if one.shape != other.shape or not other.is_floating_point():
            return False
        nodes = self._chain.recording.nodes
        return source not in nodes[target.node].refs() and depends(self._chain.recording, target.node, source.node)

    def _swaps_in_turns(self) -> Iterator[Edit]:
        """Another array of the same turn, each time."""
        for group in self._chain.turns.groups:
            if not self._flows(group):
                continue
            for slot, kept in enumerate(self._chain.steps[group[0]].saved):
                if kept.is_floating_point():
                    yield from (Edit("saved", group[0], -1, (slot, turn), turns="every") for turn in NEIGHBOURS)
            for edit in self._swaps(self._chain.steps[group[0]]):
                beside = -1 if isinstance(edit.detail[1], str) else int(edit.detail[1])
                if beside < 0 or len(self._chain.turns.group(beside)) in (1, len(group)):
                    yield replace(edit, turns="every")

    def _settings(self, step: GraphStep) -> Iterator[Edit]:
        for position, value in slips.settings(step.node):
            yield Edit("setting", step.index, -1, (position, value))

    def _given(self, step: GraphStep) -> Iterator[Edit]:
        """G where something was multiplied to it on its way here."""
        for operand, message in enumerate(self._editor.messages[step.index]):
            for ref, seed in self._editor.seeds.items() if message is not None else ():
                if ref.node != step.index and seed.shape == step.outputs[0].shape:
                    yield Edit("given", step.index, operand, (ref.node, ref.output))

    def _other_inputs(self) -> Iterator[Edit]:
        """An input is taken for what the forward made of it: the output was kept in its place."""
        for ref in self._chain.inputs.values():
            for detail in values.details(self._chain, ref):
                yield Edit("value", ref.node, -1, ("from there on", *detail))

    def _other_indices(self) -> Iterator[Edit]:
        """Places by which values are picked are taken for others: groups by their sources, and not by their targets."""
        whole = [ref for ref in map(Ref, range(len(self._chain.steps))) if self._is_given_whole(ref)]
        for ref in whole:
            others = [other for other in whole if other != ref]
            alike = [other for other in others if self._chain.value(other).shape == self._chain.value(ref).shape]
            for other in alike:
                yield Edit("value", ref.node, -1, ("where it is used", "value", other.node, other.output))

    def _is_given_whole(self, ref: Ref) -> bool:
        step = self._chain.steps[ref.node]
        value = step.outputs[0] if step.node.op == INPUT else None
        return isinstance(value, torch.Tensor) and value.dtype in (torch.int64, torch.int32) and value.dim() > 0

    def _swaps(self, step: GraphStep) -> Iterator[Edit]:
        for slot, kept in enumerate(step.saved):
            if kept.is_complex():
                yield Edit("saved", step.index, -1, (slot, "transformed", "not conjugated"))
            if kept.dtype is torch.bool:
                yield Edit("saved", step.index, -1, (slot, "transformed", "turned round"))
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
        for step in self._chain.steps:
            for number, output in enumerate(step.outputs):
                is_alike = isinstance(output, torch.Tensor) and output.shape == kept.shape
                if is_alike and output.is_floating_point() and not torch.equal(output, kept):
                    found.append(Ref(step.index, number))
        return found

    def _ends(self, step: GraphStep) -> Iterator[Edit]:
        """What is done to a gradient at last, and what one operation has of its own."""
        ends = set(self._chain.inputs.values())
        for operand, message in enumerate(self._editor.messages[step.index]):
            if message is None:
                continue
            if blocks.mixes(step, operand):
                yield Edit("diagonal", step.index, operand)
            if blocks.picks(step):
                yield Edit("last wins", step.index, operand)
                yield Edit("last wins", step.index, operand, ("of those that are not 0",))
            for detail in transforms.details(message) if step.operands[operand] in ends else ():
                yield Edit("message", step.index, operand, detail)

    def _rearranged(self, step: GraphStep) -> Iterator[Edit]:
        ends = set(self._chain.inputs.values())
        for operand, message in enumerate(self._editor.messages[step.index]):
            for detail in () if message is None else transforms.details(message):
                if step.operands[operand] not in ends:
                    yield Edit("message", step.index, operand, detail)
                if detail[0] in transforms.OF_WEIGHED:
                    yield Edit("weighed", step.index, operand, detail)

    def _block_diagonals(self) -> Iterator[Edit]:
        """From a value to a later one of its shape, the outermost first: a softmax is often written out."""
        values = [ref for ref in self._editor.cotangents if 1 < self._chain.value(ref).numel() <= blocks.MOST_OF_BLOCK]
        values.sort(key=lambda ref: (ref.node, ref.output))
        pairs = [
            (source, target)
            for source in values
            for target in reversed(values)
            if source.node < target.node and self._chain.value(source).shape == self._chain.value(target).shape
        ]
        for source, target in pairs[:_MOST_BLOCKS]:
            for how in blocks.JACOBIANS:
                yield Edit("diagonal", target.node, -1, (target.output, source.node, source.output, how))

    def _values(self, step: GraphStep) -> Iterator[Edit]:
        for detail in values.details(self._chain, Ref(step.index)):
            for how in ("from there on", "where it is used"):
                yield Edit("value", step.index, -1, (how, *detail))

    def _factors(self, step: GraphStep) -> Iterator[Edit]:
        for operand, message in enumerate(self._editor.messages[step.index]):
            if message is None or message.dim() == 0:
                continue
            for ref in self._spread_over(message):
                yield Edit("factor", step.index, operand, ("times", ref.node, ref.output))
                if bool((self._chain.value(ref) != 0).all()):
                    yield Edit("factor", step.index, operand, ("over", ref.node, ref.output))

    def _spread_over(self, message: torch.Tensor) -> list[Ref]:
        """The values that a message can be multiplied by without becoming larger: given ones first."""
        found: list[Ref] = []
        for step in self._chain.steps:
            output = step.outputs[0]
            if not isinstance(output, torch.Tensor) or not output.is_floating_point() or output.numel() < 2:
                continue
            if transforms.summed_to(message, output.shape) is not None:
                found.append(Ref(step.index))
        return found[:_MOST_SWAPS]


def _is_complex(step: GraphStep) -> bool:
    """Of such numbers people mix up a conjugate, and lose a path; what else they do to an array is of real ones."""
    parts = (*step.outputs, *(step.value(operand) for operand in range(len(step.operands))))
    return any(isinstance(part, torch.Tensor) and part.is_complex() for part in parts)
