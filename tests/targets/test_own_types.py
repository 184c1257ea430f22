"""Operations on a type of the file's own that remembers how it was made: G is handed to the output, leaves are read."""

import numpy as np
import pytest
from written_layers import STRIDED, recognised

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.base import RefusedError
from gradcheck_cli.targets.conventions.probes import integer_case

ALL = {"weight", "input", "bias"}

# The type: what goes back is a closure at each node, and `walk` in an order from the end.
CLOSURES = """
class Box:
    def __init__(self, {made}):
        self.{data} = np.asarray({data}, float)
        self.{slot} = {start}
        self.above = list(above)
        self.step = None

    def shove(self, amount):
        self.{slot} = amount if self.{slot} is None else self.{slot} + amount
{more}

def blend(x, w, b, stride=1, pad=0):
    told = (stride, pad)
    out = Box(correlate(x.{data}, w.{data}, *told) + b.{data}[:, None, None], [x, w, b])

    def step():
        up = out.{slot}
        x.shove(input_gradient(x.{data}, w.{data}, up, *told))
        w.shove({weight}(x.{data}, w.{data}, up, *told))
        b.shove(up.sum((0, 2, 3)))

    out.step = step
    return out
"""
# Ways in which such a type is told to go back.
HANDED = """
    def backward(self, {seed}):
        seen = []
        def visit(node):
            if node not in seen:
                for other in node.above:
                    visit(other)
                seen.append(node)
        visit(self)
        {begin}
        for node in seen[::-1]:
            if node.step:
                node.step()
"""
PLAIN_SLOT = {"made": "data, above=()", "data": "data", "slot": "grad", "start": "None"}


def written(weight="weight_gradient", more="", **names):
    """The file with a type of these names."""
    more = more.replace("{slot}", {**PLAIN_SLOT, **names}["slot"])
    return CLOSURES.format(weight=weight, more=more, **{**PLAIN_SLOT, **names})


@pytest.mark.parametrize(
    ("seed", "begin"),
    [
        ("upstream", "self.grad = upstream"),
        ("upstream=None", "self.grad = np.ones_like(self.data) if upstream is None else upstream"),
        ("seed=None, keep=False", "self.grad = 1.0 if seed is None else seed.data"),
        ("retain=True", "self.grad = np.ones_like(self.data)"),
        ("", "self.grad = np.ones_like(self.data)"),
    ],
    ids=("an array", "an optional array", "a value of the type", "a switch alone", "nothing"),
)
def test_g_reaches_the_output_whatever_the_type_is_told(tmp_path, seed, begin):
    """As an array, in the type, or through a node of ours that stands behind the output."""
    code = written(more=HANDED.format(seed=seed, begin=begin))
    assert recognised(tmp_path, code, "blend").right(STRIDED) == ALL


def test_a_wrong_gradient_in_a_closure_is_seen(tmp_path):
    """The weight's is turned; what arrives at the other leaves is right."""
    routine = "(lambda *given: weight_gradient(*given)[..., ::-1])"
    code = written(weight=routine, more=HANDED.format(seed="g", begin="self.grad = g"))
    assert recognised(tmp_path, code, "blend").right(STRIDED) == {"input", "bias"}


def test_other_names_and_a_function_that_goes_back(tmp_path):
    """`.v` and `.adjoint`, and `backprop(node, up)` beside the type."""
    code = written(made="v, above=()", data="v", slot="adjoint") + (
        "\ndef backprop(node, up):\n    node.adjoint = up\n    node.step()\n"
    )
    assert recognised(tmp_path, code, "blend").right(STRIDED) == ALL


def test_a_type_that_remembers_only_when_it_is_switched_on(tmp_path):
    """`requires_grad=False` is the default: leaves are made with True."""
    code = """
class Quantity:
    def __init__(self, values, requires_grad=False):
        self.values, self.requires_grad, self.gradient, self.ctx = np.array(values), requires_grad, None, ()

    def backward(self, gradient):
        pending = [(self, gradient)]
        while pending:
            node, up = pending.pop()
            node.gradient = up if node.gradient is None else node.gradient + up
            if node.ctx:
                parents, pull = node.ctx
                pending += [(one, each) for one, each in zip(parents, pull(up)) if one.requires_grad]

def conv(image, kernel, stride):
    x, w = image.values, kernel.values
    out = Quantity(correlate(x, w, stride), True)
    out.ctx = (image, kernel), lambda up: (input_gradient(x, w, up, stride), weight_gradient(x, w, up, stride))
    return out
"""
    assert recognised(tmp_path, code, "conv").right() == {"weight", "input"}


