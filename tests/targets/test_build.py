"""Constructors and wiring as people write them."""

import numpy as np
import pytest
from written_layers import PLAIN, STRIDED, recognised

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions import NotRecognisedError

ALL = {"weight", "input", "bias"}
BODY = """
    def forward(self, x):
        self.x = x
        return correlate(x, self.W, self.s, self.p) + self.b.reshape(1, -1, 1, 1)

    def backward(self, g):
        self.dW = weight_gradient(self.x, self.W, g, self.s, self.p)
        self.db = g.sum((0, 2, 3))
        return input_gradient(self.x, self.W, g, self.s, self.p)

    def make(self, filters, channels, rows, columns, s=1, p=0):
        self.s, self.p = s, p
        self.W, self.b = np.random.rand(filters, channels, rows, columns), np.zeros(filters)
"""
MADE = {
    "shape_of_the_image_and_sides": """
    def __init__(self, img_dim, n_filters, filter_rows, filter_cols, strides, pad):
        depth, _, _ = img_dim
        self.make(n_filters, depth, filter_rows, filter_cols, strides, pad)
""",
    "kernel_as_four_numbers": """
    def __init__(self, filt, stride_len=1, zero_padding=0):
        rows, columns, channels, filters = filt
        self.make(filters, channels, rows, columns, stride_len, zero_padding)
""",
    "four_sizes_of_the_kernel": """
    def __init__(self, outc, inc, h, w, stride=1, padding=0):
        self.make(outc, inc, h, w, stride, padding)
""",
    "names_that_tell_nothing": """
    def __init__(self, wide, deep, extent, stride=1, padding=0):
        self.make(deep, wide, extent, extent, stride, padding)
""",
    "a_dict": """
    def __init__(self, settings):
        side = settings["k"]
        self.make(settings["n_out"], settings["n_in"], side, side, settings.get("stride", 1), settings["pad"])
""",
    "a_dict_kept": """
    def __init__(self, opts):
        self.opts = opts
        self.make(self.opts["filters"], opts["channels"], opts["size"], opts["size"], opts["stride"], opts["padding"])
""",
    "an_object": """
    def __init__(self, cfg):
        self.make(cfg.out_channels, cfg.in_channels, cfg.kernel_size, cfg.kernel_size, cfg.stride, cfg.padding)
""",
    "what_is_merely_kept": """
    def __init__(self, n_in, n_out, k, s, p, seed, momentum_term, adam):
        self.seed, self.momentum_term, self.adam = seed, momentum_term, adam
        self.make(n_out, n_in, k, k, s, p)
""",
    "late_with_the_shape_of_the_input": """
    def __init__(self, num_filters, filter_size, stride=1, padding=0):
        self.num_filters, self.size, self.told = num_filters, filter_size, (stride, padding)

    def set_input_shape(self, shape):
        self.make(self.num_filters, shape[-3], self.size, self.size, *self.told)
""",
    "late_with_the_layer_before": """
    def __init__(self, num_filters, filter_size, stride=1, padding=0):
        self.num_filters, self.size, self.told = num_filters, filter_size, (stride, padding)

    def connect(self, previous_layer):
        self.make(self.num_filters, previous_layer.output_shape[1], self.size, self.size, *self.told)
""",
    "late_with_an_attribute_set_from_outside": """
    def __init__(self, num_filters, filter_size, stride=1, padding=0):
        self.num_filters, self.size, self.told, self.input_dim = num_filters, filter_size, (stride, padding), None

    def setup(self):
        self.make(self.num_filters, self.input_dim[0], self.size, self.size, *self.told)
""",
    "late_and_compiled": """
    def __init__(self, num_filters, filter_size, stride=1, padding=0):
        self.num_filters, self.size, self.told = num_filters, filter_size, (stride, padding)

    def compile(self, optimizer, input_shape):
        self.optimizer = optimizer
        self.make(self.num_filters, input_shape[0], self.size, self.size, *self.told)
""",
    "late_in_two_steps_with_an_object_that_makes_arrays": """
    def __init__(self, filters, kernel_size, stride=1, padding=0):
        self.filters, self.size, self.told, self.input_shape = filters, kernel_size, (stride, padding), None

    def on_input_shape(self):
        self.depth = self.input_shape[-3]

    def initialize(self, initializer):
        self.s, self.p = self.told
        self.W = initializer.get(self.filters, self.depth, self.size, self.size)
        self.b = np.array([0.0 for _ in range(self.filters)])
""",
    "defaults_for_all": """
    def __init__(self, input_maps=1, output_maps=1, filter_size=(1, 1), stride=1, padding=0):
        self.make(output_maps, input_maps, *filter_size, stride, padding)
""",
}


