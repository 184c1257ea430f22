"""Where the gradients of a layer are: returned, kept, appended, handed on, stepped."""

import numpy as np
import pytest
from written_layers import IMAGE, PLAIN, STRIDED, recognised

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.targets.conventions import NotRecognisedError
from gradcheck_cli.targets.conventions.base import RefusedError, WrongForwardError
from gradcheck_cli.targets.conventions.parts import parts

ALL = {"weight", "input", "bias"}
BOTH = {"weight", "input"}
START = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))
        self.s, self.p = stride, padding
        self.setup()

    def setup(self):
        pass

    def forward(self, x):
        self.x = x
        return correlate(x, self.W, self.s, self.p)

    def dw(self, g):
        return weight_gradient(self.x, self.W, g, self.s, self.p)

    def dx(self, g):
        return input_gradient(self.x, self.W, g, self.s, self.p)
"""


def test_an_operator_that_is_handed_its_weights_keeps_its_state(tmp_path):
    """forward(x, w, b) stores them, backward(g) returns all three: no stateless function."""
    code = """
class Conv:
    def __init__(self, stride=1, pad=0):
        self.told = stride, pad

    def forward(self, image, filters, offset):
        self.kept = image, filters
        return correlate(image, filters, *self.told) + offset[:, None, None]

    def backward(self, g):
        image, filters = self.kept
        d_filters = weight_gradient(image, filters, g, *self.told)
        return d_filters, g.sum((0, 2, 3)), input_gradient(image, filters, g, *self.told)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.family == "class"
    assert known.right(STRIDED) == ALL


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_type_of_ones_own_is_wrapped_around_the_arrays(tmp_path, wrapped):
    """Only __call__ keeps the inputs; it takes, and may give, objects that hold an array."""
    upstream = "g.value" if wrapped else "g"
    code = f"""
class Tensor:
    def __init__(self, value):
        assert isinstance(value, np.ndarray)
        self.value, self.gradient = value, None

class Op:
    def __call__(self, *operands):
        self.operands = operands
        return Tensor(self.forward(*[each.value for each in operands]))

class Conv(Op):
    def __init__(self, stride=1, padding=0):
        self.s, self.p = stride, padding

    def forward(self, x, w):
        return correlate(x, w, self.s, self.p)

    def backward(self, g):
        x, w = [each.value for each in self.operands]
        return input_gradient(x, w, {upstream}, self.s, self.p), weight_gradient(x, w, {upstream}, self.s, self.p)
"""
    assert recognised(tmp_path, code).right(STRIDED) == BOTH


def test_what_is_returned_wins_over_what_an_inner_layer_keeps(tmp_path):
    """The inner layer keeps the padded gradient of its own input under a telling name."""
    code = f"""{START.replace("Conv", "Core")}
    def backward(self, g):
        self.dW, self.d_input = self.dw(g), self.dx(g)
        return self.d_input

class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, padding=0):
        self.p, self.core = padding, Core(in_channels, out_channels, kernel_size)

    def forward(self, x):
        return self.core.forward(np.pad(x, [(0, 0), (0, 0), (self.p, self.p), (self.p, self.p)]))

    def backward(self, g):
        whole = self.core.backward(g)
        return whole[:, :, self.p : whole.shape[2] - self.p, self.p : whole.shape[3] - self.p]
"""
    known = recognised(tmp_path, code)
    assert known.chosen.plan["input"] == "0"
    assert known.right(ConvSpec(2, 3, 4, 9, 8, (3, 3), padding=(2, 2))) == BOTH


def test_weights_that_are_returned_are_no_gradient(tmp_path):
    """`return dx, self.W` of a layer that steps its weights: the gradient is the step."""
    code = f"""{START}
    def backward(self, g, lr):
        dx = self.dx(g)
        self.W = self.W - lr * self.dw(g)
        return dx, self.W
"""
    known = recognised(tmp_path, code)
    assert known.chosen.plan == {"input": "0", "weight": "update.W"}
    assert known.right() == BOTH


@pytest.mark.parametrize("entry", ["dw", "(dw, None)", "{'dW': dw}"])
def test_the_new_entry_of_a_growing_list_is_the_gradient(tmp_path, entry):
    """One entry for each call; the second call is read as well as the first."""
    code = f"""{START}
    def setup(self):
        self.history = []

    def backward(self, g):
        dw = self.dw(g)
        self.history.append({entry})
        return self.dx(g)
"""
    known = recognised(tmp_path, code)
    assert known.right() == BOTH
    session = known.candidate.start(_case())
    first, second = session().items, session().items
    key = known.chosen.plan["weight"]
    assert key.startswith(".history[new]")
    np.testing.assert_array_equal(first[key], second[key])


