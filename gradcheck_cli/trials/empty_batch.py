"""A function that works row by row, asked on no rows."""

from __future__ import annotations

import numpy as np

from gradcheck_cli.checks.ladder.empty import EmptyBatch, judged_empty
from gradcheck_cli.model import Sample
from gradcheck_cli.trials.function_trial import CalledFunction, FunctionTrial

# Two ways to compute one row, alone and among others, differ by rounding.
SAME_ROW = 1e-6


def empty_batch(client: CalledFunction, trial: FunctionTrial) -> EmptyBatch | None:
    """What comes back of no rows; None where the forward has no rows of its own, or refuses a batch of none."""
    rows = _rows(trial)
    names = _batched(trial, rows)
    if rows == 0 or not names or not _is_by_rows(client, trial, names):
        return None
    empty = _cut(trial.sample, names, 0)
    outcome = client.outputs(empty)
    if not outcome.ended or any(out.shape[:1] != (0,) for out in outcome.outputs):
        return None
    return judged_empty(empty, client.gradients(empty, [np.zeros(out.shape) for out in outcome.outputs]))


def _rows(trial: FunctionTrial) -> int:
    """The length that the first axes of all outputs have, 0 where they have none in common."""
    lengths = {out.shape[0] if out.ndim else 0 for out in trial.outputs}
    return lengths.pop() if len(lengths) == 1 else 0


def _batched(trial: FunctionTrial, rows: int) -> list[str]:
    """The arrays with as many rows."""
    values = trial.sample.values.items()
    return [name for name, value in values if isinstance(value, np.ndarray) and value.shape[:1] == (rows,)]


def _is_by_rows(client: CalledFunction, trial: FunctionTrial, names: list[str]) -> bool:
    """Whether the first row of the outputs is that of the first row alone: nothing is taken over the batch."""
    alone = client.outputs(_cut(trial.sample, names, 1))
    return alone.ended and all(
        one.shape == whole[:1].shape and np.allclose(one, whole[:1], rtol=SAME_ROW, atol=SAME_ROW)
        for one, whole in zip(alone.outputs, trial.outputs, strict=True)
    )


def _cut(sample: Sample, names: list[str], rows: int) -> Sample:
    for name in names:
        sample = sample.replacing(name, sample.array(name)[:rows])
    return sample
