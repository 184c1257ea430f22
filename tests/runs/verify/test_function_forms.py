"""Classes, losses, Functions: every way in which a function stands in a file is made, called and read untold."""

import pytest

from gradcheck_cli.model import Verdict, VerifyOptions
from gradcheck_cli.runs.verify import verify_targets

OBJECTS = """
import numpy as np

class Layer:
    pass

class FullyConnected(Layer):
    def __init__(self, in_dim, out_dim):
        self.W = np.random.normal(size=(in_dim, out_dim))
        self.bias = np.zeros(out_dim)
        self.dW = self.dbias = None

    def forward(self, a):
        self.a = a
        return a @ self.W + self.bias

    def backward(self, g):
        self.dW = self.a.T @ g
        self.dbias = g.sum(axis=0)
        return g @ self.W.T

class Stepping(FullyConnected):
    def backward(self, g, learning_rate):
        back = g @ self.W.T
        self.W = self.W - learning_rate * (self.a.T @ g)
        self.bias = self.bias - learning_rate * g.mean(axis=0)
        return back

class Scale:
    def __init__(self, dim):
        self.params = {"gain": np.ones(dim)}
        self.grads = {}

    def __call__(self, t):
        self.t = t
        return t * self.params["gain"]

    def backward(self, dout):
        self.grads["gain"] = (dout * self.t).sum(0)
        return dout * self.params["gain"] * 2

class CrossEntropy:
    def forward(self, logits, labels):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        self.labels = labels
        return -np.log(self.p[np.arange(len(labels)), labels]).mean()

    def backward(self):
        hot = np.zeros_like(self.p)
        hot[np.arange(len(self.labels)), self.labels] = 1
        return (self.p - hot) / len(hot)

def squared_loss(prediction, target):
    off = prediction - target
    loss = 0.5 * (off ** 2).sum()
    return loss, -off

def looked_up_forward(ids, table):
    return table[ids], (ids, table.shape)

def looked_up_backward(dout, cache):
    ids, shape = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, ids, dout)
    return dtable

def pooled_forward(image, pool_param):
    k = pool_param["size"]
    n, c, h, w = image.shape
    return image.reshape(n, c, h // k, k, w // k, k).max(axis=(3, 5)), (image, k)

def pooled_backward(dout, cache):
    image, k = cache
    n, c, h, w = image.shape
    blocks = image.reshape(n, c, h // k, k, w // k, k)
    hit = blocks == blocks.max(axis=(3, 5), keepdims=True)
    share = hit / hit.sum(axis=(3, 5), keepdims=True)
    return (share * dout[:, :, :, None, :, None]).reshape(image.shape)
"""

OBJECT_NAMES = "FullyConnected Stepping Scale CrossEntropy squared_loss looked_up_backward pooled_backward"
FUNCTIONS = """
import torch

class RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, eps=1e-6):
        r = torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return x * r * weight

    @staticmethod
    def backward(ctx, grad):
        x, weight, r = ctx.saved_tensors
        g = grad * weight
        inner = (g * x).mean(-1, keepdim=True)
        return g * r - x * inner * r**3, (grad * x * r).sum(0), None

class Forgetful(torch.autograd.Function):
    @staticmethod
    def forward(x, weight):
        return x @ weight.t()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return grad @ weight, None

class Standardize(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        centred = x - x.mean(-1, keepdim=True)
        spread = (centred * centred).mean(-1, keepdim=True)
        scale = torch.rsqrt(spread + 1e-6)
        ctx.save_for_backward(scale)
        return centred * scale

    @staticmethod
    def backward(ctx, grad):
        (scale,) = ctx.saved_tensors
        return (grad - grad.mean(-1, keepdim=True)) * scale

class Gain(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = torch.nn.LayerNorm(features)

    def forward(self, x):
        return Doubled.apply(self.norm(x))

class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return -2 * grad
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Target's name -> its report, all from one run."""
    folder = tmp_path_factory.mktemp("forms")
    targets = []
    for name, text, listed in (
        (
            "objects",
            OBJECTS,
            "FullyConnected Stepping Scale CrossEntropy squared_loss looked_up_backward pooled_backward",
        ),
        ("functions", FUNCTIONS, "RMSNorm Forgetful Gain Standardize"),
    ):
        (folder / f"{name}.py").write_text(text)
        targets += [f"{folder / name}.py:{target}" for target in listed.split()]
    return {target.name: target for target in verify_targets(VerifyOptions(tuple(targets), jobs=2)).targets}


def verdicts(report):
    """Gradient -> its verdict."""
    return {name: result.verdict.value for name, result in report.gradients.items()}


def ids(report):
    """What is found, with what it is about."""
    return {(finding.id, finding.gradient) for finding in report.findings}


@pytest.mark.parametrize(
    ("name", "form", "gradients"),
    [
        ("FullyConnected", "class", "a W bias"),
        ("CrossEntropy", "loss-class", "logits"),
        ("looked_up_backward", "pair", "table"),
        ("pooled_backward", "pair", "image"),
        ("RMSNorm", "autograd-function", "x weight"),
    ],
)
def test_a_right_one_passes_in_every_form(reports, name, form, gradients):
    """Each gradient that it owes by the argument's name, or by what the object holds."""
    report = reports[name]
    assert report.verdict is Verdict.PASS
    assert report.convention == form
    assert verdicts(report) == dict.fromkeys(gradients.split(), "pass")


def test_gradients_are_read_off_an_update(reports):
    """However the rate is called, and bit for bit: only the bias is averaged."""
    assert verdicts(reports["Stepping"]) == {"a": "pass", "W": "pass", "bias": "fail"}
    assert ids(reports["Stepping"]) == {("batch-mean", "bias")}


def test_a_factor_is_named(reports):
    """A gradient in a dict stays right beside it."""
    assert verdicts(reports["Scale"]) == {"t": "fail", "gain": "pass"}
    assert reports["Scale"].findings[0].message == "grad_t is 2 times the right one on every sample."


def test_a_loss_that_returns_its_gradient_is_judged_by_the_loss(reports):
    """The target owes none."""
    assert ids(reports["squared_loss"]) == {("sign-flipped", "prediction")}


def test_a_missing_gradient_of_a_function_is_told(reports):
    """None where the forward depends on the argument is a zero for autograd."""
    report = reports["Forgetful"]
    assert ids(report) == {("missing-gradient", "weight")}
    assert report.verdict is Verdict.FAIL


def test_the_parameters_of_a_module_are_inputs_too(reports):
    """By their own names; what is wrong inside is wrong in all that lies before it."""
    report = reports["Gain"]
    assert report.convention == "module"
    assert verdicts(report) == dict.fromkeys(("x", "norm.weight", "norm.bias"), "fail")
    assert {name for name, _ in ids(report)} == {"sign-flipped"}


def test_a_forward_that_equals_a_known_layer_is_said_to_be_it(reports):
    """By its values, not by its name."""
    assert reports["FullyConnected"].layer == "linear"
    assert reports["RMSNorm"].layer == "rms-norm"
