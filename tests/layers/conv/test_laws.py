"""The definition held to its own laws on random layers of one to three axes, and to torch's autograd bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conv_cases import axes, geometries, numbers, transposed_axes
from hypothesis import given, settings, strategies as st
from torch.nn import functional

from gradcheck_cli.layers.conv import definition
from gradcheck_cli.model import Axis, Geometry, TransposedAxis
from gradcheck_cli.model.errors import GeometryError

CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
POINT = Axis(1, 1)


def answers(layer, arrays):
    """O, dE/dF, dE/dX and dE/db by the definition."""
    x, weight, bias, grad_output = arrays
    return (
        definition.forward(x, weight, bias, layer),
        definition.grad_weight(x, grad_output, layer),
        definition.grad_input(weight, grad_output, layer),
        definition.grad_bias(grad_output),
    )


def same(expected, actual):
    """Whether all are equal, bit for bit, and of one shape."""
    return all(np.array_equal(one, other) for one, other in zip(expected, actual, strict=True))


def padded(x, layer):
    """X as torch pads it, axis by axis, so that each may have its own mode."""
    for place, axis in enumerate(layer.axes):
        # torch pads the last axes alone, and other than with zeros only where a batch and channels stand in front.
        line = x.movedim(2 + place, -1)
        flat = line.reshape(1, -1, line.shape[-1])
        mode = "constant" if axis.mode == "zeros" else axis.mode
        wide = functional.pad(flat, (axis.before, axis.after), mode=mode)
        x = wide.reshape(*line.shape[:-1], -1).movedim(-1, 2 + place)
    return x


def convolved(x, weight, bias, layer):
    """O by torch: X is padded first."""
    stride, dilation = [axis.stride for axis in layer.axes], [axis.dilation for axis in layer.axes]
    convolve = CONVOLUTIONS[len(layer.axes)]
    return convolve(padded(x, layer), weight, bias, stride=stride, dilation=dilation, groups=layer.groups)


def transposed(x, weight, bias, layer):
    """O by torch: it cuts as much off both sides, so what is cut off unevenly is cut off here."""
    options = {name: [getattr(axis, name) for axis in layer.axes] for name in ("stride", "dilation")}
    whole = TRANSPOSED[len(layer.axes)](x, weight, None, groups=layer.groups, **options)
    for place, axis in enumerate(layer.axes):
        others, sides = (0, 0) * (len(layer.axes) - 1 - place), (-axis.before, -axis.after)
        # What is added comes first: torch cuts before it adds, and there may be less than is cut off.
        whole = functional.pad(whole, (*others, *(max(side, 0) for side in sides)))
        whole = functional.pad(whole, (*others, *(min(side, 0) for side in sides)))
    return whole + bias.reshape(-1, *[1] * len(layer.axes))


def by_torch(forward, layer, arrays):
    """O and the three gradients by torch's autograd, in float64: exact on such integers."""
    x, weight, bias = (torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays[:3])
    output = forward(x, weight, bias, layer)
    gradients = torch.autograd.grad(output, (weight, x, bias), torch.tensor(arrays[3], dtype=torch.float64))
    return [output.detach().numpy(), *(gradient.numpy() for gradient in gradients)]


@given(geometries(axes()))
@settings(max_examples=80)
def test_convolutions_equal_autograd_bit_for_bit(layer):
    """Any axes, any padding on each of them: the output and all three gradients."""
    arrays = numbers(layer)

    assert same(by_torch(convolved, layer, arrays), answers(layer, arrays))


@st.composite
def options_of_torch(draw):
    """One to three transposed axes that are padded as much on both sides, as torch's options can say."""
    drawn = draw(st.lists(transposed_axes(), min_size=1, max_size=3))
    even = [max(axis.before, axis.after) for axis in drawn]
    room = [axis.size + 2 * side for axis, side in zip(drawn, even, strict=True)]
    return [
        replace(axis, before=side, after=side, size=size) for axis, side, size in zip(drawn, even, room, strict=True)
    ]


@given(options_of_torch(), st.integers(1, 2))
@settings(max_examples=30)
def test_transposed_layers_equal_autograd_bit_for_bit(drawn, groups):
    """With torch's own padding and output padding: the output and all three gradients."""
    layer = Geometry(2, 2 * groups, 3 * groups, tuple(axis.mirrored for axis in drawn), groups, transposed=True)
    options = {
        "stride": [axis.stride for axis in drawn],
        "padding": [axis.before for axis in drawn],
        "output_padding": [axis.output_padding for axis in drawn],
        "dilation": [axis.dilation for axis in drawn],
    }

    def forward(x, weight, bias, layer):
        return TRANSPOSED[len(layer.axes)](x, weight, bias, groups=layer.groups, **options)

    arrays = numbers(layer)
    assert same(by_torch(forward, layer, arrays), answers(layer, arrays))


@given(geometries(transposed_axes()))
@settings(max_examples=30)
def test_transposed_layers_with_other_padding_on_each_side(layer):
    """What torch has no option for: its whole output, cut or lengthened."""
    arrays = numbers(layer)

    assert same(by_torch(transposed, layer, arrays), answers(layer, arrays))