@pytest.mark.parametrize("init", MADE.values(), ids=MADE)
def test_a_constructor_is_built_by_what_it_does_with_its_parameters(tmp_path, init):
    """The same right layer behind each, at two geometries, the second with a stride and a padding."""
    known = recognised(tmp_path, f"class Conv:{init}{BODY}")
    assert known.right(PLAIN) == ALL
    assert known.right(STRIDED) == ALL


@pytest.mark.parametrize("size", [2, 5])
def test_a_kernel_whose_size_is_written_down_is_asked_with_that_size(tmp_path, size):
    """It takes no other; one image at a time, channels last."""
    code = f"""
class Conv:
    def __init__(self, n_filters, channels):
        self.filters = np.random.randn(n_filters, {size}, {size}, channels)

    def forward(self, image):
        self.seen = image.transpose(2, 0, 1)[None]
        return correlate(self.seen, self.filters.transpose(0, 3, 1, 2))[0].transpose(1, 2, 0)

    def backprop(self, g, rate):
        g = g.transpose(2, 0, 1)[None]
        kernels = self.filters.transpose(0, 3, 1, 2)
        back = input_gradient(self.seen, kernels, g)[0].transpose(1, 2, 0)
        self.filters = self.filters - rate * weight_gradient(self.seen, kernels, g).transpose(0, 2, 3, 1)
        return back
"""
    assert recognised(tmp_path, code).right(ConvSpec(1, 3, 4, 9, 8, (size, size))) == {"weight", "input"}


@pytest.mark.parametrize("kind", ["@dataclass\nclass Setup:", "class Setup(NamedTuple):"])
def test_an_annotated_configuration_is_made_of_its_fields(tmp_path, kind):
    """A dataclass or a named tuple; fields that tell nothing keep their defaults."""
    code = f"""
from dataclasses import dataclass
from typing import NamedTuple

{kind}
    channels_in: int
    channels_out: int
    side: int = 3
    stride: int = 1
    flavour: str = "vanilla"

class Conv:
    def __init__(self, setup: Setup):
        assert setup.flavour == "vanilla"
        self.make(setup.channels_out, setup.channels_in, setup.side, setup.side, setup.stride)
{BODY}"""
    assert recognised(tmp_path, code).right() == ALL


def test_a_constructor_that_raises_is_told_with_its_error(tmp_path):
    """The likeliest way to call it, and what that raised at which step."""
    code = f"""
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.make(out_channels, in_channels, kernel_size, kernel_size)
        self.scale = np.flaot64(1)
{BODY}"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert str(caught.value) == "Conv(in_channels, out_channels, kernel_size) cannot be made"
    assert caught.value.step == "build"
    assert isinstance(caught.value.error, AttributeError)
    assert "flaot64" in str(caught.value.error)


def test_a_forgotten_import_is_told(tmp_path):
    """A cell of a notebook, copied out."""
    code = f"""
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.make(out_channels, in_channels, kernel_size, kernel_size)
{BODY}"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code, routines="")
    assert isinstance(caught.value.error, NameError)


def test_a_class_that_holds_no_weights_of_a_convolution_says_what_it_holds(tmp_path):
    """A dense layer in the wrong file."""
    code = """
class Conv:
    def __init__(self, in_channels, out_channels):
        self.table = np.zeros((out_channels, in_channels + 1))

    def forward(self, x):
        return x

    def backward(self, g):
        return g + self.table[0, 0]
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert caught.value.step == "build"
    assert str(caught.value) == (
        "no weights of a 2-D convolution were found in Conv(in_channels, out_channels): it holds table (4, 3)"
    )


def test_a_layer_whose_sizes_cannot_be_told_says_which_it_has(tmp_path):
    """Everything is written into the constructor."""
    code = f"""
