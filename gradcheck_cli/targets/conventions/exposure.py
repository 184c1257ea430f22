"""How a layer shows its gradients, returned, kept or read off an update, and at which learning rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, Gradients
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.layer import UPDATE, LayerCandidate
from gradcheck_cli.targets.conventions.results import Plan


def exposed(candidate: Candidate, returned: Returned, keys: Plan, truth: Gradients) -> Candidate:
    """For layers: how the gradients are exposed, and the learning rate where it is a literal in the class.

    Args:
        candidate: one way to call the target.
        returned: what it gave on a small integer case.
        keys: gradient -> key of `returned.items`.
        truth: the right gradients of that case.
    """
    if not isinstance(candidate, LayerCandidate):
        return candidate
    key = keys.get("weight", keys.get("bias", ""))
    exposure = UPDATE if key.startswith(UPDATE) else "attribute" if key.startswith((".", "[")) else "returned"
    candidate = replace(candidate, exposure=exposure)
    if exposure != UPDATE or candidate.has_rate:
        return candidate
    for number in sorted(candidate.source.numbers()):
        if 0 < number <= 0.1 and _is_rate(number, candidate, returned, keys, truth):
            return replace(candidate, lr=number)
    return candidate


def _is_rate(number: float, candidate: LayerCandidate, returned: Returned, keys: Plan, truth: Gradients) -> bool:
    """Is an update the right gradient times this number? One of the two is enough, for the other may be wrong."""
    for name in ("weight", "bias"):
        expected, key = truth.named(name), keys.get(name, "")
        if expected is None or not key.startswith(UPDATE):
            continue
        given = candidate.layout.give("weight", expected) if name == "weight" else expected
        update = returned.items[key]
        if update.size == given.size and np.allclose(update.reshape(given.shape), number * given, rtol=1e-9, atol=1e-9):
            return True
    return False


def rescaled(returned: Returned, candidate: Candidate) -> dict[str, Array]:
    """What was returned, with updates divided by the rate; the gradients of integers are integers."""
    lr = candidate.lr if isinstance(candidate, LayerCandidate) else 1.0
    if lr == 1.0:
        return dict(returned.items)
    return {key: np.rint(array / lr) if key.startswith(UPDATE) else array for key, array in returned.items.items()}
