"""What comes back of a batch of no rows: nothing for the rows, zeros for what they share."""

import numpy as np
import pytest

from gradcheck_cli.checks.ladder.empty import judged_empty
from gradcheck_cli.model import FunctionOutcome, Sample, Verdict

EMPTY = Sample({"x": np.zeros((0, 3)), "w": np.ones(3)}, ("x", "w"))


def _given(**gradients: object) -> FunctionOutcome:
    return FunctionOutcome(gradients={name: np.asarray(value, float) for name, value in gradients.items()})


def test_zeros_of_the_right_shapes_are_right() -> None:
    """An argument of which nothing comes back has the derivative 0 too."""
    assert judged_empty(EMPTY, _given(x=np.zeros((0, 3)), w=[0, 0, 0])).verdict is Verdict.PASS
    assert judged_empty(EMPTY, _given(x=np.zeros((0, 3)))).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (_given(w=[np.nan] * 3), "grad_w is nan, where the sum of no rows is 0"),
        (_given(x=np.zeros((1, 3))), "grad_x has the shape (1, 3), x has (0, 3)"),
        (
            FunctionOutcome(error="ZeroDivisionError: division by zero", error_kind="raised", error_where="backward"),
            "its forward runs and its backward raises ZeroDivisionError: division by zero",
        ),
    ],
)
def test_what_else_comes_back_is_said(outcome: FunctionOutcome, said: str) -> None:
    """A mean over no rows, another shape, an exception."""
    judged = judged_empty(EMPTY, outcome)
    assert (judged.verdict, judged.detail) == (Verdict.FAIL, f"on a batch of 0 rows {said}")
