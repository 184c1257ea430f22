"""What a right backward gives after one slip: a path that is not followed, a factor forgotten, another array taken.

Every edit changes the messages of one node (see `chain`), what is handed in at the outputs, or what the node itself
computes. Which of them is the user's is decided elsewhere, by numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Recording, Ref

EditKind = Literal[
    "cut",
    "constant",
    "own",
    "slip",
    "saved",
    "factor",
    "value",
    "given",
    "message",
    "weighed",
    "setting",
    "upstream",
    "diagonal",
    "last wins",
    "exchanged",
]
"""What an edit does.

cut: the node hands nothing to the operand. constant: the value is taken for a constant, nothing flows on from it.
own: the node's own derivative is left out, what it is given is handed on; without an operand, that of all between a
value and a later one. slip: another derivative of the same operation, or of what is written out as several. saved:
another array than the one that was kept. factor: its message times or over a value. value: what the node computed is
taken for something else wherever the derivative needs it; of an input, what was given. given: its
message made of G, and not of what flows back to it. message: its message, rearranged. weighed:
the same of the message times the value, as formulas have it that are written in terms of what the forward returned.
setting: another constant of the operation. upstream: something else than G. diagonal: what an entry of the operand
does to the same entry of the result alone; without an operand, of a value and a later one. last wins: of several terms
for one entry, the last. exchanged: two parts of one array get what comes to each other.
"""
Which: TypeAlias = Literal["every", "first", "last", "all but the first", "all but the last"]
"""Which turns of a loop an edit changes."""


@dataclass(frozen=True)
class Edit:
    """One slip.

    Attributes:
        kind: see `EditKind`.
        node: whose messages it changes; of "upstream" the number of the output.
        operand: which of its messages; -1 for all.
        detail: which slip, transform, array or setting.
        turns: of an operation that is made several times, which of them; `node` is the first. None: of one node.
    """

    kind: EditKind
    node: int
    operand: int = -1
    detail: tuple[str | int | float | bool, ...] = ()
    turns: Which | None = None

    @property
    def is_of_block(self) -> bool:
        """Of all between a value and a later one, or of two parts of one: `node` and the detail say which."""
        return self.operand < 0 and self.kind in ("own", "slip", "diagonal", "exchanged")


@dataclass(frozen=True, eq=False)
class Effect:
    """What an edit adds to the right gradient of each input; inputs that it leaves alone are not there.

    Attributes:
        uses: the same by the uses of an input, where it has several: (node, operand) -> what comes to it that way.
    """

    edit: Edit
    added: dict[str, Array]
    uses: Mapping[str, Mapping[Ref, Array]] = field(default_factory=dict)


def same_operations(one: Recording, other: Recording) -> bool:
    """Whether two samples made the forward do the same things, so that an edit of one is an edit of the other."""
    return [(node.op, list(node.refs())) for node in one.nodes] == [
        (node.op, list(node.refs())) for node in other.nodes
    ]
