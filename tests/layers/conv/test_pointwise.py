"""Layers whose windows do not overlap: one matrix product, without a copy of a window."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from conv_cases import by_definition, integer_case, specs
from hypothesis import assume, given, settings, strategies as st

from gradcheck_cli.layers.conv import pointwise
from gradcheck_cli.layers.conv.direct import input_ways, weight_ways
from gradcheck_cli.model import ConvSpec


def test_gradients_of_a_1x1_kernel_by_hand():
    """Two pixels 3 and 5 with G 2 and -1: dF = 2 * 3 - 5; with F = 10, dX = (20, -10)."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 1))
    x, weight, upstream = (np.array(row, float).reshape(1, 1, 1, -1) for row in ((3, 5), (10,), (2, -1)))
    assert [1] == pointwise.grad_weight(x, upstream, spec).ravel().tolist()
    assert [20, -10] == pointwise.grad_input(weight, upstream, spec).ravel().tolist()


def test_gradients_of_a_single_output_by_hand():
    """One window over all of X, behind a column of zeros: dF = G * (0, 3, 5), and dX = G * the taps that meet X."""
    spec = ConvSpec(1, 1, 1, 1, 2, (1, 3), padding=(0, 1), extra_after=(0, -1))
    x, weight, upstream = (np.array(row, float).reshape(1, 1, 1, -1) for row in ((3, 5), (7, 10, 100), (2,)))
    assert [0, 6, 10] == pointwise.grad_weight(x, upstream, spec).ravel().tolist()
    assert [20, 200] == pointwise.grad_input(weight, upstream, spec).ravel().tolist()


@given(spec=specs(), is_one_tap=st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_is_the_definition_bit_for_bit(spec, is_one_tap):
    """With any stride, padding, groups and batch, whether one tap has many outputs or one output many taps."""
    height, width = (1, 1) if is_one_tap else (extent - 2 * p - e for extent, p, e in _sides(spec))
    kernel = (1, 1) if is_one_tap else spec.kernel_size
    assume(min(height, width) > 0)
    only = replace(spec, kernel_size=kernel)
    if not is_one_tap:
        only = replace(only, height=height, width=width)
    case = integer_case(only)

    assert pointwise.applies(only)
    for way in (by_definition, pointwise):
        assert np.array_equal(
            by_definition.grad_weight(case.x, case.grad_output, only), way.grad_weight(case.x, case.grad_output, only)
        )
        assert np.array_equal(
            by_definition.grad_input(case.weight, case.grad_output, only),
            way.grad_input(case.weight, case.grad_output, only),
        )


def _sides(spec):
    return zip(spec.extent, spec.padding, spec.extra_after, strict=True)


@pytest.mark.parametrize(
    "spec",
    [
        ConvSpec(1, 16, 8, 300, 200, (1, 1)),
        ConvSpec(3, 16, 8, 100, 200, (1, 1), groups=4),
        ConvSpec(2, 900, 4, 20, 20, (20, 20)),
    ],
)
def test_nothing_is_copied(spec):
    """Beside the result, less memory is taken than a tenth of X."""
    x, upstream = np.ones(spec.x_shape), np.ones(spec.output_shape)
    tracemalloc.start()
    gradient = pointwise.grad_weight(x, upstream, spec)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - gradient.nbytes < x.nbytes / 10


def test_it_is_no_way_of_layers_whose_windows_overlap():
    """A 1x2 kernel with two outputs meets the middle pixel twice."""
    spec = ConvSpec(1, 1, 1, 1, 3, (1, 2))
    assert pointwise not in (*weight_ways(spec), *input_ways(spec))
