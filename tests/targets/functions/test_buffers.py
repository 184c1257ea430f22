"""Functions that write into what they are handed, as functions that return it."""

import ast
import inspect

import numpy as np

from gradcheck_cli.targets.functions.buffers import returning
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.plain import PlainFunction


def scale_forward(out, size, inp, weight):
    """As in C: row by row."""
    for row in range(inp.shape[0]):
        size[row] = (inp[row] ** 2).sum()
        out[row] = inp[row] * weight


def scale_backward(dinp, dweight, dout, inp, weight):
    """It adds."""
    for row in range(inp.shape[0]):
        dinp[row] += dout[row] * weight
        dweight += dout[row] * inp[row]


def plain(x):
    """It returns what it computes."""
    return x * 2


def plain_backward(dout, dx):
    """And its backward fills dx."""
    dx[:] = 2 * dout


def written(function):
    """A function with its syntax."""
    node = ast.parse(inspect.getsource(function)).body[0]
    return PlainFunction(function, node, function.__name__, inspect.getsource(function))


def test_what_is_written_is_returned_in_the_shapes_that_it_fills():
    """Whole rows of out, one number for each row of size; the backward starts from 0."""
    pair = PairForm(*returning(written(scale_forward), written(scale_backward)))
    x, w = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    assert [item.name for item in pair.parameters] == ["inp", "weight"]
    ready = next(pair.wirings({"inp": x, "weight": w}))
    (output,) = ready.forward({"inp": x, "weight": w})
    assert output.tolist() == (x * w).tolist()
    ran = ready.run({"inp": x, "weight": w}, [np.ones((2, 3))])
    assert ran.gradients["inp"].tolist() == [[1, 2, 3], [1, 2, 3]]
    assert ran.gradients["weight"].tolist() == [3, 5, 7]


def test_a_backward_alone_may_fill_what_it_is_handed():
    """Its forward returns its output as ever."""
    pair = PairForm(*returning(written(plain), written(plain_backward)))
    ready = next(pair.wirings({"x": np.ones(3)}))
    assert ready.run({"x": np.ones(3)}, [np.array([1.0, 2, 3])]).gradients["x"].tolist() == [2, 4, 6]


def test_functions_that_return_something_stay_as_they_are():
    """Writing into an array of one's own is no result."""
    fore = written(plain)
    assert returning(fore, fore) == (fore, fore)