def test_layers_that_pass_dictionaries_are_handed_and_asked_for_them(tmp_path):
    """The keys are read from the source."""
    code = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, blob):
        self.x = blob["features"]
        return {"features": correlate(self.x, self.W), "label": blob["label"]}

    def backward(self, blob):
        g = blob["delta"]
        return {"delta": input_gradient(self.x, self.W, g), "kernel": weight_gradient(self.x, self.W, g)}
"""
    assert recognised(tmp_path, code).right() == BOTH


@pytest.mark.parametrize(
    "step",
    [
        "self.optimizer.update(self, {'W': dw, 'lr': lr}, lr)",
        "self.optimizer.apply(self.W, dw)",
        "self.optimizer.step(params=[self.W], grads=[dw])",
        "self.optimizer([(self.W, dw)])",
    ],
)
def test_what_the_optimiser_of_the_model_is_handed_is_the_gradient(tmp_path, step):
    """The model sets `self.optimizer` after construction; nothing but the optimiser sees dW."""
    code = f"""{START}
    def setup(self):
        self.optimizer = None

    def backward(self, g, lr):
        dw, dx = self.dw(g), self.dx(g)
        {step}
        return dx
"""
    known = recognised(tmp_path, code)
    assert known.candidate.exposure == "handed"
    assert known.right(STRIDED) == BOTH


def test_results_that_are_kept_and_not_returned_are_read(tmp_path):
    """A forward and a backward without `return`."""
    code = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.kernels = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = correlate(inputs, self.kernels)

    def backward(self, dvalues):
        self.dkernels = weight_gradient(self.inputs, self.kernels, dvalues)
        self.dinputs = input_gradient(self.inputs, self.kernels, dvalues)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.forward_right
    assert known.right() == BOTH


PARAMETER = """
class Parameter:
    def __init__(self, value):
        self.value, self.grad = value, np.zeros_like(value)
"""


@pytest.mark.parametrize(("sign", "told"), [("+=", True), ("=", False)])
def test_a_parameter_that_adds_up_its_gradient_is_cleared_as_the_model_would(tmp_path, sign, told):
    """As torch does it; said where it does add, and never held against the layer."""
    code = f"""{PARAMETER}
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.weight = Parameter(np.zeros((out_channels, in_channels, kernel_size, kernel_size)))

    def forward(self, x):
        self.x = x
        return correlate(x, self.weight.value)

    def backward(self, g):
        self.weight.grad {sign} weight_gradient(self.x, self.weight.value, g)
        return input_gradient(self.x, self.weight.value, g)
"""
    known = recognised(tmp_path, code)
    session = known.candidate.start(_case())
    first, second = session().items, session().items
    np.testing.assert_array_equal(first[".weight.grad"], second[".weight.grad"])
    assert known.right() == BOTH
    assert ("it adds to .grad, as torch does; clear it between steps" in known.candidate.notes()) is told


def test_an_attribute_of_the_layer_itself_that_adds_up_is_left_to_the_judge(tmp_path):
    """`self.dW += ...` from zeros of the constructor: the second call gives twice the gradient."""
    code = f"""{START}
    def setup(self):
        self.dW = np.zeros_like(self.W)

    def backward(self, g):
        self.dW += self.dw(g)
        return self.dx(g)
"""
    known = recognised(tmp_path, code)
    session = known.candidate.start(_case())
    first, second = session().items[".dW"], session().items[".dW"]
    np.testing.assert_array_equal(second, 2 * first)


@pytest.mark.parametrize(
    "method",
    [
        "fit(self, lr):\n        self.W -= lr * self.grad_of_w()",
        "train_step(self, rate):\n        self.W = self.W - rate * self.grad_of_w()",
        "descend(self, eta, batch_size):\n        self.W -= eta / batch_size * self.grad_of_w()",
        "learn(self, optimizer):\n        self.W = optimizer.update(self.W, self.grad_of_w())",
    ],
)
def test_a_method_that_steps_the_weights_shows_their_gradient(tmp_path, method):
    """The gradient is computed there and nowhere else."""
    code = f"""{START}
    def backward(self, g):
        self.g = g
        return self.dx(g)

    def grad_of_w(self):
        return self.dw(self.g)

    def {method}
"""
    known = recognised(tmp_path, code)
    assert known.chosen.plan["weight"] == "update.W"
    assert known.right() == BOTH


def test_a_weight_whose_gradient_is_nowhere_is_still_the_layers(tmp_path):
    """The judge is told that there is something that was not compared."""
    code = f"""{START}
    def backward(self, g):
        return self.dx(g)
