"""The definition against numbers that were computed by hand. What it says of itself and torch of it: test_laws."""

import numpy as np
import pytest

from gradcheck_cli.layers.conv import definition
from gradcheck_cli.model import Axis, ConvSpec, Geometry, TransposedAxis

PLAIN = ConvSpec(batch=1, in_channels=1, out_channels=1, height=3, width=3, kernel_size=(2, 2))
X = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
G = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])


def test_grad_weight_by_hand():
    """Each entry is G times the window at its tap: [0,0] is 1*1 + 2*2 - 1*5 = 0."""
    expected = [[1 + 4 - 5, 2 + 6 - 6], [4 + 10 - 8, 5 + 12 - 9]]
    assert expected == definition.grad_weight(X, G, PLAIN.geometry)[0, 0].tolist()


def test_grad_input_by_hand():
    """Each output hands its G times the kernel back to its window."""
    weight = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])
    expected = [[1, 2 + 10, 20], [100, 200 + 1000 - 1, 2000 - 10], [0, -100, -1000]]
    assert expected == definition.grad_input(weight, G, PLAIN.geometry)[0, 0].tolist()


def test_grad_bias_by_hand():
    """The bias gets the sum of its filter's G over batch, rows and columns."""
    grad_output = np.arange(12.0).reshape(2, 2, 1, 3)
    assert [0 + 1 + 2 + 6 + 7 + 8, 3 + 4 + 5 + 9 + 10 + 11] == definition.grad_bias(grad_output).tolist()


def test_stride_padding_and_dilation_by_hand():
    """With stride 2, padding 1 and dilation 2 the taps of the one row see X[1] and nothing else."""
    spec = ConvSpec(1, 1, 1, 1, 3, kernel_size=(1, 2), stride=(1, 2), padding=(0, 1), dilation=(1, 2))
    x, grad_output = np.array([[[[5.0, 7.0, 11.0]]]]), np.array([[[[2.0, 3.0]]]])
    assert [2 * 0 + 3 * 7, 2 * 7 + 3 * 0] == definition.grad_weight(x, grad_output, spec.geometry).ravel().tolist()
    weight = np.array([[[[13.0, 17.0]]]])
    assert [0, 2 * 17 + 3 * 13, 0] == definition.grad_input(weight, grad_output, spec.geometry).ravel().tolist()


def test_every_pair_of_a_channel_and_a_filter_has_its_own_entry():
    """Nothing is summed over channels or filters: dE/dF[o,i] = G[o] * X[i] for one pixel."""
    spec = ConvSpec(1, 3, 2, 1, 1, kernel_size=(1, 1))
    x, grad_output = np.array([2.0, 3.0, 5.0]).reshape(1, 3, 1, 1), np.array([7.0, 11.0]).reshape(1, 2, 1, 1)
    assert [[14, 21, 35], [22, 33, 55]] == definition.grad_weight(x, grad_output, spec.geometry)[:, :, 0, 0].tolist()


def test_groups_keep_to_themselves():
    """With two groups the second filter only sees the second half of the channels."""
    spec = ConvSpec(1, 4, 2, 1, 1, kernel_size=(1, 1), groups=2)
    x, grad_output = np.array([2.0, 3.0, 5.0, 7.0]).reshape(1, 4, 1, 1), np.array([1.0, 10.0]).reshape(1, 2, 1, 1)
    assert [[2, 3], [50, 70]] == definition.grad_weight(x, grad_output, spec.geometry)[:, :, 0, 0].tolist()
    weight = np.array([1.0, 2.0, 3.0, 4.0]).reshape(2, 2, 1, 1)
    assert [1, 2, 30, 40] == definition.grad_input(weight, grad_output, spec.geometry).ravel().tolist()


def test_every_triple_by_hand():
    """Tap by tap, 0 1 2 with a zero on each side and stride 2: outputs read (-, 0, 1) and (1, 2, -)."""
    listed = [
        (u, p.tolist(), r.tolist())
        for u, p, r in definition.meetings(Geometry(1, 1, 1, (Axis(3, 3, stride=2, before=1, after=1),)))
    ]

    assert [(0, [1], [1]), (1, [0, 1], [0, 2]), (2, [0], [1])] == listed


def test_products_are_counted():
    """Of 3x3 outputs and 3x2 taps all meet an element, but for the 3 of the top row with the tap above the picture."""
    spec = ConvSpec(2, 2, 4, 5, 4, kernel_size=(3, 2), stride=(2, 1), padding=(1, 0), groups=2)
    counts = [len(outputs) for _, outputs, _ in definition.meetings(spec.geometry)]

    assert [6, 6, 9, 9, 6, 6] == counts


