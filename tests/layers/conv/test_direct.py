import numpy as np
import pytest
import torch
from conv_cases import integer_case, specs
from hypothesis import given, settings

from gradcheck_cli.layers import conv
from gradcheck_cli.layers.conv import definition, patchwise, rowwise, tapwise
from gradcheck_cli.layers.conv.direct import grad_bias, grad_input, grad_weight, input_ways, weight_ways
from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GeometryError

WEIGHT_WAYS = [rowwise, tapwise, patchwise]
INPUT_WAYS = [rowwise, patchwise]
FLOATS = [np.float32, np.float64]


def autograd(case):
    """(dE/dF, dE/dX) by torch.autograd."""
    x, weight = (torch.tensor(array, requires_grad=True) for array in (case.x, case.weight))
    spec = case.spec
    (top, left), (bottom, right) = spec.padding, spec.padding_after
    framed = torch.nn.functional.pad(x, (left, right, top, bottom))
    output = torch.nn.functional.conv2d(framed, weight, None, spec.stride, 0, spec.dilation, spec.groups)
    gradients = torch.autograd.grad(output, (weight, x), torch.tensor(case.grad_output))
    return tuple(gradient.numpy() for gradient in gradients)


@pytest.mark.parametrize("way", WEIGHT_WAYS)
def test_grad_weight_by_hand(way):
    """Each way gives the hand-computed numbers of the 3x3 picture with the 2x2 kernel."""
    spec = ConvSpec(1, 1, 1, 3, 3, kernel_size=(2, 2))
    x, grad_output = np.arange(1.0, 10.0).reshape(spec.x_shape), np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    assert [[0, 2], [6, 8]] == way.grad_weight(x, grad_output, spec)[0, 0].tolist()


@pytest.mark.parametrize("way", INPUT_WAYS)
def test_grad_input_by_hand(way):
    """Each way gives the hand-computed numbers of the 3x3 picture with the 2x2 kernel."""
    spec = ConvSpec(1, 1, 1, 3, 3, kernel_size=(2, 2))
    weight, grad_output = np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]), np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    assert [[1, 12, 20], [100, 1199, 1990], [0, -100, -1000]] == way.grad_input(weight, grad_output, spec)[
        0, 0
    ].tolist()


def test_grad_bias_by_hand():
    """The bias gets the sum of its filter's G over batch, rows and columns, in the dtype of G."""
    gradient = grad_bias(np.arange(12, dtype=np.float32).reshape(2, 2, 1, 3))
    assert [24, 42] == gradient.tolist()
    assert gradient.dtype == np.float32


@pytest.mark.parametrize("dtype", FLOATS)
@given(spec=specs())
@settings(max_examples=60, deadline=None)
def test_every_way_equals_the_definition_bit_for_bit(dtype, spec):
    """On integers all ways give exactly the sums of the definition, in the dtype of the inputs."""
    case = integer_case(spec, dtype)
    expected = definition.grad_weight(case.x, case.grad_output, spec.geometry)
    for way in weight_ways(spec):
        actual = way.grad_weight(case.x, case.grad_output, spec)
        assert np.array_equal(expected, actual), way
        assert (dtype, spec.weight_shape) == (actual.dtype, actual.shape)
    expected = definition.grad_input(case.weight, case.grad_output, spec.geometry)
    for way in input_ways(spec):
        actual = way.grad_input(case.weight, case.grad_output, spec)
        assert np.array_equal(expected, actual), way
        assert (dtype, spec.x_shape) == (actual.dtype, actual.shape)


@given(spec=specs())
@settings(max_examples=60, deadline=None)
def test_equals_autograd_bit_for_bit(spec):
    """On integers autograd sums the same products, so it must return the same bits."""
    case = integer_case(spec)
    expected_weight, expected_input = autograd(case)
    assert np.array_equal(expected_weight, grad_weight(case.x, case.grad_output, spec))
    assert np.array_equal(expected_input, grad_input(case.weight, case.grad_output, spec))


LAYERS = {
    "large kernel": ConvSpec(1, 3, 3, 80, 72, kernel_size=(32, 32)),
    "strided": ConvSpec(1, 3, 16, 64, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2)),
    "depthwise": ConvSpec(1, 16, 16, 40, 40, kernel_size=(3, 3), padding=(1, 1), groups=16),
    "large depthwise": ConvSpec(1, 8, 8, 24, 24, kernel_size=(21, 21), padding=(10, 10), groups=8),
    "dilated": ConvSpec(1, 64, 32, 33, 33, kernel_size=(3, 3), padding=(12, 12), dilation=(12, 12)),
    "batch": ConvSpec(16, 8, 24, 20, 18, kernel_size=(3, 3), padding=(1, 1)),
    "many blocks": ConvSpec(2, 96, 8, 90, 70, kernel_size=(3, 3)),
}


