"""An `async def` is refused before it is asked, and the way out that is named works."""

import pytest

from helpers import verified

PAIR = """
import numpy as np

def affine_forward(x, w):
    return x @ w, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout
"""
CLASS = """
class Affine:
    def __init__(self, w):
        self.w = w

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dout):
        self.dw = self.x.T @ dout
        return dout @ self.w.T
"""
CONVOLUTION = """
import asyncio
import numpy as np

async def conv_backward(dout, x, w):
    dw = np.zeros_like(w)
    for n, f, p, q in np.ndindex(dout.shape):
        dw[f] += dout[n, f, p, q] * x[n, :, p : p + w.shape[2], q : q + w.shape[3]]
    return dw
"""


def only_target(folder, code, **options):
    """What `verify` says of a file with one layer."""
    (target,) = verified(folder, code, **options).targets
    return target


@pytest.mark.parametrize(
    ("code", "plain", "named"),
    [
        (PAIR, "def affine_backward", "affine_backward"),
        (PAIR, "def affine_forward", "affine_forward"),
        (CLASS, "def backward", "Affine.backward"),
        (CLASS, "def forward", "Affine.forward"),
    ],
)
def test_what_would_have_to_be_awaited_is_refused(tmp_path, code, plain, named):
    """By its name, whichever of the two it is; nothing is said of gradients that nobody computed."""
    target = only_target(tmp_path, code.replace(plain, f"async {plain}"))

    assert target.verdict == "error"
    assert target.error.startswith(f"{named} is an `async def`: a call of it gives a coroutine, and no numbers.")
    assert target.findings == ()


def test_a_convolution_s_backward_is_no_other(tmp_path):
    """It was a crash of the user's code before."""
    assert "conv_backward is an `async def`" in only_target(tmp_path, CONVOLUTION).error


def test_what_awaits_it_itself_is_judged(tmp_path):
    """The way out of the hint."""
    target = only_target(tmp_path, CONVOLUTION, call="asyncio.run(conv_backward(G, x, w))", returns="weight")

    assert (target.verdict, target.gradients["weight"].verdict) == ("pass", "pass")


def test_other_methods_may_well_be_awaited(tmp_path):
    """Only what is called here has to be a plain function."""
    target = only_target(tmp_path, CLASS + "\n    async def download(self):\n        pass\n")

    assert target.error == ""
    assert target.verdict == "pass"
