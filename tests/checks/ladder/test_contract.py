"""What every right backward keeps: which arrays it may write into."""

import numpy as np
import pytest

from gradcheck_cli.checks.ladder.contract import broken_laws
from gradcheck_cli.mistakes import Sign
from gradcheck_cli.model import FunctionOutcome, Sample


@pytest.mark.parametrize(
    ("mutated", "signs"),
    [
        ("running_mean", []),  # a norm moves it on with each batch
        ("table", [Sign.MUTATES]),
        ("moving_x", [Sign.MUTATES]),  # it is differentiated
        ("grad_output", [Sign.OVERWRITES_UPSTREAM]),
    ],
)
def test_only_the_statistics_of_a_norm_may_be_written_into(mutated, signs):
    """Whatever else the caller hands over is the caller's."""
    values = {name: np.ones(2) for name in ("moving_x", "table", "running_mean")}
    outcome = FunctionOutcome(gradients={"moving_x": np.ones(2)}, mutated=(mutated,))
    assert [law.sign for law in broken_laws(Sample(values, ("moving_x",)), outcome, [])] == signs