@pytest.mark.parametrize("spec", LAYERS.values(), ids=LAYERS)
def test_real_layers_equal_autograd_bit_for_bit(spec):
    """Where several blocks and the cost rule come into play, integers still give autograd's bits."""
    case = integer_case(spec)
    expected_weight, expected_input = autograd(case)
    for way in WEIGHT_WAYS:
        assert np.array_equal(expected_weight, way.grad_weight(case.x, case.grad_output, spec)), way
    assert np.array_equal(expected_weight, grad_weight(case.x, case.grad_output, spec))
    assert np.array_equal(expected_input, grad_input(case.weight, case.grad_output, spec))


def test_the_comparison_can_fail():
    """One entry of G off by one part in 10^9 is seen among 3 x 2009 outputs."""
    spec = LAYERS["large kernel"]
    case = integer_case(spec)
    case.grad_output[0, 1, 20, 20] = 1
    expected = grad_weight(case.x, case.grad_output, spec)
    case.grad_output[0, 1, 20, 20] *= 1 + 1e-9
    assert not np.array_equal(expected, grad_weight(case.x, case.grad_output, spec))


@pytest.mark.parametrize("spec", LAYERS.values(), ids=LAYERS)
def test_no_hidden_float32(spec):
    """Sums far above 2^24 stay exact in float64, so nothing was rounded to float32 on the way."""
    case = integer_case(spec, largest=30000)
    expected_weight, expected_input = autograd(case)
    assert np.abs(expected_weight).max() > 2**25
    for way in WEIGHT_WAYS:
        assert np.array_equal(expected_weight, way.grad_weight(case.x, case.grad_output, spec)), way
    for way in INPUT_WAYS:
        assert np.array_equal(expected_input, way.grad_input(case.weight, case.grad_output, spec)), way


@pytest.mark.parametrize("method", ["direct", "fft"])
@given(spec=specs())
@settings(max_examples=20, deadline=None)
def test_inputs_stay_as_they_are(method, spec):
    """Read-only inputs that do not lie in order are fine, and none is changed."""
    case = integer_case(spec)
    turned = type(case)(spec, *(backwards(array) for array in (case.x, case.weight, case.bias, case.grad_output)))
    gradients = conv.backward(turned, method=method)
    assert np.allclose(definition.grad_weight(case.x, case.grad_output, spec.geometry), gradients.weight)
    assert np.allclose(definition.grad_input(case.weight, case.grad_output, spec.geometry), gradients.input)
    assert np.array_equal(definition.grad_bias(case.grad_output), gradients.bias)


def backwards(array):
    """The same array as a read-only view whose elements lie the other way round in memory."""
    view = array[..., ::-1].copy()[..., ::-1]
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("spec", LAYERS.values(), ids=LAYERS)
def test_an_infinite_pixel_spoils_only_the_taps_that_read_it(spec):
    """An infinity in the corner reaches the entries that the definition says and no other."""
    case = integer_case(spec)
    np.abs(case.grad_output, out=case.grad_output)
    np.maximum(case.grad_output, 1, out=case.grad_output)
    case.x[0, 0, 0, 0] = np.inf
    marked = np.zeros_like(case.x)
    marked[0, 0, 0, 0] = 1
    reads_it = patchwise.grad_weight(marked, case.grad_output, spec) != 0
    assert np.array_equal(~reads_it, np.isfinite(grad_weight(case.x, case.grad_output, spec)))


def test_an_infinite_kernel_entry_spoils_only_the_pixels_that_it_reaches():
    """The zeros that the rowwise way adds to the rows of G never meet an infinite kernel entry in the result."""
    spec = ConvSpec(1, 3, 3, 40, 40, kernel_size=(16, 16))
    case = integer_case(spec)
    case.grad_output[...] = 1
    case.weight[0, 0, 0, 0] = np.inf
    finite = np.isfinite(grad_input(case.weight, case.grad_output, spec))
    expected = np.ones(spec.x_shape, dtype=bool)
    expected[0, 0, :25, :25] = False
    assert np.array_equal(expected, finite)


def test_unread_rows_and_columns_get_zero():
    """What no window reaches has a gradient of exactly 0."""
    spec = ConvSpec(1, 1, 1, 6, 5, kernel_size=(2, 2), stride=(3, 3))
    gradient = grad_input(np.ones(spec.weight_shape), np.ones(spec.output_shape), spec)
    assert [[1, 1, 0, 1, 1]] * 2 + [[0] * 5] + [[1, 1, 0, 1, 1]] * 2 + [[0] * 5] == gradient[0, 0].tolist()


@pytest.mark.parametrize("function", [grad_weight, grad_input, conv.fft.grad_weight, conv.fft.grad_input])
def test_message_for_a_grad_output_of_another_geometry(function):
    """A G that does not fit is refused with both shapes."""
    spec = ConvSpec(1, 2, 2, 4, 4, kernel_size=(3, 3))
    first = np.zeros(spec.x_shape if "weight" in function.__name__ else spec.weight_shape)
    with pytest.raises(GeometryError) as caught:
        function(first, np.zeros((1, 2, 4, 4)), spec)
    expected = (
        "grad_output has the shape (1, 2, 4, 4), but the geometry says (1, 2, 2, 2).\n"
        "  hint: the order of the axes is batch, channel, height, width"
    )
    assert expected == caught.value.text()