def test_a_method_of_the_type_is_handed_its_own_x(tmp_path):
    """`x.conv2d(kernel)`; the type begins with ones and has products, sums and no list of what it was made from."""
    code = """
class Num:
    def __init__(self, data, pull=None):
        self.data, self.grad, self._pull = np.asarray(data, float), 0, pull

    def __mul__(self, other):
        def pull(up):
            self._receive(up * other.data)
            other._receive(up * self.data)
        return Num(self.data * other.data, pull)

    def sum(self):
        return Num(self.data.sum(), lambda up: self._receive(up * np.ones(self.data.shape)))

    def _receive(self, up):
        self.grad = self.grad + up
        if self._pull:
            self._pull(up)

    def backward(self):
        assert self.data.ndim == 0, "only of a number"
        self._receive(np.ones(()))

    def conv2d(self, kernel, step=1, pad=0):
        told = step, pad
        def pull(up):
            kernel._receive(weight_gradient(self.data, kernel.data, up, *told))
            self._receive(input_gradient(self.data, kernel.data, up, *told))
        return Num(correlate(self.data, kernel.data, *told), pull)
"""
    known = recognised(tmp_path, code, "Num.conv2d")
    assert known.right(STRIDED) == {"weight", "input"}


def test_a_type_that_nothing_can_be_handed_to_is_refused(tmp_path):
    """It seeds itself and remembers nothing that could be reached: no gradient of ours is made up."""
    code = """
class Sealed:
    __slots__ = ("data", "grad", "_go")
    def __init__(self, data, go=None):
        self.data, self.grad, self._go = np.asarray(data, float), None, go

    def backward(self):
        self.grad = np.ones(self.data.shape)
        self._go and self._go[0](np.ones(self.data.shape))

def conv(x, w):
    def go(up):
        x.grad = input_gradient(x.data, w.data, up)
        w.grad = weight_gradient(x.data, w.data, up)
    return Sealed(correlate(x.data, w.data), [go])
"""
    with pytest.raises(NotRecognisedError) as refusal:
        recognised(tmp_path, code, "conv")
    assert str(refusal.value) == "no way was found to hand dE/dO to an output of the type Sealed"


def test_a_crash_in_the_closure_is_the_targets(tmp_path):
    """The forward is right, so it is called as it is meant."""
    code = written(weight="missing_name", more=HANDED.format(seed="g", begin="self.grad = g"))
    known = recognised(tmp_path, code, "blend")
    with pytest.raises(NameError, match="missing_name"):
        known.call(STRIDED)


RESUMED = """
def conv(x, parts, found, stride=1):
    up = yield correlate(x, parts["w"], stride) + parts["b"][:, None, None]
    found["w"] = weight_gradient(x, parts["w"], up, stride)
    found["b"] = up.sum(({axes}))
    {last} input_gradient(x, parts["w"], up, stride)
"""


@pytest.mark.parametrize("last", ["yield", "return"])
def test_a_generator_is_resumed_with_g(tmp_path, last):
    """It yields O, is sent G, and fills a dict besides what it gives."""
    assert recognised(tmp_path, RESUMED.format(axes="0, 2, 3", last=last), "conv").right() == ALL


def test_a_generator_that_forgets_an_axis_is_wrong(tmp_path):
    """Of the bias: the batch is not summed."""
    code = RESUMED.format(axes="2, 3", last="yield").replace("up.sum((2, 3))", "up[0].sum((1, 2))")
    assert recognised(tmp_path, code, "conv").right() == {"weight", "input"}


@pytest.mark.parametrize("name", ["dzdy", "amont", "top_diff"])
@pytest.mark.parametrize("test", ["{} is None", "not isinstance({}, np.ndarray) or {} is None"])
def test_a_function_that_goes_back_when_it_is_handed_g(tmp_path, name, test):
    """One function, forward and backward, by whether the derivative is there; names that tell nothing among them."""
    code = f"""
def nn_conv(x, f, b, {name}=None, stride=1):
    if {test.format(name, name)}:
        return correlate(x, f, stride) + b[:, None, None]
    return input_gradient(x, f, {name}, stride), weight_gradient(x, f, {name}, stride), {name}.mean((0, 2, 3))
"""
    assert recognised(tmp_path, code, "nn_conv").right() == {"weight", "input"}


def test_a_tape_is_asked_for_the_gradients(tmp_path):
    """Sources are told by being the same arrays."""
    code = """
class Recorder:
    running = None
    def __init__(self):
        self.lines = []
    def __enter__(self):
        Recorder.running = self
        return self
    def __exit__(self, *_):
        Recorder.running = None
    def gradient(self, of, to, seed=None):
        total = {id(of): np.ones(of.shape) if seed is None else seed}
        for made, used, pull in self.lines[::-1]:
            for one, up in zip(used, pull(total[id(made)])):
                total[id(one)] = total.get(id(one), 0) + up
        return [total[id(one)] for one in to]

def conv(image, kernel, stride=1):
    out = correlate(image, kernel, stride)
    if Recorder.running:
        pull = lambda up: (input_gradient(image, kernel, up, stride), weight_gradient(image, kernel, up, stride))
        Recorder.running.lines.append((out, (image, kernel), pull))
    return out
"""
    assert recognised(tmp_path, code, "conv").right() == {"weight", "input"}


