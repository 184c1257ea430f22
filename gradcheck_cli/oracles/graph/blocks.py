"""Parts of a graph that mix entries: what an entry does to its own alone, and entries that are picked several times."""

from __future__ import annotations

import torch

from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph.chain import Chain, Change, Cotangents, Step

# A Jacobian's diagonal takes one derivative for each entry: of one node, of all between two values.
_MOST_ENTRIES = 256
MOST_OF_BLOCK = 64


def mixes(step: Step, operand: int) -> bool:
    """Whether an entry of the result depends on other entries of the operand than its own."""
    value = step.value(operand)
    is_square = len(step.outputs) == 1 and step.outputs[0].shape == value.shape
    if not is_square or not 1 < value.numel() <= _MOST_ENTRIES:
        return False
    one = torch.zeros(value.numel(), dtype=value.dtype)
    one[0] = 1
    message = step.messages({0: one.reshape(value.shape)})[operand]
    return message is not None and bool(message.reshape(-1)[1:].any())


def diagonal(step: Step, operand: int, given: dict[int, torch.Tensor]) -> torch.Tensor | None:
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


def block_diagonal(
    chain: Chain, cotangents: Cotangents, changes: dict[int, Change], target: Ref, origin: Ref
) -> Cotangents | None:
    """What an entry of a value does to the same entry of a later one, alone."""
    seed = cotangents[target]
    right = chain.pull({target: seed}, changes).get(origin)
    if right is None:
        return None
    found = torch.zeros_like(seed).reshape(-1)
    for entry in range(found.numel()):
        one = torch.zeros_like(found)
        one[entry] = 1
        pulled = chain.pull({target: one.reshape(seed.shape)}, changes).get(origin)
        if pulled is None:
            return None
        found[entry] = pulled.reshape(-1)[entry]
        if entry == 0 and not pulled.reshape(-1)[1:].any():
            return None  # nothing is mixed here
    return {origin: found.reshape(seed.shape) * seed - right}


# Operations whose result is made of entries of their operand.
_PICKING = ("aten.index.", "aten.index_select.", "aten.gather.", "aten.embedding.", "aten.take.", "aten.as_strided.")


def picks(step: Step) -> bool:
    """Whether the result is made of entries of the operand, each perhaps several times."""
    return step.node.op.startswith((*_PICKING, "aten.unfold.", "aten.im2col.", "aten.max_pool2d_with_indices."))


def last_wins(chain: Chain, step: Step, operand: int, given: torch.Tensor) -> torch.Tensor:
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
