"""Operations of the source that a forward makes several times: in each turn of a loop, at each call of a helper.

Whoever gets such a line wrong in a backward that loops likewise gets it wrong each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd

from gradcheck_cli.model.recording import CONSTANT, INPUT, Recording, Ref, SourcePlace
from gradcheck_cli.oracles.graph.edits import Edit, Which

# Position in an edit's detail at which the number of a node stands, by the edit's kind.
_NODE_IN_DETAIL = {"saved": 1, "factor": 1, "own": 1, "slip": 1, "diagonal": 1, "exchanged": 1}


NEIGHBOURS = {"of the turn before": -1, "of the turn after": 1}
"""Which turn -> how far it is."""


@dataclass(frozen=True)
class Turns:
    """The operations of one recording, by the place of the source that they stand at."""

    recording: Recording

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The nodes of one operation of the source, in order, where there are several; the earliest first."""
        return tuple(sorted({group for group in self._group_of.values() if len(group) > 1}))

    def group(self, node: int) -> tuple[int, ...]:
        """All nodes of the operation that a node is; itself alone where it is made once."""
        return self._group_of.get(node, (node,))

    def neighbour(self, node: int, which: str) -> int | None:
        """The same operation in one of the `NEIGHBOURS` of its turn; None where there is none."""
        group = self.group(node)
        place = group.index(node) + NEIGHBOURS[which]
        return group[place] if 0 <= place < len(group) else None

    @cached_property
    def keys(self) -> tuple[object, ...]:
        """The operations without how often each is made: the same for two samples that loop a different number of
        times."""
        computed = (index for index, node in enumerate(self.recording.nodes) if node.op != CONSTANT)
        return tuple(dict.fromkeys(self._key(index) for index in computed))

    def each(self, edit: Edit) -> tuple[Edit, ...]:
        """The edits of single nodes that an edit of several turns is; itself where it is of one."""
        if not edit.turns:
            return (edit,)
        group = self.group(edit.node)
        return tuple(
            found for turn in _turns(edit.turns, len(group)) if (found := self._in_turn(edit, group, turn)) is not None
        )

    def there(self, edit: Edit, other: Turns) -> Edit | None:
        """The same edit of another recording; None where it has no such node."""
        if self.recording is other.recording or len(self.recording.nodes) == len(other.recording.nodes):
            return edit
        if edit.kind == "upstream":
            return edit
        node = self._node_there(edit.node, other)
        place = _NODE_IN_DETAIL.get(edit.kind)
        detail = edit.detail
        if place is not None and len(detail) > place and isinstance(detail[place], int):
            inner = self._node_there(int(detail[place]), other)
            if inner is None:
                return None
            detail = (*detail[:place], inner, *detail[place + 1 :])
        return None if node is None or edit.kind in _OF_VALUES else replace(edit, node=node, detail=detail)

    def use_there(self, use: Ref, other: Turns) -> Ref | None:
        """The same way into an input, in another recording."""
        node = self._node_there(use.node, other)
        return None if node is None else Ref(node, use.output)

    def _node_there(self, node: int, other: Turns) -> int | None:
        """Of an operation that is made several times, its first or its last."""
        group, wanted = self.group(node), other._by_key.get(self._key(node), ())
        if not wanted:
            return None
        if node == group[0]:
            return wanted[0]
        return wanted[-1] if node == group[-1] else None

    def _in_turn(self, edit: Edit, group: Sequence[int], turn: int) -> Edit | None:
        """The edit in one of the turns, what it names of the first turn shifted with it."""
        place = _NODE_IN_DETAIL.get(edit.kind)
        detail = edit.detail
        if place is not None and len(detail) > place and isinstance(detail[place], int):
            beside = self.group(int(detail[place]))
            if len(beside) == len(group):
                detail = (*detail[:place], beside[turn], *detail[place + 1 :])
            elif len(beside) > 1:
                return None
        return replace(edit, node=group[turn], detail=detail, turns=None)

    @cached_property
    def _by_key(self) -> dict[object, tuple[int, ...]]:
        found: dict[object, tuple[int, ...]] = {}
        for index in range(len(self.recording.nodes)):
            found.setdefault(self._key(index), self.group(index))
        return found

    def _key(self, index: int) -> object:
        node = self.recording.nodes[index]
        if node.op == INPUT:
            return node.name
        return self._keys.get(index, (node.op, index))

    @cached_property
    def _group_of(self) -> dict[int, tuple[int, ...]]:
        members: dict[object, list[int]] = {}
        for index, key in self._keys.items():
            members.setdefault(key, []).append(index)
        return {index: tuple(group) for group in members.values() for index in group}

    @cached_property
    def _keys(self) -> dict[int, object]:
        """Node -> place, operation, and which of those that stand there in one turn; none for what has no place."""
        at: dict[SourcePlace, list[int]] = {}
        for index, node in enumerate(self.recording.nodes):
            if node.place is not None and node.op not in (INPUT, CONSTANT):
                at.setdefault(node.place, []).append(index)
        return {index: key for place, nodes in at.items() for index, key in self._of_place(place, nodes)}

    def _of_place(self, place: SourcePlace, nodes: Sequence[int]) -> Iterator[tuple[int, object]]:
        """In one turn an expression may do an operation several times, as a standard deviation is made of others."""
        by_op: dict[str, list[int]] = {}
        for index in nodes:
            by_op.setdefault(self.recording.nodes[index].op, []).append(index)
        turns = gcd(*(len(found) for found in by_op.values() if len(found) > 1))
        for op, found in by_op.items():
            times = len(found) // turns if turns > 1 and len(found) > 1 else 1
            yield from ((index, (place, op, number % times)) for number, index in enumerate(found))


# A value is taken for another on the numbers of one sample.
_OF_VALUES = frozenset({"value", "given"})


def same_turns(one: Turns, other: Turns) -> bool:
    """Whether two samples made the forward do the same, each as often as its own sizes have it."""
    return set(one.keys) == set(other.keys)


def _turns(which: Which, count: int) -> range:
    return {
        "every": range(count),
        "first": range(1),
        "last": range(count - 1, count),
        "all but the first": range(1, count),
        "all but the last": range(count - 1),
    }[which]


def crossings(recording: Recording) -> list[Ref]:
    """The values that are more than a part of one expression: inputs, and what is used at another line or returned."""
    found = {Ref(index): None for index in recording.inputs.values()}
    for node in recording.nodes:
        for ref in node.refs():
            place = recording.nodes[ref.node].place
            if place is not None and (
                node.place is None or (place.file, place.line) != (node.place.file, node.place.line)
            ):
                found[ref] = None
    found.update({ref: None for ref in recording.outputs if ref is not None})
    return sorted(found, key=lambda ref: (ref.node, ref.output))


def depends(recording: Recording, node: int, on: int) -> bool:
    """Whether a node is computed from another, by whatever way."""
    reached = {on}
    for index in range(on + 1, node + 1):
        if any(ref.node in reached for ref in recording.nodes[index].refs()):
            reached.add(index)
    return node in reached
