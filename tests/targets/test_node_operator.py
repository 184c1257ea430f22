"""Operators of a graph, made of nodes that hold their arrays and are handed the gradients."""

import numpy as np
import pytest
from recognising import PLAIN, answer, loaded_from, recognised

from gradcheck_cli.targets.conventions.methods import class_source
from gradcheck_cli.targets.conventions.node_operator import node_operator

GRAPH = """
import numpy as np

class Source:
    def __init__(self, array):
        self.array, self.grad = array, None

    def read(self):
        return self.array

    def backward(self, g):
        self.grad = g

class Slide(Source):
    def __init__(self, {nodes}):
        super().__init__(None)
        self.first, self.second = {first}, {second}

    def {forward}(self):
        self.x, self.w = self.first.read(), self.second.read()
        seen = np.lib.stride_tricks.sliding_window_view(self.x, self.w.shape[2:], axis=(2, 3))
        self.array = np.einsum("nchwuv,fcuv->nfhw", seen, self.w)
        {end}

    def backward(self, g):
        dx, dw = np.zeros_like(self.x), np.zeros_like(self.w)
        for u, v in np.ndindex(*self.w.shape[2:]):
            at = np.s_[:, :, u:u + g.shape[2], v:v + g.shape[3]]
            dw[:, :, u, v] = np.einsum("nfhw,nchw->fc", g, self.x[at])
            dx[at] += np.einsum("nfhw,fc->nchw", g, self.w[:, :, u, v])
        self.first.backward(dx)
        self.second.backward(dw)
"""


@pytest.mark.parametrize(
    ("nodes", "first", "second"),
    [("image, kernel", "image", "kernel"), ("kernel, image", "image", "kernel"), ("a, b", "a", "b")],
)
@pytest.mark.parametrize(
    ("forward", "end"), [("read", "return self.array"), ("forward", "return self.array"), ("read", "")]
)
def test_an_operator_of_nodes_is_asked_as_one_of_arrays(tmp_path, nodes, first, second, forward, end):
    """Which node is the kernel, its name says; else the second one; what it gives may be kept."""
    code = GRAPH.format(nodes=nodes, first=first, second=second, forward=forward, end=end)
    chosen = recognised(tmp_path, code, "Slide")
    assert answer(chosen, PLAIN)[1] == {"weight", "input"}
    assert chosen.candidate.forward_right


def test_a_class_that_is_handed_arrays_is_made_of_no_nodes(tmp_path):
    """Its constructor's arguments are asked for no backward."""
    code = """
class Layer:
    def __init__(self, channels, filters):
        self.channels, self.filters = channels, filters

    def forward(self, x):
        return x

    def backward(self, g):
        return g
"""
    loaded = loaded_from(tmp_path, code, "Layer")
    assert node_operator(loaded.target, class_source(loaded.target, loaded.node), vars(loaded.module)) is None


def test_the_gradients_are_those_that_the_nodes_were_handed(tmp_path):
    """In the order x, weight, of a fresh graph each time."""
    code = GRAPH.format(nodes="image, kernel", first="image", second="kernel", forward="read", end="return self.array")
    loaded = loaded_from(tmp_path, code, "Slide")
    operator = node_operator(loaded.target, class_source(loaded.target, loaded.node), vars(loaded.module))()
    x, w = np.ones((1, 1, 3, 3)), np.full((1, 1, 2, 2), 2.0)

    assert np.array_equal(operator.forward(x, w), np.full((1, 1, 2, 2), 8.0))
    dx, dw = operator.backward(np.ones((1, 1, 2, 2)))
    assert np.array_equal(dw, np.full((1, 1, 2, 2), 4.0))
    assert dx[0, 0].tolist() == [[2, 4, 2], [4, 8, 4], [2, 4, 2]]