class Conv:
    def __init__(self):
        self.make(6, 5, 7, 7)
{BODY}"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert str(caught.value) == ("Conv() fixes the sizes of its weights, W (6, 5, 7, 7): none could be asked for")


def test_a_depthwise_layer_is_a_convolution_of_as_many_groups_as_channels(tmp_path):
    """W (C, kh, kw)."""
    code = """
class Conv:
    def __init__(self, channels, k):
        self.W = np.zeros((channels, k, k))

    def forward(self, x):
        self.x = x
        return np.einsum("ncpquv,cuv->ncpq", windows(x, *self.W.shape[1:], 1, 0), self.W)

    def backward(self, g):
        kernels = self.W[:, None]
        self.dW = np.einsum("ncpquv,ncpq->cuv", windows(self.x, *self.W.shape[1:], 1, 0), g)
        planes = [input_gradient(self.x[:, [i]], kernels[[i]], g[:, [i]]) for i in range(len(kernels))]
        return np.concatenate(planes, axis=1)
"""
    known = recognised(tmp_path, code)
    assert known.right(ConvSpec(2, 3, 3, 8, 7, (3, 3), groups=3)) == {"weight", "input"}
    assert known.candidate.refuses(PLAIN) == "it is depthwise: it has one filter for each channel"
    assert known.candidate.notes() == ("a depthwise convolution: groups = channels",)


@pytest.mark.parametrize(("axes", "conv"), [("t", "conv1d"), ("tuv", "conv3d")])
def test_layers_of_one_and_three_axes_are_known_by_their_forward(tmp_path, axes, conv):
    """Nothing but what it gives says how many axes it takes; its backward is wrong."""
    k = ", ".join(["kernel_size"] * len(axes))
    code = f"""
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.zeros((out_channels, in_channels, {k}))

    def forward(self, x):
        self.x, d = x, self.W.ndim - 2
        assert x.ndim == d + 2
        view = np.lib.stride_tricks.sliding_window_view(x, self.W.shape[2:], tuple(range(2, d + 2)))
        return np.moveaxis(np.tensordot(view, self.W, [[1, *range(-d, 0)], [1, *range(2, d + 2)]]), -1, 1)

    def backward(self, g):
        self.dW = np.zeros_like(self.W)
        return np.zeros_like(self.x)
"""
    assert recognised(tmp_path, code).candidate.layout.conv == conv


def test_a_transposed_layer_does_not_pass_as_a_true_convolution(tmp_path):
    """At stride 1 and padding (k - 1) / 2 it gives what a convolution with a turned kernel gives."""
    code = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W, self.s, self.p = np.zeros((out_channels, in_channels, kernel_size, kernel_size)), stride, padding

    def forward(self, x):
        self.x, k = x, self.W.shape[2]
        rows, columns = ((size - 1) * self.s + k - 2 * self.p for size in x.shape[2:])
        blank = np.zeros((len(x), len(self.W), rows, columns))
        return input_gradient(blank, self.W.transpose(1, 0, 2, 3), x, self.s, self.p)

    def backward(self, g):
        self.dW = weight_gradient(g, self.W.transpose(1, 0, 2, 3), self.x, self.s, self.p).transpose(1, 0, 2, 3)
        return correlate(g, self.W.transpose(1, 0, 2, 3), self.s, self.p)
"""
    assert recognised(tmp_path, code).candidate.layout.conv == "conv_transpose2d"


def test_the_weights_are_ours_whatever_the_constructor_put_there(tmp_path):
    """Ones in every kernel: what comes out belongs to the case's numbers."""
    known = recognised(tmp_path, f"class Conv:{MADE['a_dict']}{BODY}")
    assert np.any(known.call().items[".dW"])
