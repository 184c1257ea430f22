"""The whole derivative of a recording, output by output."""

import numpy as np
import torch

from gradcheck_cli.oracles.graph.chain import Chain
from gradcheck_cli.oracles.graph.jacobian import jacobians
from gradcheck_cli.oracles.graph.recorder import record
from gradcheck_cli.oracles.graph.replay import Replay


def replayed(forward, **shapes):
    """A replay of a forward on normal numbers."""
    generator = torch.Generator().manual_seed(2)
    tensors = {name: torch.randn(*shape, dtype=torch.float64, generator=generator) for name, shape in shapes.items()}
    values = {name: tensor.numpy().copy() for name, tensor in tensors.items()}
    _, recording = record(lambda: forward(**tensors), tensors)
    return Replay(recording, values)


def test_the_jacobian_of_a_product_is_known_by_hand():
    """y = x @ w: dy[0, j] / dw[i, k] = x[0, i] where j = k."""
    replay = replayed(lambda x, w: x @ w, x=(1, 2), w=(2, 3))
    found = jacobians(replay)["w"]
    expected = np.kron(replay.values["x"].T, np.eye(3))
    np.testing.assert_array_equal(expected, found.values)
    assert (found.error <= 1e-14).all()


def test_an_output_that_depends_on_nothing_has_no_columns_of_others():
    """A constant beside a product; whole numbers carry no derivative."""
    replay = replayed(lambda x: (x * 2, x.argmax(), x.sum()), x=(3,))
    assert [[2, 0, 0, 1], [0, 2, 0, 1], [0, 0, 2, 1]] == jacobians(replay)["x"].values.tolist()


def test_each_node_s_own_derivative_makes_up_torch_s_of_all():
    """Bit for bit: the messages are torch's own."""
    replay = replayed(lambda x, w: torch.sigmoid(x * w).cumsum(0), x=(3, 4), w=(4,))
    upstream = [np.random.default_rng(0).standard_normal((3, 4))]
    expected, actual = replay.gradients(upstream), Chain(replay).gradients(upstream)
    for name in expected:
        np.testing.assert_array_equal(expected[name], actual[name])


def test_an_output_that_came_from_outside_of_torch_has_columns_of_zeros():
    """As a constant has; that its numbers do change is seen by whoever asks the forward."""
    replay = replayed(lambda x: (torch.from_numpy(np.exp(x.detach().numpy())), 2 * x.sum()), x=(3,))
    assert [[0, 0, 0, 2]] * 3 == jacobians(replay, sizes=[3, 1])["x"].values.tolist()
