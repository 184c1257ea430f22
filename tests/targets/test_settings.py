"""Settings that are handed over in one thing: a dict by its keys, a row by the names into which it is taken apart."""

import ast

import pytest
from recognising import answer, recognised

from gradcheck_cli.layers.forms import transposed
from gradcheck_cli.targets.conventions.settings import parameter_keys, roles_in_a_row, settings_of
from gradcheck_cli.targets.conventions.source import Source

GIVEN = {"stride": 2, "padding": 1, "dilation": 3, "x": None}


def source(line):
    """A function that does this with `conf`."""
    return Source(ast.parse(f"def back(g, x, w, conf):\n    {line}\n"))


@pytest.mark.parametrize(
    ("line", "row"),
    [("pad, stride = conf", (1, 2)), ("s, p = conf", (2, 1)), ("s = conf[0]; d = conf[1]", (2, 3))],
)
def test_settings_that_are_taken_apart_are_handed_in_that_order(line, row):
    """As many as there are names."""
    assert settings_of(source(line), "conf", GIVEN) == row


@pytest.mark.parametrize("line", ["s, n = conf", "s, t = conf", "s, s = conf", "s = conf['stride']"])
def test_names_that_tell_of_anything_else_make_no_row(line):
    """Another thing, the same twice, or keys: a dict it is."""
    assert roles_in_a_row(source(line), "conf") == ()
    assert settings_of(source(line), "conf", GIVEN)["stride"] == 2


def test_a_row_carries_what_it_names_and_nothing_else():
    """The padding is not told here."""
    assert parameter_keys(source("s, d = conf"), "conf") == {"stride", "dilation"}


FUNCTION = """
import torch

class Up(torch.autograd.Function):
    @staticmethod
    def forward(ctx, Y, in_kernels, in_bias=None, how=None):
        if how is None:
            how = (0, 1)
        pad, step = how
        ctx.how = how
        ctx.save_for_backward(Y, in_kernels)
        out = torch.nn.functional.conv_transpose2d(Y, in_kernels, None, step, pad)
        return out if in_bias is None else out + in_bias.reshape(-1, 1, 1)

    @staticmethod
    def backward(ctx, upstream):
        pad, step = ctx.how
        Y, kernels = ctx.saved_tensors
        grad_y = torch.nn.functional.conv2d(upstream, kernels, None, step, pad)
        shape = kernels.shape
        grad_k = torch.nn.grad.conv2d_weight(upstream, shape, Y, step, pad)
        return grad_y, grad_k, upstream.sum((0, 2, 3)), None
"""


def test_a_function_is_told_its_row_of_settings_whatever_it_calls_its_input(tmp_path):
    """Y is what a transposed layer begins with; its stride and its padding are asked."""
    chosen = recognised(tmp_path, FUNCTION, "Up")
    assert chosen.candidate.layout.transposed
    spec = transposed((3, 2, 4), (5, 6), (3, 3), stride=(2, 2), padding=(1, 1))
    assert answer(chosen, spec)[1] == {"weight", "input", "bias"}
