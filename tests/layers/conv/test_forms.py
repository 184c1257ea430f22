"""Layers of every form: the fast ways, lifted, against the definition, and against laws that tie the forms together."""

import random
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from layer_forms import drawn, whole

from gradcheck_cli.layers import conv
from gradcheck_cli.layers.conv import definition, rowwise, upright
from gradcheck_cli.model import CONVS, GRADIENTS, Case, TorchLayer

PADDED = {"in_channels": 1, "out_channels": 1, "size": 4, "kernel_size": 3, "conv": "conv1d"}


@pytest.mark.parametrize("name", CONVS)
def test_lifted_ways_are_the_definition_bit_for_bit(name):
    """On integers, forward and all three gradients."""
    generator = random.Random(name)
    for _ in range(40):
        spec = drawn(generator, name)
        case = whole(spec)
        expected = {
            "weight": definition.grad_weight(case.x, case.grad_output, spec.geometry),
            "input": definition.grad_input(case.weight, case.grad_output, spec.geometry),
            "bias": definition.grad_bias(case.grad_output),
        }
        found = conv.backward(case)

        assert [name for name in GRADIENTS if not np.array_equal(expected[name], found[name])] == [], spec
        assert np.array_equal(definition.forward(case.x, case.weight, case.bias, spec.geometry), conv.forward(case))


@pytest.mark.parametrize("way", [rowwise, upright])
def test_each_way_of_a_line_is_the_definition_bit_for_bit(way):
    """Whichever is cheaper; lines of several blocks among them."""
    long = TorchLayer(
        conv="conv1d", in_channels=2, out_channels=2, size=5000, kernel_size=3, stride=2, padding=[(3, 1)]
    )
    drawn_ones = (drawn(random.Random(seed), "conv1d") for seed in range(40))
    for spec in [long.spec, *(spec for spec in drawn_ones if spec.is_plain)]:
        case = whole(spec)
        weight = definition.grad_weight(case.x, case.grad_output, spec.geometry)
        at_input = definition.grad_input(case.weight, case.grad_output, spec.geometry)

        assert np.array_equal(weight, way.grad_weight(case.x, case.grad_output, spec))
        assert np.array_equal(at_input, way.grad_input(case.weight, case.grad_output, spec))


def test_a_long_kernel_on_a_line_is_copied_block_by_block():
    """All windows at once would be 80 times the line."""
    spec = TorchLayer(conv="conv1d", in_channels=4, out_channels=4, size=20_000, kernel_size=80).spec
    x, grad_output = np.ones(spec.x_shape), np.ones(spec.output_shape)
    tracemalloc.start()
    conv.grad_weight(x, grad_output, spec)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 3 * (x.nbytes + grad_output.nbytes)


@pytest.mark.parametrize("name", CONVS)
def test_fft_gives_every_form_to_within_its_rounding(name):
    """The second source takes the same way to the forms."""
    generator = random.Random(name)
    for _ in range(5):
        case = whole(drawn(generator, name))
        right, found = conv.backward(case), conv.backward(case, method="fft")

        assert all(np.allclose(right[name], found[name], rtol=0, atol=1e-9) for name in GRADIENTS)


def test_volumes_of_one_plane_are_pictures():
    """Three axes with a depth of 1 have the gradients of two."""
    flat = TorchLayer(in_channels=4, out_channels=6, size=(5, 7), kernel_size=(3, 2), stride=2, padding=1, groups=2)
    deep = replace(flat, conv="conv3d", size=(1, 5, 7), kernel_size=(1, 3, 2), stride=(1, 2, 2), padding=(0, 1, 1))
    case = whole(flat.spec)
    as_volume = Case(deep.spec, case.x[:, :, None], case.weight[:, :, None], case.bias, case.grad_output[:, :, None])
    expected, found = conv.backward(case), conv.backward(as_volume)

    assert np.array_equal(expected.weight, found.weight[:, :, 0])
    assert np.array_equal(expected.input, found.input[:, :, 0])


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_transposed_layers_are_the_gradient_of_the_input(axes):
    """What one puts out is dE/dX of the convolution that it turns round, with its input for G."""
    layer = TorchLayer(
        conv=f"conv_transpose{axes}d",
        in_channels=4,
        out_channels=6,
        size=4,
        kernel_size=3,
        stride=2,
        padding=1,
        groups=2,
    ).spec
    case = whole(layer)
    turned = Case(layer.mirrored, case.grad_output, case.weight, np.zeros(4), case.x)

    assert np.array_equal(conv.forward(case.with_array("bias", np.zeros(6))), conv.backward(turned).input)
    assert np.array_equal(conv.backward(case).weight, conv.backward(turned).weight)
    assert np.array_equal(conv.backward(case).input, conv.forward(turned))


def test_circular_padding_is_the_tiled_input():
    """A circle that is cut open: the input three times over has all that its padding shows."""
    circle = TorchLayer(**PADDED | {"padding": 2, "padding_mode": "circular"}).spec
    tiled = TorchLayer(**PADDED | {"size": 8}).spec
    case = whole(circle)
    found = conv.backward(case)
    wide = np.tile(case.x, 3)[..., 2:10]
    spread = conv.grad_input(case.weight, case.grad_output, tiled)

    assert np.array_equal(found.weight, conv.grad_weight(wide, case.grad_output, tiled))
    assert np.array_equal(found.input, spread[..., 2:6] + np.pad(spread[..., 6:], ((0, 0),) * 3 + ((0, 2),))
                          + np.pad(spread[..., :2], ((0, 0),) * 3 + ((2, 0),)))  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "sources"), [("reflect", [2, 1, 0, 1, 2, 3, 2]), ("replicate", [0, 0, 0, 1, 2, 3, 3])]
)
def test_mirrors_and_edges_are_index_arithmetic(mode, sources):
    """Two elements in front and one behind: each product goes to the element that was read, written out by hand."""
    spec = TorchLayer(**PADDED | {"padding": [(2, 1)], "padding_mode": mode}).spec
    case = whole(spec)
    x, weight, upstream = case.x.ravel(), case.weight.ravel(), case.grad_output.ravel()
    grad_weight, grad_input = np.zeros(3), np.zeros(4)
    for place in range(5):
        for tap in range(3):
            grad_weight[tap] += upstream[place] * x[sources[place + tap]]
            grad_input[sources[place + tap]] += upstream[place] * weight[tap]
    found = conv.backward(case)

    assert (grad_weight.tolist(), grad_input.tolist()) == (found.weight.ravel().tolist(), found.input.ravel().tolist())


def test_outputs_that_no_product_reaches_have_the_bias_alone():
    """torch makes such layers of output padding and nothing else: no gradient but that of the bias."""
    spec = TorchLayer(
        conv="conv_transpose1d",
        in_channels=1,
        out_channels=1,
        size=1,
        kernel_size=1,
        padding=1,
        output_padding=2,
        dilation=3,
    ).spec
    case = whole(spec)

    assert conv.forward(case).tolist() == [[[[case.bias[0]]]]]
    assert not conv.backward(case).weight.any()
    assert not conv.backward(case).input.any()
