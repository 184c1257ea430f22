"""Calls of a backward beside the recorded forward, and what is told of them."""

import torch

from gradcheck_cli.diagnose.edits.naming import findings_of_edits
from gradcheck_cli.diagnose.edits.observed import Observed
from gradcheck_cli.oracles.graph.recorder import record


def observed(forward, backward, shapes, seed):
    """One call of a backward (G, inputs) -> its gradients, on normal numbers."""
    generator = torch.Generator().manual_seed(seed)
    drawn = {name: torch.randn(*shape, dtype=torch.float64, generator=generator) for name, shape in shapes.items()}
    values = {name: tensor.numpy().copy() for name, tensor in drawn.items()}
    returned, recording = record(lambda: forward(**drawn), drawn)
    outputs = returned if isinstance(returned, tuple) else (returned,)
    upstream = [torch.randn(part.shape, dtype=torch.float64, generator=generator) for part in outputs]
    gradients = {name: grad.numpy() for name, grad in backward(*upstream, **drawn).items()}
    return Observed(recording, values, tuple(part.numpy() for part in upstream), gradients)


def findings(forward, backward, name, *shapes):
    """What is told of one gradient, seen on samples of these shapes."""
    return findings_of_edits(name, [observed(forward, backward, each, seed) for seed, each in enumerate(shapes)])


ROWS = {"x": (5, 7), "gain": (7,)}, {"x": (6, 9), "gain": (9,)}