@given(geometries(axes(modes=("zeros",))))
@settings(max_examples=30)
def test_a_transposed_layer_is_the_gradient_of_the_convolution(layer):
    """transposed(G) = grad_input(G), its own grad_input is the convolution, and dE/dF pairs X and G the other way."""
    x, weight, _, grad_output = numbers(layer)
    back, none = layer.mirrored, np.zeros(layer.channels, np.int64)

    assert same(
        [definition.grad_input(weight, grad_output, layer), definition.grad_weight(x, grad_output, layer)],
        [definition.forward(grad_output, weight, none, back), definition.grad_weight(grad_output, x, back)],
    )
    nothing = np.zeros(layer.filters, np.int64)
    assert same([definition.forward(x, weight, nothing, layer)], [definition.grad_input(weight, x, back)])


@pytest.mark.parametrize("kind", [axes(), transposed_axes()], ids=["convolution", "transposed"])
@given(data=st.data())
@settings(max_examples=30)
def test_an_axis_of_one_element_is_none(kind, data):
    """1-D is 2-D of height 1, 3-D of depth 1 is 2-D, wherever the axis stands."""
    layer = data.draw(geometries(kind, most=2))
    place = data.draw(st.integers(0, len(layer.axes)))
    more = replace(layer, axes=(*layer.axes[:place], POINT, *layer.axes[place:]))
    x, weight, bias, grad_output = numbers(layer)
    lifted = [np.expand_dims(array, 2 + place) for array in (x, weight, grad_output)]

    output, *gradients, grad_bias = answers(more, (lifted[0], lifted[1], bias, lifted[2]))

    expected = answers(layer, (x, weight, bias, grad_output))
    assert same(expected, [*(array.squeeze(2 + place) for array in (output, *gradients)), grad_bias])


@given(geometries(axes(modes=("circular",))))
@settings(max_examples=30)
def test_circular_padding_is_the_tiled_input_cut_out(layer):
    """A layer without padding on the tiled input, and the gradients of the copies added up."""
    x, weight, bias, grad_output = numbers(layer)
    places = [np.arange(-axis.before, axis.size + axis.after) % axis.size for axis in layer.axes]
    tiled = x[:, :, *np.ix_(*places)]
    plain = replace(layer, axes=tuple(replace(axis, size=axis.room, before=0, after=0) for axis in layer.axes))

    output, grad_weight, grad_tiled, _ = answers(plain, (tiled, weight, bias, grad_output))

    folded = np.zeros_like(x)
    np.add.at(folded, (slice(None), slice(None), *np.ix_(*places)), grad_tiled)
    assert same([output, grad_weight, folded], answers(layer, (x, weight, bias, grad_output))[:3])


@given(geometries(axes()))
@settings(max_examples=30)
def test_the_gradients_are_those_of_the_forward(layer):
    """<O, G> is linear in each of F, X and b, so its change with them is its gradient: <F, dE/dF> = <X, dE/dX>."""
    x, weight, bias, grad_output = numbers(layer)
    output, grad_weight, grad_input, grad_bias = answers(layer, (x, weight, bias, grad_output))
    without_bias = int((output * grad_output).sum() - bias @ grad_bias)

    assert [without_bias] * 2 == [int((weight * grad_weight).sum()), int((x * grad_input).sum())]


def refused_by_torch(attempt):
    """Whether torch raises."""
    try:
        attempt()
    except RuntimeError:
        return True
    return False


def refused(attempt):
    """Whether the model raises."""
    try:
        attempt()
    except GeometryError:
        return True
    return False


@given(st.integers(1, 4), st.integers(1, 5), st.integers(0, 6), st.sampled_from(["reflect", "replicate", "circular"]))
@settings(max_examples=150)
def test_a_padding_is_refused_where_torch_refuses_it(size, taps, padding, mode):
    """Too wide to reflect or to go around, or no kernel fits; and taken where torch takes it."""
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, taps)

    def attempt():
        functional.conv1d(functional.pad(x, (padding, padding), mode=mode), weight)

    assert refused_by_torch(attempt) == refused(lambda: Axis(size, taps, before=padding, after=padding, mode=mode))


@given(*(st.integers(1, 3) for _ in range(4)), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=150)
def test_a_transposed_axis_is_refused_where_torch_refuses_it(size, taps, stride, dilation, padding, output_padding):
    """An output padding of a whole stride and dilation, or no output; and taken where torch takes it."""
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, taps)

    def attempt():
        functional.conv_transpose1d(x, weight, None, stride, padding, output_padding, 1, dilation)

    expected = refused_by_torch(attempt)
    assert expected == refused(lambda: TransposedAxis(size, taps, stride, dilation, padding, padding, output_padding))


@pytest.mark.parametrize("gradient", ["weight", "input"])
def test_the_comparison_can_fail(gradient):
    """Folding the border back once too seldom shows: reflect padding held against zeros."""
    reflecting = Geometry(1, 1, 1, (Axis(4, 3, before=1, after=1, mode="reflect"),))
    plain = Geometry(1, 1, 1, (Axis(4, 3, before=1, after=1),))
    arrays = numbers(reflecting)
    place = {"weight": 1, "input": 2}[gradient]

    expected = by_torch(convolved, reflecting, arrays)[place]
    assert np.array_equal(expected, answers(reflecting, arrays)[place])
    assert not np.array_equal(expected, answers(plain, arrays)[place])
