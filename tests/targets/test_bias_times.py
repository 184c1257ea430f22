"""A forward that adds its bias inside of the sum: how often, and that it is a convolution all the same."""

from dataclasses import replace

import numpy as np
import pytest
from written_layers import recognised

from gradcheck_cli.layers.forms import transposed
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions import probes
from gradcheck_cli.targets.conventions.bias_times import bias_times

SPEC = ConvSpec(2, 3, 4, 6, 7, (2, 5))
LAYER = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))
        self.b = np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        seen = windows(x, *self.W.shape[2:], 1, 0)[:, None]
        terms = seen * self.W[None, :, :, None, None] + self.b[None, :, None, None, None, None, None]
        return terms.sum((2, 5, 6))

    def backward(self, g):
        {g}
        self.dW, self.db = weight_gradient(self.x, self.W, g), g.sum((0, 2, 3))
        return input_gradient(self.x, self.W, g)
"""


@pytest.mark.parametrize(("times", "told"), [(0, 0), (1, 0), (2, 0), (3, 3), (10, 10), (30, 30), (31, 0)])
def test_a_bias_is_counted_for_each_channel_tap_or_product(times, told):
    """3 channels of 2 x 5 taps; once is right, and other numbers are no way to add it."""
    case = probes.integer_case(SPEC)
    assert bias_times(probes.forward(replace(case, bias=case.bias * times)), case) == told


def test_an_output_that_differs_in_one_entry_tells_nothing_of_the_bias():
    """The rest of it has to be the convolution."""
    case = probes.integer_case(SPEC)
    output = probes.forward(replace(case, bias=case.bias * 30))
    output[1, 2, 0, 0] += 1
    assert bias_times(output, case) == 0


def test_where_nothing_is_counted_nothing_is_said():
    """A bias of zeros, a kernel 1x1 of one channel, a transposed layer."""
    one = probes.integer_case(ConvSpec(2, 1, 4, 6, 7, (1, 1)))
    for case in (replace(probes.integer_case(SPEC), bias=np.zeros(4)), one):
        assert bias_times(probes.forward(case), case) == 0
    deconv = probes.integer_case(transposed((2, 3, 4), (3, 4), (2, 2), stride=(2, 2)))
    assert bias_times(probes.forward(replace(deconv, bias=deconv.bias * 12)), deconv) == 0


def test_a_layer_that_adds_its_bias_in_every_product_is_known_by_its_forward(tmp_path):
    """Also where its backward is wrong in everything."""
    chosen = recognised(tmp_path, LAYER.format(g="g = 0 * g + 1"))
    assert chosen.candidate.bias_often
    assert "its forward gives our O exactly but for b, which it adds more than once" in chosen.candidate.why()
