"""Whether the shapes of gradients fit their arguments, and whose fault it is where they do not."""

import pytest
from functions_here import function_here

from gradcheck_cli.model import Verdict
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


HANDED_THROUGH = """
import numpy as np

def strongest(z):
    return z.max(axis=0, keepdims=True), z

def strongest_backward(dout, cache):
    z = cache
    return GIVEN
"""


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ("dout", Verdict.FAIL),
        ("dout * 2", Verdict.FAIL),
        ("dout * (np.arange(len(z))[:, None] == z.argmax(axis=0))", Verdict.PASS),
    ],
)
def test_a_gradient_in_the_shape_of_g_alone_is_wrong_whatever_the_input_is(tmp_path, given, verdict):
    """There is one argument, and its gradient has its shape, however its axes are meant."""
    file = tmp_path / "maxout.py"
    file.write_text(HANDED_THROUGH.replace("GIVEN", given))

    report = function_here(f"{file}:strongest_backward")

    assert (report.verdict, [finding.id for finding in report.findings]) == (
        verdict,
        [] if verdict == Verdict.PASS else ["wrong-shape"],
    )
