"""The fast forward of the hand-written side."""

import numpy as np
from conv_cases import integer_case, specs
from hypothesis import given, settings

from gradcheck_cli.layers import conv
from gradcheck_cli.layers.conv import definition
from gradcheck_cli.model import Case, ConvSpec


def test_forward_by_hand():
    """Two windows of 1 2 3 with a zero behind it, times 10 and 1, and 100 for the bias."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 2), stride=(1, 2), extra_after=(0, 1))
    x, weight = np.array([[[[1.0, 2, 3]]]]), np.array([[[[10.0, 1]]]])

    assert [[[[112, 130]]]] == conv.forward(Case(spec, x, weight, np.array([100.0]), np.zeros((1, 1, 1, 2)))).tolist()


@given(spec=specs())
@settings(max_examples=30)
def test_it_is_the_definition_bit_for_bit(spec):
    """On integers, with every stride, padding, dilation and group."""
    case = integer_case(spec)

    assert np.array_equal(definition.forward(case.x, case.weight, case.bias, spec.geometry), conv.forward(case))


def test_only_the_gradients_that_are_wanted_are_computed():
    """The others are not there, and those that are have the same bits."""
    case = integer_case(ConvSpec(2, 3, 4, 6, 7, (3, 2)))
    whole, alone = conv.backward(case), conv.backward(case, ("weight",))

    assert ["weight"] == list(alone)
    assert np.array_equal(whole.weight, alone.weight)