"""
    known = recognised(tmp_path, code)
    assert known.chosen.yields == ("input",)
    assert set(parts(known.candidate)) == BOTH


def test_a_bias_that_the_forward_does_not_use_is_not_held(tmp_path):
    """It is there, and nothing depends on it."""
    code = f"""{START}
    def setup(self):
        self.b = np.zeros(len(self.W))

    def backward(self, g):
        return self.dx(g), self.dw(g)
"""
    known = recognised(tmp_path, code)
    assert known.candidate.forward_right
    assert set(parts(known.candidate)) == BOTH


def test_a_rate_that_is_written_in_the_code_is_found_where_the_gradient_is_wrong(tmp_path):
    """A wrong gradient of integers is whole too, once the rate is undone."""
    code = f"""{START}
    def backward(self, g):
        dx = self.dx(g)
        self.W = self.W - 0.01 * self.dw(g)[:, :, ::-1]
        return dx
"""
    known = recognised(tmp_path, code)
    assert known.candidate.lr == 0.01
    assert known.right() == {"input"}


def test_the_step_of_adam_is_no_gradient(tmp_path):
    """Its first step has the same size everywhere: what is lost cannot be read."""
    code = f"""{START}
    def backward(self, g, lr):
        dx, dw = self.dx(g), self.dw(g)
        self.W = self.W - lr * dw / (np.sqrt(dw**2) + 1e-8)
        return dx
"""
    with pytest.raises(NotRecognisedError) as caught:
        recognised(tmp_path, code)
    assert caught.value.step == "read"
    assert str(caught.value) == (
        "every weight is stepped as far as every other, as by Adam: the gradient cannot be read off its update"
    )


IGNORED = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, {told}=1):
        self.W = np.zeros((out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, x):
        self.x = x
        return correlate(x, self.W)

    def backward(self, g):
        self.dW = weight_gradient(self.x, self.W, g)
        return input_gradient(self.x, self.W, g)
"""


def test_a_forward_that_is_told_a_stride_and_ignores_it_is_wrong(tmp_path):
    """Both shapes are said."""
    known = recognised(tmp_path, IGNORED.format(told="stride"))
    assert known.right() == BOTH
    with pytest.raises(WrongForwardError, match=r"^\(2, 4, 7, 6\) where \(2, 4, 4, 3\) is right$"):
        known.call(ConvSpec(2, 3, 4, 9, 8, (3, 3), stride=(2, 2)))


def test_a_name_that_may_mean_something_else_promises_nothing(tmp_path):
    """`d` may be a dilation or a depth: another shape is a refusal."""
    known = recognised(tmp_path, IGNORED.format(told="d"))
    with pytest.raises(RefusedError, match="its own forward gives"):
        known.call(ConvSpec(2, 3, 4, 9, 8, (3, 3), dilation=(2, 2)))


