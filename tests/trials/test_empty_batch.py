"""Which functions are asked on a batch of no rows, and what of."""

from collections.abc import Callable, Sequence

import numpy as np

from gradcheck_cli.checks.ladder.empty import EmptyBatch
from gradcheck_cli.model import Array, FunctionOutcome, Sample, Verdict
from gradcheck_cli.trials.empty_batch import empty_batch
from gradcheck_cli.trials.function_trial import FunctionTrial

SAMPLE = Sample({"x": np.arange(6.0).reshape(3, 2), "w": np.array([2.0, -1.0])}, ("x", "w"))


class _Called:
    """x * w, or another forward, with a gradient by w that is divided by the number of rows."""

    def __init__(self, forward: Callable[[Array, Array], Array]) -> None:
        self._forward = forward

    def outputs(self, sample: Sample) -> FunctionOutcome:
        try:
            return FunctionOutcome((self._forward(sample.array("x"), sample.array("w")),))
        except ValueError as error:
            return FunctionOutcome(error=str(error), error_kind="raised", error_where="forward")

    def gradients(self, sample: Sample, upstream: Sequence[Array]) -> FunctionOutcome:
        x, w = sample.array("x"), sample.array("w")
        with np.errstate(invalid="ignore"):
            mean = (upstream[0] * x).sum(0) / np.float64(len(x))
        return FunctionOutcome(gradients={"x": upstream[0] * w, "w": mean})


def _asked(forward: Callable[[Array, Array], Array]) -> EmptyBatch | None:
    called = _Called(forward)
    trial = FunctionTrial(SAMPLE, called.outputs(SAMPLE).outputs)
    return empty_batch(called, trial)  # type: ignore[arg-type]


def test_what_works_row_by_row_is_asked_on_no_rows() -> None:
    """A mean over 0 rows is no number."""
    judged = _asked(lambda x, w: x * w)
    assert judged is not None
    assert (judged.verdict, judged.detail) == (
        Verdict.FAIL,
        "on a batch of 0 rows grad_w is nan, where the sum of no rows is 0",
    )


def test_what_takes_something_over_the_batch_is_not_asked() -> None:
    """One row alone has another mean."""
    assert _asked(lambda x, w: (x - x.mean(0)) * w) is None


def test_a_forward_that_refuses_no_rows_is_not_asked() -> None:
    """The maximum of nothing is none, and numpy says so."""
    assert _asked(lambda x, w: x * w * (1 + 0 * x.max())) is None
