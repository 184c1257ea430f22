"""The second derivative of a recorded forward, as torch differentiates its own operations twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from gradcheck_cli.model import Array
from gradcheck_cli.oracles.graph.replay import Replay, like
from gradcheck_cli.oracles.graph.tensors import as_numpy, pulled_back


def second_derivatives(replay: Replay, upstream: Sequence[Array], directions: Mapping[str, Array]) -> dict[str, Array]:
    """Input name -> the derivative by it of sum(directions * gradients); zeros where nothing depends on it.

    Args:
        replay: of the forward.
        upstream: G, one for each output.
        directions: input name -> an array of its shape, by which its gradient is multiplied.
    """
    leaves = {name: leaf.requires_grad_(leaf.is_floating_point()) for name, leaf in replay.leaves().items()}
    asked = tuple(leaves[name] for name in directions)
    with torch.enable_grad():
        ran = replay.run(leaves)
        results = [None if ref is None else ran[ref.node][ref.output] for ref in replay.recording.outputs]
    able = [
        (result, like(part, result))
        for result, part in zip(results, upstream, strict=True)
        if result is not None and result.requires_grad
    ]
    firsts = pulled_back(tuple(result for result, _ in able), tuple(part for _, part in able), asked, order=2)
    weighed = [
        (first, like(direction, first))
        for first, direction in zip(firsts, directions.values(), strict=True)
        if first is not None and first.requires_grad
    ]
    seconds = pulled_back(tuple(first for first, _ in weighed), tuple(part for _, part in weighed), asked)
    return {
        name: as_numpy(torch.zeros_like(leaf) if second is None else second)
        for name, leaf, second in zip(directions, asked, seconds, strict=True)
    }