def test_forward_by_hand():
    """One axis, two channels, stride 2: 1*10 + 2*1 + 4*5 + 5*3 and 3*10 + 0*1 + 6*5 + 7*3, and 100 for the bias."""
    layer = Geometry(1, 2, 1, (Axis(4, 2, stride=2),))
    x, weight = np.array([[[1, 2, 3, 0], [4, 5, 6, 7]]]), np.array([[[10, 1], [5, 3]]])

    assert [[[147, 181]]] == definition.forward(x, weight, np.array([100]), layer).tolist()


@pytest.mark.parametrize(
    ("mode", "weight", "image"),
    [
        # Windows: -02 then 13-; each repeats 5 7 11 at its edges, as the mode says.
        ("zeros", [2 * 0 + 3 * 7, 2 * 5 + 3 * 11, 2 * 7 + 3 * 0], [20, 200 + 3, 30]),
        ("reflect", [2 * 7 + 3 * 7, 2 * 5 + 3 * 11, 2 * 7 + 3 * 7], [20, 200 + 3 + 2 + 300, 30]),
        ("replicate", [2 * 5 + 3 * 7, 2 * 5 + 3 * 11, 2 * 7 + 3 * 11], [20 + 2, 200 + 3, 30 + 300]),
        ("circular", [2 * 11 + 3 * 7, 2 * 5 + 3 * 11, 2 * 7 + 3 * 5], [20 + 300, 200 + 3, 30 + 2]),
    ],
)
def test_what_a_padding_repeats_gets_the_gradient_of_both_places(mode, weight, image):
    """X = 5 7 11, F = 1 10 100, G = 2 3 at stride 2: by hand, with the source of each padded place."""
    layer = Geometry(1, 1, 1, (Axis(3, 3, stride=2, before=1, after=1, mode=mode),))
    x, kernel, upstream = (np.array([[row]]) for row in ([5, 7, 11], [1, 10, 100], [2, 3]))

    assert weight == definition.grad_weight(x, upstream, layer)[0, 0].tolist()
    assert image == definition.grad_input(kernel, upstream, layer)[0, 0].tolist()


def test_a_transposed_layer_by_hand():
    """Each input spreads 1 10 100 over the outputs 2p, 2p+1, 2p+2; the first and the last output are cut off."""
    axis = TransposedAxis(size=3, taps=3, stride=2, before=1, after=1)
    layer = Geometry(1, 1, 1, (axis.mirrored,), transposed=True)
    x, kernel, upstream = (np.array([[row]]) for row in ([5, 7, 11], [1, 10, 100], [1, 2, 3, 4, 5]))

    expected = [50, 500 + 7, 70, 700 + 11, 110]
    assert [number + 1000 for number in expected] == definition.forward(x, kernel, np.array([1000]), layer)[
        0, 0
    ].tolist()
    # Tap 1 of input p meets output 2p of those that are left, tap 0 the one before and tap 2 the one behind.
    assert [7 * 2 + 11 * 4, 5 * 1 + 7 * 3 + 11 * 5, 5 * 2 + 7 * 4] == definition.grad_weight(x, upstream, layer)[
        0, 0
    ].tolist()
    assert [10 + 200, 2 + 30 + 400, 4 + 50] == definition.grad_input(kernel, upstream, layer)[0, 0].tolist()


def test_the_kernel_of_a_transposed_layer_has_channels_first():
    """O[o] = sum over i of F[i,o] X[i] for one element, and with groups o counts within the group of i."""
    point = Axis(1, 1)
    x = np.array([2, 3, 5, 7]).reshape(1, 4, 1)
    weight = np.array([[1, 10], [100, 1000], [1, 10], [100, 1000]]).reshape(4, 2, 1)
    whole = Geometry(1, 4, 2, (point,), transposed=True)
    halves = Geometry(1, 4, 4, (point,), groups=2, transposed=True)

    assert [302 + 705, 3020 + 7050] == definition.forward(x, weight, np.zeros(2, int), whole).ravel().tolist()
    assert [302, 3020, 705, 7050] == definition.forward(x, weight, np.zeros(4, int), halves).ravel().tolist()


def test_large_numbers_stay_exact():
    """int64 in, int64 out: no number goes through a float, which would lose the 1."""
    layer = Geometry(1, 1, 1, (Axis(2, 2),))
    large, one = np.array([[[2**60, 1]]]), np.array([[[1]]])

    assert [2**60, 1] == definition.grad_weight(large, one, layer).ravel().tolist()
    assert [2**60 + 1] == definition.forward(large, np.ones((1, 1, 2), int), np.array([0]), layer).ravel().tolist()
