"""Parts of a graph that mix entries: what an entry does to its own alone, and entries that are picked several times."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph import slips
from gradcheck_cli.oracles.graph.chain import Chain, ChainChange, Cotangents, GraphStep, Jump
from gradcheck_cli.oracles.graph.edits import Edit

# A Jacobian's diagonal takes one derivative for each entry: of one node, of all between two values.
_MOST_ENTRIES = 256
MOST_OF_BLOCK = 64
# What becomes of a Jacobian: of its diagonal, and of all of it.
JACOBIANS = ("alone", "turned", "left out", "as it is")


def mixes(step: GraphStep, operand: int) -> bool:
    """Whether an entry of the result depends on other entries of the operand than its own."""
    value = step.value(operand)
    is_square = len(step.outputs) == 1 and step.outputs[0].shape == value.shape
    if not is_square or not 1 < value.numel() <= _MOST_ENTRIES:
        return False
    one = torch.zeros(value.numel(), dtype=value.dtype)
    one[0] = 1
    message = step.messages({0: one.reshape(value.shape)})[operand]
    return message is not None and bool(message.reshape(-1)[1:].any())


def diagonal(step: GraphStep, operand: int, given: dict[int, torch.Tensor]) -> torch.Tensor | None:
    """The message of a node whose Jacobian had nothing but its diagonal."""
    if 0 not in given:
        return None
    found = torch.zeros_like(given[0]).reshape(-1)
    for entry in range(found.numel()):
        one = torch.zeros_like(found)
        one[entry] = 1
        message = step.messages({0: one.reshape(given[0].shape)})[operand]
        found[entry] = 0 if message is None else message.reshape(-1)[entry]
    return found.reshape(given[0].shape) * given[0]


def jump_of(chain: Chain, changes: Mapping[int, ChainChange], edit: Edit) -> Jump:
    """What an edit of a block does: from what comes to its later value, straight to its earlier one."""
    if edit.kind == "exchanged":
        return _exchange(chain, edit)
    output, node, number, *detail = edit.detail
    target, origin = Ref(edit.node, int(output)), Ref(int(node), int(number))

    def jump(cotangents: Cotangents) -> Cotangents:
        seed = cotangents.get(target)
        right = None if seed is None else chain.pull({target: seed}, changes).get(origin)
        if seed is None or right is None:
            return {}
        if edit.kind == "own":
            wrong: torch.Tensor | None = seed
        elif edit.kind == "slip":
            wrong = slips.slipped_block(chain.value(origin), chain.value(target), seed, str(detail[0]))
        else:
            wrong = _by_jacobian(_jacobian(chain, changes, target, origin), seed, right, str(detail[0]))
        return {} if wrong is None or wrong.shape != right.shape else {origin: wrong - right}

    return jump


def _exchange(chain: Chain, edit: Edit) -> Jump:
    """Each of two parts of one array gets what comes to the other."""
    output, node, number = (int(part) for part in edit.detail)
    parts = Ref(edit.node, output), Ref(node, number)

    def jump(cotangents: Cotangents) -> Cotangents:
        one, other = (cotangents.get(part, torch.zeros_like(chain.value(part))) for part in parts)
        found: Cotangents = {}
        for part, delta in zip(parts, (other - one, one - other), strict=True):
            step = chain.steps[part.node]
            message = step.messages({part.output: delta})[0]
            ref = step.operands[0]
            if message is not None:
                found[ref] = found[ref] + message if ref in found else message
        return found

    return jump


def _by_jacobian(
    jacobian: torch.Tensor | None, seed: torch.Tensor, right: torch.Tensor, how: str
) -> torch.Tensor | None:
    """The wrong message that a Jacobian (entries of the later value, entries of the earlier one) was used for."""
    if jacobian is None:
        return None
    if how == "as it is":
        return (jacobian @ seed.reshape(-1)).reshape(seed.shape)
    own = jacobian.diagonal().reshape(seed.shape) * seed
    return own if how == "alone" else right - own if how == "left out" else right - 2 * own


def _jacobian(chain: Chain, changes: Mapping[int, ChainChange], target: Ref, origin: Ref) -> torch.Tensor | None:
    """What each entry of a value does to each of a later one; None where none does to others than its own."""
    value = chain.value(target)
    rows = []
    for entry in range(value.numel()):
        one = torch.zeros_like(value).reshape(-1)
        one[entry] = 1
        pulled = chain.pull({target: one.reshape(value.shape)}, changes).get(origin)
        if pulled is None or (entry == 0 and not pulled.reshape(-1)[1:].any()):
            return None
        rows.append(pulled.reshape(-1))
    return torch.stack(rows)


# Operations whose result is made of entries of their operand.
_PICKING = ("aten.index.", "aten.index_select.", "aten.gather.", "aten.embedding.", "aten.take.", "aten.as_strided.")


def picks(step: GraphStep) -> bool:
    """Whether the result is made of entries of the operand, each perhaps several times."""
    return step.node.op.startswith((*_PICKING, "aten.unfold.", "aten.im2col.", "aten.max_pool2d_with_indices."))


def last_wins(
    chain: Chain, step: GraphStep, operand: int, given: torch.Tensor, *, skips_zeros: bool = False
) -> torch.Tensor:
    """The message if each entry of the operand took the last of its terms, in the order of the result.

    Args:
        skips_zeros: of windows in which another entry is the largest nothing is written.
    """
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
        if source >= 0 and (term or not skips_zeros):
            found[source] = term
    return found.reshape(value.shape)
