"""A vector that holds several matrices one behind the other: `Theta1 = params[:k].reshape(h, d + 1)`.

How long it is follows from the code alone: it is tried with one that is too long, and what numpy says of the last part
tells by how much.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.inputs.lengths_said import lengths_said, reshaped
from gradcheck_cli.targets.functions.inputs.parameters import number_of_names
from gradcheck_cli.targets.functions.inputs.proposals import Proposal
from gradcheck_cli.targets.functions.spelling import tokens, word_set

# More numbers than any small network has; no product of small lengths, so that it is reshaped to nothing.
TOO_LONG = 10_007
UNROLLED = str(TOO_LONG)
_LENGTHS = word_set(
    "dimensions dimension dims dim sizes size layers layer shape shapes structure architecture units nodes"
)
# From the inputs to the outputs by way of one hidden layer.
_LAYERS = ("d m d", "d m v")
_WORDS = word_set("params parameters theta thetas weights unrolled vector flat flattened vec w")


def is_unrolled(source: str, name: str) -> bool:
    """Does the code give a parameter a shape, or slices of it?"""
    if "reshape" not in source or not set(tokens(name)) & _WORDS:
        return False
    handed_on, called = _handed_on(source), [name]
    for inner in called:  # what it is called where it is handed on too: `X, Theta = deserialize(params, nm, nf)`
        called += sorted(handed_on.get(inner, set()) - set(called))
    return any(_is_shaped(source, inner) for inner in called)


def _is_shaped(source: str, name: str) -> bool:
    called = re.escape(name)
    return bool(re.search(rf"\b{called}\s*\[[^\]]*:|\b{called}\.reshape\(|\breshape\({called},", source))


@lru_cache(maxsize=16)
def _handed_on(source: str) -> dict[str, set[str]]:
    """A name -> what the functions of the code call it that it is handed to."""
    tree = syntax.nodes_in(source)
    functions = {node.name: node.args.args for node in tree if isinstance(node, ast.FunctionDef)}
    found: dict[str, set[str]] = {}
    for call in (node for node in tree if isinstance(node, ast.Call)):
        for argument, parameter in zip(call.args, functions.get(getattr(call.func, "id", ""), []), strict=False):
            if isinstance(argument, ast.Name):
                found.setdefault(argument.id, set()).add(parameter.arg)
    return found


def lengths_beside(source: str, name: str, others: Sequence[str]) -> list[Proposal]:
    """What may be the lengths that a vector is cut by: `d, h, k = dimensions`, `sizes[0] * sizes[1]`; [] for none.

    As many outputs as inputs come before others: labels in the shape of the data are tried first.
    """
    is_taken_apart = number_of_names(source, name) or re.search(rf"\b{re.escape(name)}\s*\[", source)
    if (
        not is_taken_apart
        or not set(tokens(name)) & _LENGTHS
        or not any(is_unrolled(source, other) for other in others)
    ):
        return []
    return [Proposal("lengths", axes) for axes in _LAYERS]


def in_length(choice: ProposalChoice, error: ValueError) -> ProposalChoice | None:
    """The choice with its vector as long as its last part needs it; None where the error is about something else."""
    lengths = reshaped(error) or lengths_said(error)  # the last part may be added to something, as a bias is
    name = _unrolled_of(choice)
    if len(lengths) != 2 or not name:
        return None
    wanted, left = lengths if lengths[0] < lengths[1] else lengths[::-1]
    length = TOO_LONG - left + wanted
    return {**choice, name: replace(choice[name], axes=str(length))} if 0 < length < TOO_LONG else None


def shortest(choice: ProposalChoice, runs: Callable[[ProposalChoice], bool]) -> ProposalChoice | None:
    """The choice with its vector as short as the forward takes it: `b2 = params[k : k + h]` leaves the rest of a longer
    one unread; None where it has no vector that is too long, or nothing of it is read.

    Args:
        runs: does the forward end on a choice?
    """
    name = _unrolled_of(choice)
    if not name:
        return None
    too_short, long_enough = 1, TOO_LONG
    while long_enough - too_short > 1:
        length = (too_short + long_enough) // 2
        if runs({**choice, name: replace(choice[name], axes=str(length))}):
            long_enough = length
        else:
            too_short = length
    return {**choice, name: replace(choice[name], axes=str(long_enough))} if long_enough < TOO_LONG else None


def is_cut(choice: ProposalChoice) -> bool:
    """Does it hold lengths, and a vector as long as they were when it was found? With others only a part is read."""
    says_lengths = any(each.kind in ("length", "lengths") for each in choice.values())
    return says_lengths and any(each.axes.isdigit() for each in choice.values())


def is_too_long(choice: ProposalChoice) -> bool:
    """Does it hold a vector whose length is still to be found?"""
    return bool(_unrolled_of(choice))


def _unrolled_of(choice: ProposalChoice) -> str:
    return next((name for name, proposal in choice.items() if proposal.axes == UNROLLED), "")
