"""The derivative of a forward from its graph, as the child recorded it. torch is loaded late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcheck_cli.model import Array, FunctionForm, Sample
from gradcheck_cli.model.recording import Recording
from gradcheck_cli.oracles.blackbox import Jacobian

if TYPE_CHECKING:
    from gradcheck_cli.oracles.graph.replay import Detached

RECORDED: frozenset[FunctionForm] = frozenset(("autograd-function", "custom-operator", "module"))
"""Forms whose forward is torch's own operations, which the child can write down."""
SOURCE = "the recorded forward, differentiated node by node"


def detached_in(form: FunctionForm) -> Detached:
    """Inside a Function nothing is followed by torch, so a detach says nothing there; in a Module it is meant."""
    return "kept" if form == "module" else "followed"


def jacobians_of(
    recording: Recording, sample: Sample, outputs: Sequence[Array], form: FunctionForm
) -> dict[str, Jacobian]:
    """The derivative of a recorded forward, by argument; nothing where torch cannot run it again.

    Args:
        outputs: what the forward gave.
    """
    from gradcheck_cli.oracles.graph.jacobian import jacobians
    from gradcheck_cli.oracles.graph.replay import Replay

    try:
        values = {name: sample.array(name) for name in recording.inputs}
        found = jacobians(
            Replay(recording, values, detached_in(form)), [part.size for part in outputs if part.dtype.kind == "f"]
        )
    except (RuntimeError, ValueError, KeyError, NotImplementedError):
        return {}
    return {name: Jacobian(SOURCE, each.values, each.error) for name, each in found.items()}
