"""Layers whose forward is no convolution, and forwards that merely have a fault."""

import numpy as np
import pytest
from written_layers import recognised

from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.own_derivative import own_derivative

LAYER = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, x):
        self.x, self.z = x, correlate(x, self.W)
        {forward}

    def backward(self, g):
        {g}
        return input_gradient(self.x, self.W, g){dx}, weight_gradient(self.x, self.W, g){dw}
"""
FITS = {
    "sigmoid": ("self.y = 1 / (1 + np.exp(-self.z)); return self.y", "g = g * self.y * (1 - self.y)"),
    "tanh": ("return np.tanh(self.z)", "g = g * (1 - np.tanh(self.z) ** 2)"),
    "leaky relu": ("return np.where(self.z > 0, self.z, 0.1 * self.z)", "g = np.where(self.z > 0, g, 0.1 * g)"),
    "factor": ("return 3 * self.z", "g = 3 * g"),
    "sine": ("return np.sin(self.z)", "g = g * np.cos(self.z)"),
}
ON_TOP = "its forward is not a convolution: something comes on top, an activation, a norm or a factor; "


def refusal(folder, forward, g="", dx="", dw=""):
    """What the user is told; "" for a layer that is taken."""
    try:
        recognised(folder, LAYER.format(forward=forward, g=g or "pass", dx=dx, dw=dw))
    except NotRecognisedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("forward", "g"), FITS.values(), ids=FITS)
def test_a_backward_that_fits_another_forward_is_no_failure(tmp_path, forward, g):
    """Right for what the layer computes, which is no convolution."""
    assert refusal(tmp_path, forward, g) == ON_TOP + "its backward fits what it computes"


def test_an_activation_whose_backward_fits_nothing_is_not_judged_as_a_convolution(tmp_path):
    """Its derivative is forgotten, and the gradient of the weight is halved."""
    told = refusal(tmp_path, "return np.tanh(self.z)", dx=" / 2", dw=" / 2")
    assert told == ON_TOP + "its backward fits neither that nor a convolution"


def test_a_backward_of_the_convolution_is_judged_as_one_whatever_the_forward_does(tmp_path):
    """The forward forgets the last filter; the backward is right."""
    assert refusal(tmp_path, "self.z[:, -1] = 0; return self.z") == ""


def test_what_has_no_derivative_on_top_changes_nothing(tmp_path):
    """The batch size is added: the derivative is the convolution's, so a wrong gradient is judged."""
    assert refusal(tmp_path, "return self.z + len(x)", dw="[::-1]") == ""


def test_a_pooled_output_is_told_with_both_shapes(tmp_path):
    """Another shape, and no way to bind it."""
    told = refusal(tmp_path, "return self.z[:, :, ::2, ::2]")
    assert told == (
        "its forward is not a convolution: forward gives (3, 4, 3, 3) where a convolution gives (3, 4, 6, 5)"
    )


def test_the_slopes_of_a_forward_tell_its_gradient_from_others():
    """E = sum(G sin(x) y): the derivative fits; another, and one of another shape, do not."""
    draw = np.random.default_rng(3)
    x, y, g = draw.standard_normal((3, 4, 5))
    own = own_derivative(lambda point: np.sin(point["x"]) * point["y"], {"x": x, "y": y}, g)

    assert own.fits("x", g * np.cos(x) * y)
    assert own.fits("y", g * np.sin(x))
    assert not own.fits("x", g * np.cos(x) * y * (1 + 1e-3))
    assert not own.fits("x", g * y)
    assert not own.fits("y", (g * np.sin(x)).T)
