"""How a layer shows its gradients, returned, kept or read off an update, and at which learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gradcheck_cli.model import Array, ConvSpec, Gradients
from gradcheck_cli.targets.conventions.base import Candidate, Returned
from gradcheck_cli.targets.conventions.layer import LayerCandidate
from gradcheck_cli.targets.conventions.reading import HANDED, UPDATE
from gradcheck_cli.targets.conventions.results import Keys

# A rate that is written into the code is this or less.
MAX_RATE = 0.1
# Far above the rounding of W - rate * gradient, in units of the gradient, far below a fraction such as 1/n.
WHOLE = 1e-6


def exposed(candidate: Candidate, returned: Returned, keys: Keys, truth: Gradients, spec: ConvSpec) -> Candidate:
    """For layers: how the gradients are exposed, and the learning rate where it is a literal in the class.

    Args:
        candidate: one way to call the target.
        returned: what it gave on a small integer case.
        keys: gradient -> key of `returned.items`.
        truth: the right gradients of that case.
        spec: its geometry.
    """
    if not isinstance(candidate, LayerCandidate):
        return candidate
    key = keys.get("weight", keys.get("bias", ""))
    candidate = replace(candidate, exposure=_exposure(key), wanted=frozenset(keys.values()))
    exposure = candidate.exposure
    if exposure != UPDATE or candidate.has_rate:
        return candidate
    numbers = sorted(number for number in candidate.source.numbers() if 0 < number <= MAX_RATE)
    pairs = list(_updates(candidate, returned, keys, truth, spec))
    known = [number for number in numbers if any(_is_step(number, *pair) for pair in pairs)]
    likely = [number for number in numbers[::-1] if _makes_whole(number, returned, keys)]
    return replace(candidate, lr=(known or likely or [1.0])[0])


def _makes_whole(number: float, returned: Returned, keys: Keys) -> bool:
    """Updates that are no integers and are integers without this rate: of integers, also a wrong gradient is whole."""
    updates = [returned.items[key] for key in keys.values() if key.startswith(UPDATE)]
    return all(_is_whole(update / number) and not _is_whole(update) for update in updates)


def _is_whole(array: Array) -> bool:
    return bool(np.abs(array - np.rint(array)).max(initial=0) < WHOLE)


def _exposure(key: str) -> str:
    """Where a key of results comes from."""
    if key.startswith((UPDATE, HANDED)):
        return UPDATE if key.startswith(UPDATE) else HANDED
    return "attribute" if key.startswith((".", "[")) else "returned"


def _updates(
    candidate: LayerCandidate, returned: Returned, keys: Keys, truth: Gradients, spec: ConvSpec
) -> Iterator[tuple[Array, Array]]:
    """What the weight and the bias were stepped by, and the right gradient of each as the target keeps it."""
    for name in ("weight", "bias"):
        expected, key = truth.get(name), keys.get(name, "")
        if expected is not None and key.startswith(UPDATE):
            given = candidate.layout.give("weight", expected, spec.groups) if name == "weight" else expected
            yield returned.items[key], given


def _is_step(number: float, update: Array, gradient: Array) -> bool:
    """Is an update the right gradient times this number? One of the two is enough, for the other may be wrong."""
    if update.size != gradient.size:
        return False
    return bool((np.abs(update.reshape(gradient.shape) / number - gradient) < WHOLE).all())


def rescaled(returned: Returned, candidate: Candidate) -> dict[str, Array]:
    """What was returned, with updates divided by the rate; the gradients of integers are integers."""
    lr = candidate.lr if isinstance(candidate, LayerCandidate) else 1.0
    if lr == 1.0:
        return dict(returned.items)
    return {key: np.rint(array / lr) if key.startswith(UPDATE) else array for key, array in returned.items.items()}