def test_leaves_are_made_anew_for_each_call(tmp_path):
    """What adds up in `.grad` does not add up over our calls."""
    code = written(more=HANDED.format(seed="g", begin="self.grad = g"))
    known = recognised(tmp_path, code, "blend")
    once, again = known.call(STRIDED), known.call(STRIDED)
    assert all(np.array_equal(once.items[key], again.items[key]) for key in once.items)


MODULE = """
import math

class Value:
    def __init__(self, array, _parents=(), _pull=None):
        self.array, self.grad = array if isinstance(array, np.ndarray) else np.asarray(array, float), None
        self._parents, self._pull = _parents, _pull

    def backward(self, gradient):
        self.grad = gradient if self.grad is None else self.grad + gradient
        for parent, part in zip(self._parents, self._pull(gradient) if self._pull else ()):
            parent.backward(part)

class Param(Value):
    pass

class Block:
    def __call__(self, *given):
        return self.forward(*given)

class Conv(Block):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        spread = 1 / math.sqrt(in_channels * kernel_size**2)
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = Param(np.random.uniform(-spread, spread, shape))
        self.bias = Param(np.zeros(out_channels))
        self.told = stride, padding

    def forward(self, x):
        image, taps = x.array, self.weight.array
        def pull(up):
            return (
                input_gradient(image, taps, up, *self.told),
                weight_gradient(image, taps, up, *self.told),
                up.{bias},
            )
        out = correlate(image, taps, *self.told) + self.bias.array.reshape(-1, 1, 1)
        return Value(out, (x, self.weight, self.bias), pull)
"""


@pytest.mark.parametrize(
    ("bias", "right"), [("sum((0, 2, 3))", ALL), ("mean((0, 2, 3))", {"weight", "input"})], ids=("right", "a mean")
)
def test_a_layer_without_a_backward_goes_back_through_the_type_of_its_output(tmp_path, bias, right):
    """Its weights are values of the type too; their gradients are read beside them, in each call from the start."""
    known = recognised(tmp_path, MODULE.replace("{bias}", bias))
    assert known.candidate.family == "class-attribute"
    assert known.right(STRIDED) == right
    session = known.candidate.start(integer_case(STRIDED))
    first, second = session(), session()
    assert all(np.array_equal(first.items[key], second.items[key]) for key in known.chosen.plan.values())


PRESET = """
class Variable:
    def __init__(self, data):
        self.data, self.grad, self.maker = data, None, None

    def backward(self):
        if self.grad is None:
            self.grad = np.ones(self.data.shape)
        if self.maker:
            used, pull = self.maker
            for one, part in zip(used, pull(self.grad)):
                one.grad = part
        self.grad = self.grad if not self.maker else None

def conv(a, b, stride=1):
    out = Variable(correlate(a.data, b.data, stride))
    out.maker = (a, b), lambda up: (
        input_gradient(a.data, b.data, up, stride),
        weight_gradient(a.data, b.data, up, stride),
    )
    return out
"""


def test_g_is_put_where_the_type_looks_for_it_and_clears_it(tmp_path):
    """Chainer's way; that G arrived is told by a G twice as large, and `b` beside `a` alone is the kernel."""
    assert recognised(tmp_path, PRESET, "conv").right() == {"weight", "input"}


def test_a_forward_elsewhere_that_takes_square_kernels_is_not_asked_others(tmp_path):
    """The operation itself reads no size of the kernel."""
    code = PRESET.replace("out = Variable(", "k, k = b.data.shape[2:]\n    assert_square(b)\n    out = Variable(") + (
        "\ndef assert_square(b):\n    np.zeros((b.data.shape[2],)) @ np.zeros((b.data.shape[3],))\n"
    )
    with pytest.raises(RefusedError, match="its own forward raises on a kernel that is not square"):
        recognised(tmp_path, code, "conv").call(ConvSpec(2, 3, 4, 9, 8, (3, 2)))


def test_layers_of_a_type_with_other_words_start_each_call_anew(tmp_path):
    """`valor` and `derivada`: the nodes of the weights add up over calls, which is nobody's mistake."""
    code = MODULE.replace("{bias}", "sum((0, 2, 3))").replace("array if isinstance", "array*1 if isinstance")
    for old, new in (("self.array", "self.valor"), (".array", ".valor"), (".grad", ".derivada")):
        code = code.replace(old, new)
    known = recognised(tmp_path, code.replace("np.ndarray", "np.ndarray"))
    session = known.candidate.start(integer_case(STRIDED))
    first, second = session(), session()
    assert known.right(STRIDED) == ALL
    assert all(np.array_equal(first.items[key], second.items[key]) for key in known.chosen.plan.values())
