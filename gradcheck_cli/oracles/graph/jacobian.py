"""The whole derivative of a recorded forward: every output by every entry of every input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gradcheck_cli.model import Array
from gradcheck_cli.model.recording import Ref
from gradcheck_cli.numbers.rounding import UNIT_ROUNDOFF
from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.replay import Replay

UNIT = UNIT_ROUNDOFF["float64"]
# Each node of a path rounds a few times, each time relative to what it computes.
_ROUNDINGS = 4.0


@dataclass(frozen=True)
class GraphJacobian:
    """d outputs / d one input.

    Attributes:
        values: (entries of the input, entries of all floating outputs).
        error: the most that each is off by: the terms that met in it, by the largest of its column.
    """

    values: Array
    error: Array


def jacobians(replay: Replay, sizes: Sequence[int] | None = None) -> dict[str, GraphJacobian]:
    """Input name -> its derivative, one pull for each entry of the outputs.

    Args:
        sizes: entries of each floating output, for those that the recording does not know: a constant, or numbers that
            came from outside of torch. None where it knows them all.

    Returns:
        Of the floating inputs. An output that depends on none of them has columns of zeros.

    Raises:
        ValueError: an output is unknown, and so is its size.
    """
    chain = Chain(replay)
    columns: dict[str, list[Array]] = {name: [] for name in chain.inputs}
    for ref, size in _floating(chain, sizes):
        for entry in range(size):
            for name, column in _column(chain, ref, entry).items():
                columns[name].append(column)
    depth = _ROUNDINGS * UNIT * max(len(chain.steps), 1)
    found = {}
    for name, listed in columns.items():
        size = chain.value(chain.inputs[name]).numel()
        values = np.stack(listed, axis=1) if listed else np.zeros((size, 0))
        scale = np.abs(values).max(axis=0, initial=0.0)
        found[name] = GraphJacobian(values, depth * np.broadcast_to(scale, values.shape))
    return found


def _floating(chain: Chain, sizes: Sequence[int] | None) -> list[tuple[Ref | None, int]]:
    """The outputs and how many entries they have."""
    refs = [ref for ref in chain.recording.outputs if ref is None or chain.value(ref).is_floating_point()]
    if sizes is None and None not in refs:
        sizes = [chain.value(ref).numel() for ref in refs if ref is not None]
    return list(zip(refs, sizes or (), strict=True))


def _column(chain: Chain, ref: Ref | None, entry: int) -> dict[str, Array]:
    if ref is None:
        return {name: np.zeros(chain.value(at).numel()) for name, at in chain.inputs.items()}
    one = torch.zeros_like(chain.value(ref)).reshape(-1)
    one[entry] = 1
    pulled = chain.of_inputs(chain.pull({ref: one.reshape(chain.value(ref).shape)}))
    return {name: array.ravel() for name, array in pulled.items()}
