"""What a right backward gives after one slip: a path that is not followed, a factor forgotten, another array taken.

Every edit changes the messages of one node (see `chain`), what is handed in at the outputs, or what the node itself
computes. Which of them is the user's is decided elsewhere, by numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Recording

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
]
"""What an edit does.

cut: the node hands nothing to the operand. constant: the value is taken for a constant, nothing flows on from it.
own: the node's own derivative is left out, what it is given is handed on. slip: another derivative of the same
operation. saved: another array than the one that was kept. factor: its message times or over a value. value: what the
node computed is taken for something else wherever the derivative needs it; of an input, what was given. given: its
message made of G, and not of what flows back to it. message: its message, rearranged. weighed:
the same of the message times the value, as formulas have it that are written in terms of what the forward returned.
setting: another constant of the operation. upstream: something else than G. diagonal: what an entry of the operand
does to the same entry of the result alone; without an operand, of a value and a later one. last wins: of several terms
for one entry, the last.
"""


@dataclass(frozen=True)
class Edit:
    """One slip.

    Attributes:
        kind: see `EditKind`.
        node: whose messages it changes; of "upstream" the number of the output.
        operand: which of its messages; -1 for all.
        detail: which slip, transform, array or setting.
    """

    kind: EditKind
    node: int
    operand: int = -1
    detail: tuple[str | int | float | bool, ...] = ()


@dataclass(frozen=True, eq=False)
class Effect:
    """What an edit adds to the right gradient of each input; inputs that it leaves alone are not there."""

    edit: Edit
    added: dict[str, Array]


def same_operations(one: Recording, other: Recording) -> bool:
    """Whether two samples made the forward do the same things, so that an edit of one is an edit of the other."""
    return [(node.op, list(node.refs())) for node in one.nodes] == [
        (node.op, list(node.refs())) for node in other.nodes
    ]