GROUPED = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size, groups=1):
        self.W, self.groups = np.zeros((out_channels, in_channels // groups, kernel_size, kernel_size)), groups

    def forward(self, x):
        self.x = x
        return np.concatenate([correlate(part, kernels) for part, kernels in self.pairs(x{turned})], axis=1)

    def pairs(self, x):
        return list(zip(np.split(x, self.groups, 1), np.split(self.W, self.groups)))

    def backward(self, g):
        pairs, parts = self.pairs(self.x{again}), np.split(g, self.groups, 1)
        self.dW = np.concatenate([weight_gradient(x, w, part) for (x, w), part in zip(pairs, parts)])
        return np.concatenate([input_gradient(x, w, part) for (x, w), part in zip(pairs, parts)], axis=1)
"""


def test_a_forward_with_other_numbers_is_wrong_unless_the_backward_is_right(tmp_path):
    """Groups in the wrong order: the shape is right. Where only the forward has the fault, the backward is judged."""
    spec = ConvSpec(2, 4, 4, 6, 7, (3, 3), groups=2)
    both = recognised(tmp_path, GROUPED.format(turned="[:, ::-1]" if False else ".copy()", again=""))
    assert both.right(spec) == BOTH
    swapped = ".copy() if self.groups == 1 else np.roll({x}, 2, 1)"
    code = GROUPED.format(turned="", again="").replace("self.pairs(x)", f"self.pairs(x{swapped.format(x='x')})")
    assert recognised(tmp_path, code).right(spec) == BOTH
    code = code.replace("self.pairs(self.x)", f"self.pairs(self.x{swapped.format(x='self.x')})")
    with pytest.raises(WrongForwardError, match=r"^other numbers than a convolution with .* groups 2$"):
        recognised(tmp_path, code).call(spec)


def test_torchs_own_gradients_are_said_to_be_torchs(tmp_path):
    """A Module without anything hand-written is judged, and the reader is told; one with a Function is not so."""
    code = """
import torch

class Mine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, y):
        return y.clone()

    @staticmethod
    def backward(ctx, g):
        return g

class Conv(torch.nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(out_channels, in_channels, kernel_size, kernel_size))

    def forward(self, x):
        return {last}(torch.nn.functional.conv2d(x, self.weight))
"""
    note = "torch computes its gradients; nothing hand-written is in it"
    assert note in recognised(tmp_path, code.replace("{last}", "")).candidate.notes()
    assert note not in recognised(tmp_path, code.replace("{last}", "Mine.apply")).candidate.notes()


def test_one_image_at_a_time_is_read_as_well(tmp_path):
    """(c, h, w), gradients in a dict of its own."""
    code = """
class Conv:
    def __init__(self, in_channels, out_channels, kernel_size):
        self.params = {"W": np.zeros((out_channels, in_channels, kernel_size, kernel_size))}
        self.grads = {}

    def forward(self, image):
        assert image.ndim == 3
        self.image = image[None]
        return correlate(self.image, self.params["W"])[0]

    def backward(self, g):
        self.grads["W"] = weight_gradient(self.image, self.params["W"], g[None])
        return input_gradient(self.image, self.params["W"], g[None])[0]
"""
    assert recognised(tmp_path, code).right(IMAGE) == BOTH


def _case():
    from gradcheck_cli.targets.conventions.probes import integer_case

    return integer_case(PLAIN)


STEPPED_BY_ADAM = """
class Conv:
    def __init__(self, filters, channels, side):
        self.taps = np.random.rand(filters, channels, side, side)
        self.first = 0 * self.taps

    def forward(self, x):
        self.x = x
        return correlate(x, self.taps)

    def backward(self, up):
        down = input_gradient(self.x, self.taps, up)
        step = weight_gradient(self.x, self.taps, up)
        self.{kept} = {value}
        self.first = 0.9 * self.first + 0.1 * step
        self.taps = self.taps - 0.01 * step / (np.abs(step) + 1e-8)
        return down
"""


def test_what_is_kept_beside_adams_step_is_read_in_its_place(tmp_path):
    """The step says the signs alone; `noted` has the same signs and is the same after each call."""
    assert recognised(tmp_path, STEPPED_BY_ADAM.format(kept="noted", value="step")).right() == {"weight", "input"}


def test_a_momentum_is_no_gradient(tmp_path):
    """It has the signs of the step too, and is another thing after the same call once more."""
    with pytest.raises(NotRecognisedError, match="every weight is stepped as far as every other, as by Adam"):
        recognised(tmp_path, STEPPED_BY_ADAM.format(kept="x", value="self.x"))


BY_ITS_UPDATE = """
class Conv:
    def __init__(self, count, side):
        self.filters = np.random.rand(count, side, side)

    def forward(self, images):
        self.images = images[:, None]
        return correlate(self.images, self.filters[:, None].sum(0, keepdims=True))[:, 0]

    def backward(self, grad):
        return input_gradient(self.images, self.filters[:1, None], grad[:, None])[:, 0]

    def update_filters(self, {handed}):
        {made}
        self.filters -= {stepped}
"""
UPDATES = {
    "computes": ("delta, rate", "step = self.slope(delta)", "rate * step", {"weight", "input"}),
    "is wrong": ("delta, rate", "step = 3 * self.slope(delta)", "rate * step", {"input"}),
    "is handed its gradient": ("step, rate", "pass", "rate * step", {"input"}),
}


@pytest.mark.parametrize("way", UPDATES)
def test_an_update_that_computes_the_gradient_is_handed_the_upstream_one(tmp_path, way):
    """The kernel has an axis for its one filter, and the output none. What steps by what it is handed computes none."""
    handed, made, stepped, right = UPDATES[way]
    code = BY_ITS_UPDATE.format(handed=handed, made=made, stepped=stepped)
    code += """
    def slope(self, delta):
        return weight_gradient(self.images, self.filters[:1, None], delta[:, None])[:, 0]
"""
    known = recognised(tmp_path, code)
    spec = ConvSpec(3, 1, 1, 8, 7, (3, 3))
    assert (known.candidate.layout.x, known.candidate.layout.weight) == ("nhw", "ouv")
    assert known.right(spec) == right
