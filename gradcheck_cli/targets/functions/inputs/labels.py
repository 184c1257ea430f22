"""Labels of rows or columns: whether a guess of them is meant, seen in what the loss does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcheck_cli.model import Sample
from gradcheck_cli.targets.functions.form import WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.spelling import is_target

# Beside a label, and by how much more an even loss may change there.
NEARBY, EVENLY = 1e-6, 1e-3


def labels(choice: ProposalChoice) -> list[str]:
    """The arguments that are called as targets are, and hold whole numbers."""
    return [name for name, proposal in choice.items() if proposal.kind == "index" and is_target(name)]


def leaves_out(form: WrittenFunction, sample: Sample, names: Sequence[str]) -> bool:
    """Where there are labels: is the last row or column of an array read by nobody, for want of a label of its own?"""
    if not names:
        return False
    outputs = form.forward(sample.values)
    for name in sample.differentiated:
        array = sample.array(name)
        for axis in range(array.ndim):
            other = array.copy()
            last = np.moveaxis(other, axis, 0)[-1:]
            last += NEARBY * np.arange(1.0, last.size + 1).reshape(last.shape)  # a softmax ignores what all have alike
            changed = form.forward(sample.replacing(name, other).values)
            if all(np.array_equal(one, two) for one, two in zip(outputs, changed, strict=True)):
                return True
    return False


def is_no_label(form: WrittenFunction, sample: Sample, name: str, outputs: Sequence[np.ndarray]) -> bool:
    """Between two labels there is nothing: where a loss goes on evenly there, it wants shares or values."""
    nearby = sample.replacing(name, sample.array(name) + NEARBY)
    try:
        moved = form.forward(nearby.values)
    except Exception:  # it is an index
        return False
    pairs = zip(outputs, moved, strict=False)
    same = all(one.shape == other.shape and np.allclose(one, other, rtol=EVENLY, atol=EVENLY) for one, other in pairs)
    return same and not all(np.array_equal(one, other) for one, other in zip(outputs, moved, strict=False))
