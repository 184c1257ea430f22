"""A vector that holds several matrices one behind the other: `Theta1 = params[:k].reshape(h, d + 1)`.

How long it is follows from the code alone: it is tried with one that is too long, and what numpy says of the last part
tells by how much.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.inputs.lengths_said import reshaped
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# More numbers than any small network has; no product of small lengths, so that it is reshaped to nothing.
TOO_LONG = 10_007
UNROLLED = str(TOO_LONG)
_WORDS = word_set("params parameters theta thetas weights unrolled vector flat vec w")


def is_unrolled(source: str, name: str) -> bool:
    """Does the code take slices of a parameter and give them shapes?"""
    sliced = re.search(rf"\b{re.escape(name)}\s*\[[^\]]*:", source)
    return bool(sliced) and "reshape" in source and bool(set(tokens(name)) & _WORDS)


def in_length(choice: ProposalChoice, error: ValueError) -> ProposalChoice | None:
    """The choice with its vector as long as its last part needs it; None where the error is about something else."""
    lengths = reshaped(error)
    name = _unrolled_of(choice)
    if not lengths or not name:
        return None
    left, wanted = lengths
    length = TOO_LONG - left + wanted
    return {**choice, name: replace(choice[name], axes=str(length))} if 0 < length < TOO_LONG else None


def _unrolled_of(choice: ProposalChoice) -> str:
    return next((name for name, proposal in choice.items() if proposal.axes == UNROLLED), "")
