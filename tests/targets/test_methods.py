"""Which method is the forward and which the backward, whatever their names."""

import pytest
from recognising import loaded_from
from written_layers import recognised

from gradcheck_cli.model import ConvSpec, Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.candidates import is_of_torch_alone
from gradcheck_cli.targets.conventions.methods import class_source, unwritten_backward

ALL = {"weight", "input", "bias"}
PARTS = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.F = np.random.rand(out_channels, in_channels, kernel_size, kernel_size)
        self.shift = self.b = np.zeros(out_channels)

    def {forward}(self, x):
        self.seen = x
        return correlate(x, self.F) + self.b[:, None, None]

    def {backward}(self, g):
        return input_gradient(self.seen, self.F, g), weight_gradient(self.seen, self.F, g), g.sum((0, 2, 3))
"""


HALF_DONE = """
import numpy as np


class Base:
    def forward(self, x):
        return x

    def backward(self, g):
        raise NotImplementedError


class Scale(Base):
    def __init__(self, size):
        self.gain = np.ones(size)

    def forward(self, x):
        return x * self.gain

    def backward(self, g):
        '''Your code here.'''


class Shift(Base):
    def forward(self, x):
        return x + 1


def square_forward(x):
    return x * x


def square_backward(dout, x):
    raise NotImplementedError()
"""


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("Forward", "Backward"),
        ("forward_propagation", "back_propogation"),
        ("compute", "backprop"),
        ("feed", "feedback"),
        ("__call__", "gradient"),
        ("forwardPass", "backwardPass"),
        ("fwd_conv", "conv_backwards"),
    ],
)
def test_a_pair_is_told_whatever_it_is_called(tmp_path, forward, backward):
    """Known names in any spelling, misspelt ones, and names that hold a telling part."""
    known = recognised(tmp_path, PARTS.format(forward=forward, backward=backward))
    assert (known.candidate.calls.forward, known.candidate.calls.backward) == (forward, backward)
    assert known.right() == ALL


def test_a_helper_that_the_backward_calls_is_not_the_backward(tmp_path):
    """`_back_filter` has a telling name and reads what was stored, but is called by the real one."""
    code = """
class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward_prop(self, volume):
        self.volume = volume
        return correlate(volume, self.kernel)

    def _back_filter(self, g, volume):
        return weight_gradient(self.volume, self.kernel, g)

    def back_error(self, g):
        self.dkernel = self._back_filter(g, self.volume)
        return input_gradient(self.volume, self.kernel, g)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.calls.backward == "back_error"
    assert known.right() == {"weight", "input"}


def test_two_backwards_that_nothing_tells_apart_are_a_question(tmp_path):
    """Neither is called by the other, and neither has a known name."""
    code = """
class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward(self, x):
        self.x = x
        return correlate(x, self.kernel)

    def kernel_from_backside(self, g):
        return weight_gradient(self.x, self.kernel, g)

    def input_from_backside(self, g):
        return input_gradient(self.x, self.kernel, g)
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert caught.value.step == "run"
    assert str(caught.value) == (
        "which method is meant: kernel_from_backside or input_from_backside? name it: Conv.kernel_from_backside"
    )


def test_a_method_that_is_named_is_taken(tmp_path):
    """FILE.py:Class.method ends the question."""
    code = """
class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward(self, x):
        self.x = x
        return correlate(x, self.kernel)

    def kernel_from_backside(self, g):
        return weight_gradient(self.x, self.kernel, g)

    def input_from_backside(self, g):
        return input_gradient(self.x, self.kernel, g)
"""
    assert recognised(tmp_path, code, "Conv.kernel_from_backside").right() == {"weight"}


def test_a_class_without_a_backward_is_told_so(tmp_path):
    """With what it has."""
    code = """
class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward(self, x):
        return correlate(x, self.kernel)

    def zero_grad(self):
        self.grad = 0
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert str(caught.value) == "Conv has no backward (it has: forward, zero_grad)"
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, "class Conv:\n    size = 3\n")
    assert str(caught.value) == "Conv has no backward (it has: no method)"


NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 32)

    def forward(self, x):
        return self.conv(x)
"""


@pytest.mark.parametrize(
    ("more", "alone"),
    [("", True), ("class Own(torch.autograd.Function):\n    pass\n", False), ("import pytest\n", False)],
)
def test_a_module_beside_no_backward_of_anybody_is_of_torch_alone(tmp_path, more, alone):
    """Where it cannot be taken, it is told who computes its gradients: neither a Function nor another package does."""
    assert is_of_torch_alone(loaded_from(tmp_path, NET + more, "Net")) is alone


@pytest.mark.parametrize("body", ["pass", "raise NotImplementedError", '"""To do."""', "..."])
def test_a_backward_with_nothing_in_it_is_not_written_yet(tmp_path, body):
    """Unfinished homework."""
    code = f"""
class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward(self, x):
        return correlate(x, self.kernel)

    def backward(self, g):
        {body}
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert str(caught.value) == "Conv.backward is not written yet: there is nothing in it"


def test_a_forward_that_is_not_written_yet_is_said_to_be_there(tmp_path):
    """ "has no forward" is not what its author sees in the file."""
    code = """
import numpy as np

class Conv:
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def forward(self, x):
        '''Your code here.'''

    def backward(self, g):
        return g
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert str(caught.value) == "Conv.forward is not written yet: there is nothing in it"


def test_what_is_not_written_yet_is_first_of_all_to_be_written(tmp_path):
    """The ways to say how it is called stand behind that: they call nothing that is not there."""
    file = tmp_path / "todo.py"
    file.write_text(HALF_DONE)
    scale, square = verify_targets(VerifyOptions((str(file),))).targets
    assert (Verdict.ERROR, "Scale.backward is not written yet") == (scale.verdict, scale.reason.partition(":")[0])
    assert "hint: write it; where another is meant, say how: --call" in scale.error
    assert "gradcheck_call()" in scale.error
    assert (Verdict.FAIL, "crashes: NotImplementedError on x 3x5.") == (square.verdict, square.reason)
    assert "Write it: the body stops before it computes anything." == square.findings[0].fix


@pytest.mark.parametrize(
    ("also", "name"),
    [
        ("def zero_grad(self): self.g = 0", "backward"),
        ("def vjp(self, g): return 2 * g", ""),
        ("def input_grad(self, g): return 2 * g", ""),
    ],
)
def test_an_empty_backward_is_unwritten_where_no_other_goes_back(also, name, tmp_path):
    """A base class may ask for one name and use another."""
    loaded = loaded_from(tmp_path, f"class Scale:\n    def backward(self, g): ...\n\n    {also}\n", "Scale")
    assert name == unwritten_backward(loaded.target, class_source(loaded.target, loaded.node))


def test_the_backward_of_an_abstract_base_gives_way_to_the_own_one(tmp_path):
    """The base raises NotImplementedError under the usual name."""
    code = """
class Layer:
    def backward(self, g):
        raise NotImplementedError

class Conv(Layer):
    def __init__(self, n_in, n_out, k):
        self.kernel = np.zeros((n_out, n_in, k, k))

    def propagate(self, x):
        self.x = x
        return correlate(x, self.kernel)

    def backpropagate(self, g):
        self.dkernel = weight_gradient(self.x, self.kernel, g)
        return input_gradient(self.x, self.kernel, g)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.calls.backward == "backpropagate"
    assert known.right() == {"weight", "input"}


