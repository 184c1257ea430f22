"""Whether the shapes of gradients fit their arguments, and whose fault it is where they do not."""

import pytest

from gradcheck_cli.targets.functions.inputs.fitting import ShapeFit, fit_of


@pytest.mark.parametrize(
    ("name", "argument", "gradient", "output", "fit"),
    [
        ("x", (3, 5), (3, 5), (3, 6), ShapeFit.RIGHT),
        ("W", (5, 6), (6, 5), (3, 6), ShapeFit.SLIP),  # not turned back
        ("b", (6,), (3, 6), (3, 6), ShapeFit.SLIP),  # not summed over the rows
        ("gamma", (6,), (3, 6), (3, 6), ShapeFit.SLIP),
        ("b", (6,), (3, 5), (3, 6), ShapeFit.ODD),
        ("a", (6,), (3, 2, 6), (3, 2, 6), ShapeFit.ODD),  # two data of unequal shapes: it need not broadcast
        ("g", (5,), (3, 1, 1), (3, 4, 5), ShapeFit.ODD),
    ],
)
def test_a_wrong_shape_is_a_slip_only_where_one_explains_it(name, argument, gradient, output, fit):
    """Elsewhere the inputs may be none that the code is meant for."""
    assert fit_of(name, argument, gradient, output) is fit
