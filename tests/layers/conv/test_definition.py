import numpy as np

from gradcheck_cli.layers.conv import definition
from gradcheck_cli.model import ConvSpec

PLAIN = ConvSpec(batch=1, in_channels=1, out_channels=1, height=3, width=3, kernel_size=(2, 2))
X = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
G = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])


def test_grad_weight_by_hand():
    """Each entry is G times the window at its tap: [0,0] is 1*1 + 2*2 - 1*5 = 0."""
    expected = [[1 + 4 - 5, 2 + 6 - 6], [4 + 10 - 8, 5 + 12 - 9]]
    assert expected == definition.grad_weight(X, G, PLAIN)[0, 0].tolist()


def test_grad_input_by_hand():
    """Each output hands its G times the kernel back to its window."""
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    expected = [[1, 2 + 10, 20], [100, 200 + 1000 - 1, 2000 - 10], [0, -100, -1000]]
    assert expected == definition.grad_input(weight, G, PLAIN)[0, 0].tolist()


def test_grad_bias_by_hand():
    """The bias gets the sum of its filter's G over batch, rows and columns."""
    grad_output = np.arange(12.0).reshape(2, 2, 1, 3)
    assert [0 + 1 + 2 + 6 + 7 + 8, 3 + 4 + 5 + 9 + 10 + 11] == definition.grad_bias(grad_output).tolist()


def test_stride_padding_and_dilation_by_hand():
    """With stride 2, padding 1 and dilation 2 the taps of the one row see X[1] and nothing else."""
    spec = ConvSpec(1, 1, 1, 1, 3, kernel_size=(1, 2), stride=(1, 2), padding=(0, 1), dilation=(1, 2))
    x, grad_output = np.array([[[[5.0, 7.0, 11.0]]]]), np.array([[[[2.0, 3.0]]]])
    assert [2 * 0 + 3 * 7, 2 * 7 + 3 * 0] == definition.grad_weight(x, grad_output, spec).ravel().tolist()
    weight = np.array([[[[13.0, 17.0]]]])
    assert [0, 2 * 17 + 3 * 13, 0] == definition.grad_input(weight, grad_output, spec).ravel().tolist()


def test_every_pair_of_a_channel_and_a_filter_has_its_own_entry():
    """Nothing is summed over channels or filters: dE/dF[o,i] = G[o] * X[i] for one pixel."""
    spec = ConvSpec(1, 3, 2, 1, 1, kernel_size=(1, 1))
    x, grad_output = np.array([2.0, 3.0, 5.0]).reshape(1, 3, 1, 1), np.array([7.0, 11.0]).reshape(1, 2, 1, 1)
    assert [[14, 21, 35], [22, 33, 55]] == definition.grad_weight(x, grad_output, spec)[:, :, 0, 0].tolist()


def test_groups_keep_to_themselves():
    """With two groups the second filter only sees the second half of the channels."""
    spec = ConvSpec(1, 4, 2, 1, 1, kernel_size=(1, 1), groups=2)
    x, grad_output = np.array([2.0, 3.0, 5.0, 7.0]).reshape(1, 4, 1, 1), np.array([1.0, 10.0]).reshape(1, 2, 1, 1)
    assert [[2, 3], [50, 70]] == definition.grad_weight(x, grad_output, spec)[:, :, 0, 0].tolist()
    weight = np.array([1.0, 2.0, 3.0, 4.0]).reshape(2, 2, 1, 1)
    assert [1, 2, 30, 40] == definition.grad_input(weight, grad_output, spec).ravel().tolist()


def test_products_are_counted():
    """There are as many products as outputs times the taps of a filter."""
    spec = ConvSpec(2, 2, 4, 5, 4, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), groups=2)
    assert 2 * 4 * 3 * 3 * (1 * 3 * 2) == sum(1 for _ in definition.products(spec))