def test_what_a_method_reads_from_the_base_class_counts_as_state(tmp_path):
    """The base stores the input: a method without other arguments than G is no stateless function."""
    code = """
class Keeps:
    def forward(self, x):
        self.kept = x
        return correlate(x, self.weight)

class Conv(Keeps):
    def __init__(self, in_channels=1, out_channels=1, kernel_size=1):
        self.weight = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def backward(self, out_error):
        self.dweight = weight_gradient(self.kept, self.weight, out_error)
        return input_gradient(self.kept, self.weight, out_error)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.family == "class-attribute"
    assert known.right() == {"weight", "input"}


NETWORK = """
class Net:
    def __init__(self, plan, seed=0):
        self.plan, self.taps, self.d_taps, self.seen = plan, {}, {}, {}
        for number, item in enumerate(plan):
            if item["kind"] == "conv":
                self.taps[number] = np.random.rand(item["out"], item["in"], item["size"], item["size"])
            elif item["kind"] == "dense":
                self.taps[number] = np.random.rand(item["in"], item["out"])

    def conv_forward(self, number, x):
        self.seen[number] = x
        return correlate(x, self.taps[number], self.plan[number].get("stride", 1))

    def conv_backward(self, number, up):
        x, step = self.seen[number], self.plan[number].get("stride", 1)
        self.d_taps[number] = weight_gradient(x, self.taps[number], up, step)
        return input_gradient(x, self.taps[number], up, step)
"""
STAGES = """
class Edge:
    def __init__(self, width):
        self.width = width

    def f(self, x):
        return np.pad(x, ((0, 0), (0, 0), (self.width,) * 2, (self.width,) * 2))

    def b(self, g):
        return g[:, :, self.width : g.shape[2] - self.width, self.width : g.shape[3] - self.width]

class Inner:
    def __init__(self, weights):
        self.weights = weights

    def f(self, x):
        self.x = x
        return correlate(x, self.weights)

    def b(self, g):
        self.d_weights = weight_gradient(self.x, self.weights, g)
        return input_gradient(self.x, self.weights, g)

class Both:
    def __init__(self, weights, pad=0):
        self.parts = [Edge(pad), Inner(weights)]

    def f(self, x):
        for part in self.parts:
            x = part.f(x)
        return x

    def b(self, g):
        for part in {walk}:
            g = part.b(g)
        return g
"""


def test_a_layer_of_a_network_is_asked_by_its_number(tmp_path):
    """The network is made of a list of dicts with one convolution in it."""
    known = recognised(tmp_path, NETWORK, "Net.conv_backward")
    assert known.right(ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2))) == {"weight", "input"}


@pytest.mark.parametrize("walk", ["self.parts[::-1]", "reversed(self.parts)"])
def test_a_layer_of_parts_goes_back_from_the_last(tmp_path, walk):
    """Methods of one letter that keep nothing themselves: the walk through the same list tells."""
    known = recognised(tmp_path, STAGES.replace("{walk}", walk), "Both")
    assert known.right(ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(1, 1))) == {"weight", "input"}


CALLED_INSIDE = """
class Base:
    def run(self, picture):
        self.picture = picture

class Conv(Base):
    def __init__(self, kernel):
        self.kernel, self.half = kernel, kernel.shape[0] // 2

    def run(self, picture):
        super().run(picture)
        self.result = self.convolve_it()
        return self.result

    def convolve_it(self):
        return correlate(self.picture[None, None], self.kernel[None, None], 1, self.half)[0, 0]

    def do_backward(self, error, speed):
        x, w, g = self.picture[None, None], self.kernel[None, None], error[None, None]
        below = input_gradient(x, w, g, 1, self.half)[0, 0]
        self.kernel = self.kernel - speed * weight_gradient(x, w, g, 1, self.half)[0, 0]{wrong}
        return below
"""
ALONE = ConvSpec(1, 1, 1, 7, 6, (3, 3), padding=(1, 1))


@pytest.mark.parametrize(("wrong", "right"), [("", {"weight", "input"}), (".T", {"input"})])
def test_a_forward_is_handed_the_input_whatever_it_calls(tmp_path, wrong, right):
    """What takes nothing is a part of it. Matrices alone are tried before hundreds of layouts with more axes."""
    known = recognised(tmp_path, CALLED_INSIDE.replace("{wrong}", wrong))
    assert known.candidate.calls.forward == "run"
    assert known.candidate.layout.x == "hw"
    assert known.right(ALONE) == right
