"""What was seen, made ready for comparing: shapes mended, axes in our order, the grid that decides."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_cli.diagnose import Observation
from gradcheck_cli.diagnose.observation import absolute, gather, in_our_order, squeezed_to
from gradcheck_cli.mistakes import Problem
from gradcheck_cli.model import Case, ConvSpec, Gradients

SPEC = ConvSpec(1, 1, 1, 1, 2, (1, 1))


def case(x=1.0, grad_output=1.0, weight=1.0):
    """One channel, two pixels."""
    arrays = (
        np.full(SPEC.x_shape, x),
        np.full(SPEC.weight_shape, weight),
        np.zeros(1),
        np.full((1, 1, 1, 2), grad_output),
    )
    return Case(SPEC, *arrays)


@pytest.mark.parametrize(
    ("gradient", "layout", "shape", "ours"),
    [
        ("input", "NCHW", (2, 3, 4, 5), (2, 3, 4, 5)),
        ("input", "NHWC", (2, 4, 5, 3), (2, 3, 4, 5)),
        ("input", "CHW", (3, 4, 5), (1, 3, 4, 5)),
        ("input", "HWC", (4, 5, 3), (1, 3, 4, 5)),
        ("input", "HW", (4, 5), (1, 1, 4, 5)),
        ("input", "NHWC", (4, 5, 3), (4, 5, 3)),
        ("weight", "NCHW", (2, 3, 4, 5), (2, 3, 4, 5)),
        ("weight", "NHWC", (4, 5, 3, 2), (2, 3, 4, 5)),
        ("weight", "HWC", (4, 5, 3, 2), (2, 3, 4, 5)),
        ("weight", "CHW", (2, 3, 4, 5), (2, 3, 4, 5)),
        ("weight", "CHW", (3, 4, 5), (3, 4, 5)),
        ("weight", "HW", (2, 4, 5), (2, 1, 4, 5)),
        ("weight", "HW", (4, 5), (1, 1, 4, 5)),
        ("weight", "HW", (2, 3, 4, 5), (2, 3, 4, 5)),
        ("weight", "HW", (4,), (4,)),
    ],
)
def test_an_array_that_fits_nothing_is_turned_into_our_order(gradient, layout, shape, ours):
    """(n, c, h, w) and (o, i, u, v); what has another number of axes than its layout stays."""
    array = np.arange(float(np.prod(shape))).reshape(shape)
    turned = in_our_order(array, gradient, layout)

    assert ours == turned.shape
    assert sorted(array.ravel()) == sorted(turned.ravel())
    # The first step along our last axis is a step along theirs.
    letters = {"NCHW": 3, "CHW": 2, "NHWC": 2, "HWC": 1, "HW": 1}[layout] if gradient == "input" else None
    if letters is not None and len(ours) == 4:
        assert array.strides[letters] // 8 == turned[0, 0, 0, 1] - turned[0, 0, 0, 0]
    if gradient == "weight" and layout.endswith("C"):
        assert array.transpose(3, 2, 0, 1).tolist() == turned.tolist()


def test_axes_of_length_1_are_no_other_shape():
    """Too many or too few; another length is."""
    right = np.zeros((1, 2, 1, 3))

    assert right.shape == squeezed_to(np.zeros((2, 3)), right).shape
    assert (3, 2) == squeezed_to(np.zeros((3, 2)), right).shape
    assert (2, 1, 1, 3) == squeezed_to(np.zeros((2, 1, 1, 3)), right).shape


@pytest.mark.parametrize(
    ("changes", "decisive"),
    [
        ({}, True),
        ({"x": 2.0**23}, True),
        ({"x": 2.0**-60, "grad_output": 2.0**-60}, True),
        ({"x": 3.0 * 2.0**22}, True),
        ({"x": 2.0**23 + 1}, False),
        ({"x": 2.0**-10 + 2.0**-40}, False),
        ({"weight": 2.0**24 + 1}, False),
    ],
)
def test_only_sums_that_are_exact_in_float32_decide(changes, decisive):
    """At most 2^24 on the grid of the data, whatever their scale: two pixels of 2^23 are one times 2^24."""
    seen = Observation(case(**changes), Gradients(weight=np.zeros((1, 1, 1, 1))))
    (evidence,) = gather([seen], "weight", "NCHW")

    assert decisive == evidence.decisive


def test_what_is_gathered():
    """Finite numbers only, widened, with the roundoff of the user's own dtype."""
    weight = np.full((1, 1, 1, 1), 2.0, np.float32)
    seen = Observation(case(), Gradients(weight=weight))
    found = gather(
        [
            seen,
            replace(seen, dtypes={"weight": "float16"}),
            replace(seen, dtypes={"weight": "bfloat16"}),
            replace(seen, actual=Gradients()),
            replace(seen, actual=Gradients(weight=weight * np.nan)),
            replace(seen, dtypes={"weight": "int64"}),
        ],
        "weight",
        "NCHW",
    )

    assert [2.0**-24, 2.0**-11, 2.0**-8, 2.0**-53] == [evidence.unit for evidence in found]
    assert {np.dtype(np.float64)} == {evidence.actual.dtype for evidence in found}
    assert not found[0].wrong
    assert np.array_equal(Problem(case()).grad_weight, found[0].right)


def test_a_bias_gradient_of_another_shape_stays_as_it_came():
    """It has no layout that it could be turned from."""
    bias = np.arange(24.0).reshape(1, 2, 3, 4)
    (found,) = gather([Observation(case(), Gradients(bias=bias))], "bias", "NHWC")

    assert np.array_equal(bias, found.actual)


def test_absolute_values_everywhere():
    """X, F, b and G; their gradients are A."""
    made = replace(case(x=-2.0, grad_output=-3.0, weight=-5.0), bias=np.array([-7.0]))
    found = Problem(absolute(made))

    assert [2, 5, 7, 3] == [array.flat[0] for array in (found.case.x, *_arrays(found.case))]
    assert (12, 15, 6) == (found.grad_weight.item(), found.grad_input.flat[0], found.grad_bias.item())
    assert found.spec == SPEC


def _arrays(made):
    return made.weight, made.bias, made.grad_output


@pytest.mark.parametrize(("larger", "decisive"), [(2.0**23 + 1, True), (2.0**23 + 3, False)])
def test_a_sum_of_exactly_2_to_the_24_still_decides(larger, decisive):
    """Two odd pixels, which no power of 2 makes smaller: 2^23 - 1 beside the larger one."""
    made = replace(case(), x=np.array([[[[2.0**23 - 1, larger]]]]))
    (evidence,) = gather([Observation(made, Gradients(weight=np.zeros((1, 1, 1, 1))))], "weight", "NCHW")

    assert decisive == evidence.decisive
