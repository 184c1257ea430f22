"""Labels of rows or columns: whether a guess of them is meant, seen in what the loss does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from gradcheck_cli.model import Array, Sample
from gradcheck_cli.targets.functions.form import Parameter, Values, WrittenFunction
from gradcheck_cli.targets.functions.inputs.drawing import ProposalChoice
from gradcheck_cli.targets.functions.spelling import is_target

# Beside a label, and by how much more an even loss may change there.
NEARBY, EVENLY = 1e-6, 1e-3
# The letter of the samples of a batch.
_SAMPLES = "n"


def labels(choice: ProposalChoice) -> list[str]:
    """The arguments that are called as targets are, and hold whole numbers."""
    return [name for name, proposal in choice.items() if proposal.kind == "index" and is_target(name)]


def leaves_out(form: WrittenFunction, sample: Sample, names: Sequence[str]) -> bool:
    """Where there are labels: is the last row or column of an array read by nobody, for want of a label of its own?

    Of a table that is held a row may well be left out.
    """
    if not names:
        return False
    outputs = form.forward(sample.values)
    held = {item.name for item in form.parameters if item.is_state}
    for name in (name for name in sample.differentiated if name not in held):
        array = sample.array(name)
        for axis in range(array.ndim):
            other = array.copy()
            last = np.moveaxis(other, axis, 0)[-1:]
            last += NEARBY * np.arange(1.0, last.size + 1).reshape(last.shape)  # a softmax ignores what all have alike
            changed = form.forward(sample.replacing(name, other).values)
            if all(np.array_equal(one, two) for one, two in zip(outputs, changed, strict=True)):
                return True
    return False


def labels_nothing(form: WrittenFunction, sample: Sample, choice: ProposalChoice) -> bool:
    """Labels in a row where no other array has as many rows, or whose loss is another one when both are turned round.

    Which sample comes first is all the same to a loss. And one label for several samples.
    """
    has_samples = any(_SAMPLES in proposal.axes.split() for proposal in choice.values())
    named = labels(choice)
    rows = [name for name in named if isinstance(sample.values[name], np.ndarray)]
    return (has_samples and len(rows) < len(named)) or any(not _goes_along(form, sample, name) for name in rows)


def mixes_columns(form: WrittenFunction, sample: Sample) -> bool:
    """Is the loss the same whichever of its targets' columns comes first? `y.T @ np.log(p)` sums over each beside each.

    What each prediction is compared with is its own target: such code is meant for one column.
    """
    outputs = form.forward(sample.values)
    for name in (name for name in sample.values if is_target(name)):
        value = sample.values[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.ndim != 2 or value.shape[1] < 2:
            continue
        beside = [other for key, other in sample.values.items() if key != name and isinstance(other, np.ndarray)]
        if not any(other.ndim for other in beside) or _is_same(form, sample, name, value + 1, outputs):
            continue  # nothing is compared with it
        other = value[:, ::-1].copy()
        if not np.array_equal(value, other) and _is_same(form, sample, name, other, outputs):
            return True
    return False


def _is_same(form: WrittenFunction, sample: Sample, name: str, value: Array, outputs: Sequence[Array]) -> bool:
    """Does the forward give the same with this in the place of an argument?"""
    changed = form.forward({**sample.values, name: value})
    return all(np.allclose(one, other, rtol=NEARBY) for one, other in zip(outputs, changed, strict=True))


def _goes_along(form: WrittenFunction, sample: Sample, name: str) -> bool:
    """Turned round together with every array that has as many rows, or columns where none has, the loss is the same.

    All but one may do: weights may be as long by chance.
    """
    count = len(sample.array(name))
    arrays = {key: value for key, value in sample.values.items() if isinstance(value, np.ndarray) and key != name}
    for axis in (0, -1):
        along = {key: np.flip(value, axis) for key, value in arrays.items() if np.shape(value)[axis:][:1] == (count,)}
        if along:
            but_one = [{key: along[key] for key in along if key != each} for each in along if len(along) > 1]
            own = {name: np.flip(sample.array(name), 0)}
            return any(
                _is_same_turned(form, sample.values, {**sample.values, **each, **own}) for each in (along, *but_one)
            )
    return False


def _is_same_turned(form: WrittenFunction, values: Values, turned: Values) -> bool:
    outputs, others = form.forward(values), form.forward(turned)
    return all(_same_when_turned(one, other) for one, other in zip(outputs, others, strict=True))


def _same_when_turned(one: np.ndarray, other: np.ndarray) -> bool:
    """A loss of each sample is turned with it."""
    if one.shape != other.shape:
        return False
    sides = [other, *(np.flip(other, axis) for axis in range(other.ndim))]
    return any(np.allclose(one, side, rtol=EVENLY, atol=EVENLY) for side in sides)


def is_no_label(form: WrittenFunction, sample: Sample, name: str, outputs: Sequence[np.ndarray]) -> bool:
    """Between two labels there is nothing: where a loss goes on evenly there, it wants shares or values."""
    now = sample.values[name]
    assert isinstance(now, np.ndarray | int)
    try:
        moved = form.forward({**sample.values, name: now + NEARBY})
    except Exception:  # it is an index
        return False
    pairs = zip(outputs, moved, strict=False)
    same = all(one.shape == other.shape and np.allclose(one, other, rtol=EVENLY, atol=EVENLY) for one, other in pairs)
    return same and not all(np.array_equal(one, other) for one, other in zip(outputs, moved, strict=False))


def looks_up(form: WrittenFunction, sample: Sample) -> bool:
    """Each whole number is given a row: that none flows back to the row of a padding is meant, as in nn.Embedding."""
    axes = max((value.ndim for value in sample.values.values() if _is_whole(value)), default=0)
    return form.forward(sample.values)[0].ndim > axes


def _is_whole(value: object) -> TypeGuard[np.ndarray]:
    return isinstance(value, np.ndarray) and value.dtype.kind == "i"


def is_alone(form: WrittenFunction, item: Parameter) -> bool:
    """Is it called as what is compared with, and all that is handed in: the places `Y` of a stress?"""
    given = [other.name for other in form.parameters if not other.has_default and not other.is_state]
    return is_target(item.name) and given == [item.name]
