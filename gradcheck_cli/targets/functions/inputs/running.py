"""Whether a target runs on a sample: what it does not take is not asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import WrittenFunction

# A step that shows in every digit but the first three.
_A_LITTLE = 1 + 2.0**-10


def is_good(outputs: Sequence[np.ndarray]) -> bool:
    """Does a forward give arrays of finite floating-point numbers, and nothing else?"""
    return bool(outputs) and all(out.dtype.kind == "f" and out.size and np.isfinite(out).all() for out in outputs)


def takes(form: WrittenFunction, sample: Sample) -> bool:
    """Its forward runs there: what it does not take is not asked."""
    try:
        return is_good(form.forward(sample.values))
    except Exception:  # whatever it raises
        return False


def runs(form: WrittenFunction, sample: Sample) -> bool:
    """Forward and backward: a setting for which a layer has no backward, as at inference, is not asked either."""
    try:
        outputs = form.forward(sample.values)
        return is_good(outputs) and bool(form.run(sample.values, [np.ones_like(out) for out in outputs]).gradients)
    except Exception:  # whatever it raises
        return False


def is_flat(form: WrittenFunction, sample: Sample, outputs: Sequence[Array]) -> bool:
    """Does the forward give the same bits where every argument is a little larger? There nothing is seen of a slope."""
    beside = sample
    for name in sample.differentiated:
        beside = beside.replacing(name, _A_LITTLE * sample.array(name))
    try:
        return bool(sample.differentiated) and all(map(np.array_equal, form.forward(beside.values), outputs))
    except Exception:  # whatever it raises
        return False
