"""Operations that are written out: the same values and derivatives, with names inside."""

import numpy as np
import pytest
import torch

from gradcheck_cli.oracles.graph.opened import opened
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay

FORWARDS = [
    lambda x, w: torch.softmax(x * w, 0),
    lambda x, w: torch.log_softmax(x, -1) * w,
    lambda x, w: torch.logsumexp(x * w, -1),
    lambda x, w: torch.nn.functional.layer_norm(x, (7,), w),
    lambda x, w: torch.nn.functional.silu(x) * w,
    lambda x, w: torch.nn.functional.gelu(x) * w,
    lambda x, w: torch.nn.functional.gelu(x, approximate="tanh") * w,
    lambda x, w: torch.nn.functional.linear(x, x, x[:, 0]) * w[:5],
]


@pytest.mark.parametrize("forward", FORWARDS)
def test_what_is_written_out_has_the_same_derivative(forward):
    """To rounding, which is not the same in another order of operations."""
    generator = torch.Generator().manual_seed(5)
    tensors = {"x": torch.randn(5, 7, dtype=torch.float64, generator=generator)}
    tensors["w"] = torch.randn(7, dtype=torch.float64, generator=generator)
    values = {name: tensor.numpy().copy() for name, tensor in tensors.items()}
    _, recording = record(lambda: forward(**tensors), tensors)
    written = opened(recording, values)
    (output,) = Replay(recording, values).outputs()
    upstream = [np.random.default_rng(0).standard_normal(output.shape)]
    expected, actual = (Replay(each, values).gradients(upstream) for each in (recording, written))
    for name in expected:
        np.testing.assert_allclose(actual[name], expected[name], rtol=0, atol=1e-13)


def test_a_part_is_named_after_the_operation_in_the_user_s_line():
    """The place is the user's; the expression says which part."""
    x = torch.tensor([[1.0, 2.0, 4.0]], dtype=torch.float64)
    _, recording = record(lambda: torch.softmax(x, -1), {"x": x})
    written = opened(recording, {"x": x.numpy()})
    assert "total of torch.softmax(x, -1)" in [node.place.expression for node in written.nodes if node.place]
    assert {recording.nodes[1].place.line} == {node.place.line for node in written.nodes if node.place}


def test_a_recording_without_such_an_operation_stays_as_it_is():
    """Nothing is run again."""
    x = torch.ones(3)
    _, recording = record(lambda: x * 2, {"x": x})
    assert opened(recording, {"x": x.numpy()}) is recording
