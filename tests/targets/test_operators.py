"""Objects that keep their stride and padding and are handed the weights at each call."""

import pytest
from written_layers import STRIDED, recognised

ALL = {"weight", "input", "bias"}
PACKED = """
class Conv:
    def __init__(self, hop=1, pad=0):
        self.told = hop, pad

    def forward(self, {parameter}):
        {unpack}
        self.kept = picture, kernel
        return correlate(picture, kernel, *self.told) + bias[:, None, None]

    def backward(self, upstream):
        picture, kernel = self.kept
        return (
            input_gradient(picture, kernel, upstream, *self.told),
            weight_gradient(picture, kernel, upstream, *self.told),
            upstream.sum((0, 2, 3)),
        )
"""


@pytest.mark.parametrize(
    ("parameter", "unpack"),
    [
        ("inputs", "image, kernel, bias = inputs; picture = image"),
        ("operands", "bias, image, kernel = operands[0], operands[1], operands[2]; picture = image"),
    ],
)
def test_inputs_in_one_tuple_are_handed_over_as_it_is_taken_apart(tmp_path, parameter, unpack):
    """x, w and b in one argument, in the order in which the code takes them."""
    known = recognised(tmp_path, PACKED.format(parameter=parameter, unpack=unpack))
    assert known.right(STRIDED) == ALL


def test_a_tuple_of_something_else_is_no_input_with_weights(tmp_path):
    """`height, width = shape`: sizes; the layer keeps its weights."""
    code = """
class Conv:
    def __init__(self, n_in, n_out, shape, stride=1, pad=0):
        rows, columns = shape
        self.taps, self.told = np.random.rand(n_out, n_in, rows, columns), (stride, pad)

    def forward(self, x, shape=None):
        rows, columns = shape or x.shape[2:]
        self.x = x
        return correlate(x, self.taps, *self.told)

    def backward(self, g):
        self.d_taps = weight_gradient(self.x, self.taps, g, *self.told)
        return input_gradient(self.x, self.taps, g, *self.told)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.weight == (("attr", "taps"),)
    assert known.right(STRIDED) == {"weight", "input"}


@pytest.mark.parametrize(("fore", "back"), [("conv", "conv_vjp"), ("launch", "grad_launch")])
def test_a_method_that_is_named_after_the_forward_is_its_backward(tmp_path, fore, back):
    """Everything is handed over again; the stride is in the constructor, and `pads` holds four numbers."""
    code = f"""
class Conv:
    def __init__(self, **attributes):
        self.strides = attributes.get("strides", [1, 1])
        self.pads = attributes.get("pads", [0, 0, 0, 0])

    def _one(self):
        top, left, bottom, right = self.pads
        assert top == bottom and left == right
        return self.strides[0], top

    def {fore}(self, X, W, B=None):
        out = correlate(X, W, *self._one())
        return out if B is None else out + B[:, None, None]

    def {back}(self, X, W, dY):
        return input_gradient(X, W, dY, *self._one()), weight_gradient(X, W, dY, *self._one())
"""
    known = recognised(tmp_path, code)
    assert known.right(STRIDED) == {"weight", "input"}


@pytest.mark.parametrize(("default", "unpack"), [("1", "hop"), ("(1, 1)", "hop[0]")])
def test_settings_that_the_forward_itself_is_handed_are_varied(tmp_path, default, unpack):
    """A stride with a default beside the weights, as a number or one for each axis."""
    code = f"""
class Conv:
    def forward(self, x, weight, bias=None, stride={default}, padding=0):
        hop = stride
        self.kept = x, weight, ({unpack}, padding)
        out = correlate(x, weight, {unpack}, padding)
        return out if bias is None else out + bias[:, None, None]

    def backward(self, g):
        x, weight, told = self.kept
        return input_gradient(x, weight, g, *told), weight_gradient(x, weight, g, *told), g.sum((0, 2, 3))
"""
    known = recognised(tmp_path, code)
    assert known.right(STRIDED) == ALL
