"""The messages of one node after an edit."""

from __future__ import annotations

from dataclasses import replace

import torch

from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph import blocks, slips, transforms
from gradcheck_cli.oracles.graph.chain import Chain, GraphStep, Messages
from gradcheck_cli.oracles.graph.edits import Edit
from gradcheck_cli.oracles.graph.turns import NEIGHBOURS


def wrong_messages(
    chain: Chain, edit: Edit, step: GraphStep, given: dict[int, torch.Tensor], messages: Messages
) -> Messages | None:
    """The wrong messages; None where the edit has no meaning."""
    if edit.kind == "constant":
        return tuple(None if part is None else torch.zeros_like(part) for part in messages)
    if edit.kind == "saved":
        return _with_saved(chain, edit, step, given)
    if edit.kind == "setting":
        return _with_setting(chain, edit, step, given)
    right = messages[edit.operand]
    if right is None:
        return None
    wrong = _message(chain, edit, step, given, right)
    if wrong is None or wrong.shape != right.shape:
        return None
    return (*messages[: edit.operand], wrong, *messages[edit.operand + 1 :])


def _message(
    chain: Chain, edit: Edit, step: GraphStep, given: dict[int, torch.Tensor], right: torch.Tensor
) -> torch.Tensor | None:
    """The wrong message to one operand."""
    if edit.kind == "cut":
        return torch.zeros_like(right)
    if edit.kind == "message":
        return transforms.transformed(right, edit.detail)
    if edit.kind == "factor":
        return _times(chain, edit, right)
    if edit.kind == "weighed":
        return _weighed(right, step.value(edit.operand), edit.detail)
    if edit.kind == "diagonal":
        return blocks.diagonal(step, edit.operand, given)
    if 0 not in given:
        return None
    if edit.kind == "last wins":
        return blocks.last_wins(chain, step, edit.operand, given[0], skips_zeros=bool(edit.detail))
    if edit.kind == "slip":
        return slips.slipped(step, edit.operand, given[0], str(edit.detail[0]))
    return transforms.summed_to(given[0], right.shape)


def _with_saved(chain: Chain, edit: Edit, step: GraphStep, given: dict[int, torch.Tensor]) -> Messages | None:
    slot, source, *rest = edit.detail
    kept = step.saved[int(slot)]
    if source in NEIGHBOURS:
        other = _of_neighbour(chain, step, int(slot), str(source))
    elif source == "transformed":
        other = transforms.transformed(kept, tuple(rest))
    else:
        other = chain.steps[int(source)].outputs[int(rest[0])]
    if other is None or other.shape != kept.shape:
        return None
    step.swapped = {int(slot): other.to(kept.dtype)}
    try:
        return step.messages(given)
    except RuntimeError:
        return None
    finally:
        step.swapped = {}


def _of_neighbour(chain: Chain, step: GraphStep, slot: int, which: str) -> torch.Tensor | None:
    """What the same operation kept in the turn before or after; at an end what it kept itself."""
    turn = chain.turns.neighbour(step.index, which)
    saved = chain.steps[step.index if turn is None else turn].saved
    return saved[slot] if slot < len(saved) else None


def _with_setting(chain: Chain, edit: Edit, step: GraphStep, given: dict[int, torch.Tensor]) -> Messages | None:
    position, value = edit.detail
    operands = (*step.node.operands[: int(position)], value, *step.node.operands[int(position) + 1 :])
    try:
        other = chain.step_of(step.index, replace(step.node, operands=operands))
        if [part.shape for part in other.outputs] != [part.shape for part in step.outputs]:
            return None
        return other.messages(given)
    except (RuntimeError, IndexError, TypeError):
        return None


def _times(chain: Chain, edit: Edit, right: torch.Tensor) -> torch.Tensor | None:
    how, node, output = edit.detail
    factor = chain.value(Ref(int(node), int(output)))
    return right * factor if how == "times" else right / factor


def _weighed(right: torch.Tensor, value: torch.Tensor, detail: transforms.Detail) -> torch.Tensor | None:
    """What a transform makes of the message times the value, divided by the value again."""
    if not bool((value != 0).all()):
        return None
    other = transforms.transformed(right * value, detail)
    return None if other is None else other / value
