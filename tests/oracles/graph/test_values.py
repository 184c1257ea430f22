"""What a value is taken for by mistake, where it can be taken for it."""

import numpy as np
import torch

from gradcheck_cli.model.recording import Ref
from gradcheck_cli.oracles.graph import values
from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay


def _regrouped(rows: int) -> tuple[Chain, Ref]:
    """x with these rows, in two rows of its own, and the value that has them."""
    x = torch.arange(12, dtype=torch.float64).reshape(rows, -1)
    _, recording = record(lambda: x.reshape(2, -1) * 3, {"x": x})
    chain = Chain(Replay(recording, {"x": x.numpy().copy()}))
    return chain, Ref(next(step.index for step in chain.steps if "reshape" in step.node.op or "view" in step.node.op))


def test_a_value_is_taken_for_its_operand_where_that_fits() -> None:
    """Of one row, x is spread over the two."""
    chain, regrouped = _regrouped(2)
    taken = values.taken_for(chain, regrouped, ("operand", 0))
    assert taken is not None
    assert taken.tolist() == np.arange(12.0).reshape(2, 6).tolist()


def test_an_operand_that_does_not_fit_has_no_meaning() -> None:
    """What was found on one call is asked on others, of other sizes: 3x4 is not spread over 2x6."""
    chain, regrouped = _regrouped(3)
    assert values.taken_for(chain, regrouped, ("operand", 0)) is None
